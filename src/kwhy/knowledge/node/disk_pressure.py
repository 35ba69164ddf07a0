"""A node has less free disk than the threshold at which its kubelet evicts."""

from __future__ import annotations

from decimal import Decimal

from kwhy.knowledge.node.pressure import hard_thresholds, judge_pressure, withheld
from kwhy.knowledge.node.reclaim_fails import RECLAIM_FAILS, failures_of
from kwhy.knowledge.node.reports_problem import REPORTS_PROBLEM
from kwhy.model.condition import Condition, Nature
from kwhy.model.document import Locator
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Verdict
from kwhy.scene.events import MergedEvent
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

DISK_PRESSURE = Condition(
    code="node.disk-pressure",
    kind="Node",
    nature=Nature.EFFECT,
    title="{subject} has less free disk than its kubelet wants{threshold}",
    summary="A file system of the node is below a hard eviction threshold: the kubelet evicts pods and admits none.",
)

#: The kubelet's own (Kubernetes v1.34 pkg/kubelet/eviction/defaults_linux.go, DefaultEvictionHard).
DEFAULT_NODEFS = Decimal("0.10")
#: Signals of file systems (Kubernetes v1.34 pkg/kubelet/eviction/api/types.go).
SIGNALS = ("nodefs.", "imagefs.", "containerfs.")


def _configured(scene: Scene, node: Subject) -> dict[Locator, list[str]]:
    """Hard eviction thresholds for file systems in the kubelet's configuration"""
    return hard_thresholds(scene, node, SIGNALS)


@rule(
    DISK_PRESSURE,
    rows=("N12",),
    leads=(leads_to(REPORTS_PROBLEM, via=ITSELF), leads_to(RECLAIM_FAILS, via=ITSELF)),
)
def disk_pressure(
    node: NodeView,
    configured: dict[Locator, list[str]] = given(_configured),
    failures: list[MergedEvent] = given(failures_of),
) -> Verdict:
    """The node has too little free disk.

    What it means: A signal (nodefs, imagefs or containerfs; bytes or inodes) is below its hard eviction threshold. The
    kubelet removes dead containers and unused images, then evicts pods, and refuses new ones; the node gets the taint
    node.kubernetes.io/disk-pressure. What fills the disk is a rule of its own, as is a threshold set too high.
    How it shows: The kubelet's own condition DiskPressure is True. The threshold stands in its configuration; that of
    nodefs is also the part of the capacity that is missing from the allocatable ephemeral-storage, with what is
    reserved.
    What looks like it: DiskPressure with status Unknown comes from a silent kubelet. "failed to get image stats" says
    that the runtime did not answer. The condition stays True for evictionPressureTransitionPeriod after the shortage.
    A threshold far above the default makes a half-empty disk "full": that is another condition.
    Source: Kubernetes v1.34 pkg/kubelet/eviction/eviction_manager.go (synchronize), defaults_linux.go,
    pkg/kubelet/nodestatus/setters.go (DiskPressureCondition), pkg/kubelet/cm/node_container_manager_linux.go
    (hardEvictionReservation).
    """
    return judge_pressure(
        node, "DiskPressure", configured, failures, withheld(node, "ephemeral-storage"), DEFAULT_NODEFS
    )
