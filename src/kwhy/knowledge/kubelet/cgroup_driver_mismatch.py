"""Kubelet and runtime use different cgroup drivers."""

from __future__ import annotations

from kwhy.facts.log_patterns.kubelet_start import CGROUP_DRIVER_MISMATCH
from kwhy.knowledge.kubelet.cannot_start import KUBELET_CANNOT_START
from kwhy.knowledge.kubelet.start import Refusal, refused_by
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Present, Verdict, unsure
from kwhy.probes.node import KUBELET_LOG
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

DRIVER_MISMATCH = Condition(
    code="kubelet.cgroup-driver-mismatch",
    kind="Node",
    nature=Nature.ROOT,
    title="The kubelet of {subject} uses cgroup driver {kubelet_driver}, its runtime {runtime_driver}",
    summary="Kubelet and container runtime manage control groups in two different ways.",
    remedies=(
        Remedy(
            id="same-driver",
            title="Give both the same driver; where systemd is pid 1, systemd",
            when="now",
            risk="medium",
            steps=(
                Step("See what the kubelet uses.", "grep -i cgroupDriver /var/lib/kubelet/config.yaml"),
                Step("See what the runtime uses.", "docker info --format '{{.CgroupDriver}}'"),
                Step("Set cgroupDriver of the kubelet, or native.cgroupdriver in /etc/docker/daemon.json."),
                Step("Drain the node before restarting the runtime: its containers restart.", "kubectl drain {name}"),
                Step("Restart what was changed.", "systemctl restart kubelet"),
            ),
            verify=(
                Step("The kubelet stays up.", "systemctl status kubelet --no-pager"),
                Step("The node is Ready.", "kubectl get node {name} -w"),
            ),
            undo=(Step("Set the former driver."),),
        ),
    ),
)


def _said(scene: Scene, node: Subject) -> Refusal | None:
    """The kubelet's log, with the error of its newest start"""
    return refused_by(scene, node, CGROUP_DRIVER_MISMATCH)


@rule(DRIVER_MISMATCH, rows=("N21",), leads=(leads_to(KUBELET_CANNOT_START, via=ITSELF),))
def cgroup_driver_mismatch(node: Subject, refusal: Refusal | None = given(_said)) -> Verdict:
    """Kubelet and runtime use different cgroup drivers.

    What it means: The kubelet refuses to start pods in a hierarchy that the runtime does not use.
    How it shows: "kubelet cgroup driver: … is different from docker cgroup driver: …" as the end of the newest start.
    What looks like it: With containerd nothing is compared at the start (before KubeletCgroupDriverFromCRI); sandboxes
    fail instead.
    Source: Kubernetes v1.18 pkg/kubelet/dockershim/docker_service.go (NewDockerService).
    """
    if refusal is None:
        return unsure(f"how the newest start of the kubelet of {node.name} ended", KUBELET_LOG.of(node=node.name))
    return Present(
        (refusal.evidence("the kubelet refuses to start"),),
        {"kubelet_driver": refusal.field("kubelet_driver"), "runtime_driver": refusal.field("runtime_driver")},
    )
