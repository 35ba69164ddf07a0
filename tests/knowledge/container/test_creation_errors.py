"""Containers that cannot be made, in the words of incidents that people reported, on the recorded describe of a pod."""
# ruff: noqa: E501 - real messages are quoted whole

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.knowledge.recorded_pods import changed, configmap_missing, deepest, diagnosed, excluded, roots

from kwhy.knowledge.container.creation_errors import read_refusal
from kwhy.knowledge.container.runs import Statement
from kwhy.model.document import Document

MOUNT = 'MountVolume.SetUp failed for volume "c" : configmap "mailer-config" not found'
WORDS = [
    (
        "rancher/rke2#8312",
        'Error: failed to create containerd container: cannot load seccomp profile "/var/lib/kubelet/seccomp/profiles/unshare.json": open /var/lib/kubelet/seccomp/profiles/unshare.json: no such file or directory',
        "container.profile-missing",
        "/var/lib/kubelet/seccomp/profiles/unshare.json",
    ),
    (
        "kubearmor/KubeArmor#283 (v1.22)",
        'Cannot enforce AppArmor: profile "kubearmor-multiubuntu-ubuntu-1-container" is not loaded',
        "container.profile-missing",
        "kubearmor-multiubuntu-ubuntu-1-container",
    ),
    (
        "portainer/k2d#28",
        'Error response from daemon: failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error mounting "/var/lib/k2d/configmaps/default-influxdb-config-k2dcm-influxdb.conf" to rootfs at "/etc/influxdb/influxdb.conf/influxdb.conf": open o_path procfd: open /var/lib/docker/overlay2/06d1/merged/etc/influxdb/influxdb.conf/influxdb.conf: not a directory: unknown: Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type',
        "container.mount-mismatch",
        "/etc/influxdb/influxdb.conf/influxdb.conf",
    ),
    (
        "rootsongjc/kubernetes-handbook#218 (docker 1.13)",
        r'Error: failed to start container "influxdb": Error response from daemon: oci runtime error: container_linux.go:247: starting container process caused "process_linux.go:364: container init caused \"rootfs_linux.go:54: mounting \\\"/var/lib/kubelet/pods/e76b2d64/volumes/kubernetes.io~configmap/influxdb-config\\\" to rootfs \\\"/var/lib/docker/overlay2/e50b/merged\\\" at \\\"/var/lib/docker/overlay2/e50b/merged/etc/config.toml\\\" caused \\\"not a directory\\\"\"" : Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type',
        "container.mount-mismatch",
        "at /etc/config.toml",
    ),
    (
        "kubevirt/kubernetes-device-plugins#8",
        'Error: failed to start container "nginx": Error response from daemon: linux runtime spec devices: error gathering device information while adding custom device "/tmp/deviceplugin-network-bridge-fakedev": no such file or directory',
        "container.device-missing",
        "/tmp/deviceplugin-network-bridge-fakedev",
    ),
]


def says(message: str, reason: str = "CreateContainerError") -> str:
    return changed(
        configmap_missing(),
        (MOUNT, message),
        ("FailedMount", "Failed     "),
        ("Reason:       ContainerCreating", f"Reason:       {reason}"),
    )


@pytest.mark.parametrize("reason", ["CreateContainerError", "RunContainerError"])
@pytest.mark.parametrize(("message", "code", "named"), [w[1:] for w in WORDS], ids=[w[0] for w in WORDS])
def test_the_runtimes_words_name_the_cause(message: str, code: str, named: str, reason: str) -> None:
    found = roots(diagnosed(says(message, reason)))
    assert list(found) == [code]
    assert named in found[code]


def test_an_error_that_is_not_known_leaves_the_cause_open() -> None:
    # kubernetes#109105
    diagnosis = diagnosed(says("Error: context deadline exceeded"))
    assert not roots(diagnosis)
    assert "container.not-created" in deepest(diagnosis)


def test_one_refusal_rules_the_others_out() -> None:
    assert {"container.mount-mismatch", "container.device-missing"} <= excluded(diagnosed(says(WORDS[0][1])))


@given(st.text(max_size=200), st.sampled_from([w[1] for w in WORDS]), st.integers(0, 500))
def test_any_message_is_read_to_an_end(noise: str, message: str, cut: int) -> None:
    refused = read_refusal(Statement(message[:cut] + noise + message[cut:], Document("x", b"").at(line=1)))
    assert refused is None or refused.said.text
