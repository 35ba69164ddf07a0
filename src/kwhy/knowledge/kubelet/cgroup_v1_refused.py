"""The kubelet refuses cgroup v1."""

from __future__ import annotations

from kwhy.facts.log_patterns.kubelet_start import CGROUP_V1_REFUSED
from kwhy.knowledge.kubelet.cannot_start import KUBELET_CANNOT_START
from kwhy.knowledge.kubelet.start import Refusal, refused_by
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Present, Verdict, unsure
from kwhy.probes.node import KUBELET_LOG
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

CGROUP_V1 = Condition(
    code="kubelet.cgroup-v1-refused",
    kind="Node",
    nature=Nature.ROOT,
    title="{subject} uses cgroup v1, with which its kubelet refuses to start",
    summary="From v1.35 on the kubelet refuses cgroup v1 unless it is told otherwise.",
    remedies=(
        Remedy(
            id="cgroup-v2",
            title="Boot the node with cgroup v2",
            when="lasting",
            risk="high",
            steps=(
                Step("See which version is mounted.", "stat -fc %T /sys/fs/cgroup"),
                Step("Boot with systemd.unified_cgroup_hierarchy=1, or a newer distribution."),
            ),
            verify=(
                Step("The kubelet stays up.", "systemctl status kubelet --no-pager"),
                Step("The node is Ready.", "kubectl get node {name} -w"),
            ),
            undo=(Step("Boot with the former kernel command line."),),
        ),
        Remedy(
            id="allow-cgroup-v1",
            title="Let the kubelet run on cgroup v1 for the time being",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Set failCgroupV1: false in the kubelet's configuration and restart it.",
                    "systemctl restart kubelet",
                ),
            ),
            verify=(
                Step("The kubelet stays up.", "systemctl status kubelet --no-pager"),
                Step("The node is Ready.", "kubectl get node {name} -w"),
            ),
            undo=(Step("Remove the setting."),),
        ),
    ),
)


def _said(scene: Scene, node: Subject) -> Refusal | None:
    """The kubelet's log, with the error of its newest start"""
    return refused_by(scene, node, CGROUP_V1_REFUSED)


@rule(CGROUP_V1, rows=("N21",), leads=(leads_to(KUBELET_CANNOT_START, via=ITSELF),))
def cgroup_v1_refused(node: Subject, refusal: Refusal | None = given(_said)) -> Verdict:
    """The kubelet refuses cgroup v1.

    What it means: cgroup v1 is in maintenance mode; failCgroupV1 is the default from v1.35 on.
    How it shows: "kubelet is configured to not run on a host using cgroup v1".
    What looks like it: Other faults of the configuration are named in the same place.
    Source: Kubernetes v1.34 pkg/kubelet/apis/config/validation/validation_linux.go.
    """
    if refusal is None:
        return unsure(f"how the newest start of the kubelet of {node.name} ended", KUBELET_LOG.of(node=node.name))
    return Present((refusal.evidence("the kubelet refuses to start"),), {})
