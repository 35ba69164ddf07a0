# ruff: noqa: E501 - lines as the programs print them
"""Sandboxes that fail at once, by what the network plugin says. Events as published in the issues named beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kwhy.model.diagnosis import Diagnosis
from kwhy.pipeline import diagnose

POD = """\
Name:             web-6f5c6d7f64-ffcrx
Namespace:        shop
Node:             {node}/10.0.0.7
Labels:           app=web
Status:           Pending
IP:
Containers:
  app:
    State:          Waiting
      Reason:       ContainerCreating
    Ready:          False
    Restart Count:  0
Conditions:
  Type              Status
  Initialized       True
  Ready             False
  ContainersReady   False
  PodScheduled      True
Events:
  Type     Reason                  Age                 From               Message
  ----     ------                  ----                ----               -------
  Normal   Scheduled               15m                 default-scheduler  Successfully assigned shop/web-6f5c6d7f64-ffcrx to {node}
  Warning  FailedCreatePodSandBox  11s (x9 over 14m)   kubelet            {message}
"""
ROOTS = {
    # canonical/microk8s#1147
    "cni.addresses-exhausted": 'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "9a1b3fd9596e428093232c054a1ac7fac47a57c87f5c46dd80dde72e5bbea132": failed to allocate for range 0: no IP addresses available in range set: 10.1.56.1-10.1.56.254',
    # cilium/cilium#10627
    "cni.addresses-exhausted (cilium)": 'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to set up sandbox container "3948297ee605c722e867e3cda372cd2708c16f40e2cb0c036ac543890fee98e6" network for pod "pod-to-a": networkPlugin cni failed to set up pod "pod-to-a_default" network: unable to allocate IP via local cilium agent: [POST /ipam][502] postIpamFailure  range is full',
    # recorded: containerd 1.6.20 with the bridge plugin
    "cni.bridge-address-differs": 'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "a3361535d08b38b5ffd2d70afc34378073cb4eb6f93e38c69dbe8bacdcdb3bd1": plugin type="bridge" failed (add): failed to set bridge addr: "cni0" already has an IP address different from 10.244.0.1/24',
    "cni.plugin-missing": 'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "49a35497f41de3853461e5bb547be8a6dced1c13548352b1aa4c9df4aa1180b0": plugin type="bridge" failed (add): failed to find plugin "bridge" in path [/opt/cni/bin]',
}
EFFECTS = {
    # aws/karpenter-provider-aws#3989: several causes print this
    "runtime.sandbox-fails-at-once": 'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "2585244756197a04982514cc97947f5b7f702492df9776871fa3d7d3b3cba718": plugin type="aws-cni" name="aws-cni" failed (add): add cmd: failed to assign an IP address to container',
    # projectcalico/calico#3847
    "cni.agent-not-running": 'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to set up sandbox container "65a5abf63b88fe18cdf1da56bf0bb64cb15920f280461c56cae73f4042b87c29" network for pod "coredns-66bff467f8-7qkhm": networkPlugin cni failed to set up pod "coredns-66bff467f8-7qkhm_kube-system" network: stat /var/lib/calico/nodename: no such file or directory: check that the calico/node container is running and has mounted /var/lib/calico/',
}


def _diagnosed(folder: Path, message: str) -> Diagnosis:
    (folder / "pod.txt").write_text(POD.format(node="worker-3", message=message))
    return diagnose([str(folder)])


@pytest.mark.parametrize(("condition", "message"), ROOTS.items(), ids=ROOTS)
def test_the_plugins_words_name_the_root_on_the_node(tmp_path: Path, condition: str, message: str) -> None:
    first = _diagnosed(tmp_path, message).root_causes[0]
    assert (first.role, first.finding.condition.code) == ("root-cause", condition.partition(" ")[0])
    assert (first.finding.subject.kind, first.finding.subject.name) == ("Node", "worker-3")


@pytest.mark.parametrize(("condition", "message"), EFFECTS.items(), ids=EFFECTS)
def test_words_with_several_causes_are_no_root(tmp_path: Path, condition: str, message: str) -> None:
    diagnosis = _diagnosed(tmp_path, message)
    assert [(c.role, c.finding.condition.code) for c in diagnosis.root_causes] == [("deepest-known", condition)]


def test_a_name_reserved_for_a_sandbox_that_failed_is_what_that_one_left(tmp_path: Path) -> None:
    sandbox = "a3361535d08b38b5ffd2d70afc34378073cb4eb6f93e38c69dbe8bacdcdb3bd1"
    later = f'  Warning  FailedCreatePodSandBox  3s                  kubelet            Failed to create pod sandbox: rpc error: code = Unknown desc = failed to reserve sandbox name "web-6f5c6d7f64-ffcrx_shop_0e3b0f7a_1": name "web-6f5c6d7f64-ffcrx_shop_0e3b0f7a_1" is reserved for "{sandbox}"\n'
    text = POD.format(node="worker-3", message=ROOTS["cni.bridge-address-differs"]) + later
    (tmp_path / "pod.txt").write_text(text)
    assert diagnose([str(tmp_path)]).root_causes[0].finding.condition.code == "cni.bridge-address-differs"
    (tmp_path / "pod.txt").write_text(POD.format(node="worker-3", message=later.partition("kubelet")[2].strip()))
    assert diagnose([str(tmp_path)]).root_causes[0].finding.condition.code != "cni.bridge-address-differs"
