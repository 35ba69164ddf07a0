"""A node has less free disk than the threshold at which its kubelet evicts."""

from __future__ import annotations

from decimal import Decimal

from kwhy.knowledge.node.pressure import hard_thresholds, judge_pressure, withheld
from kwhy.knowledge.node.reclaim_fails import RECLAIM_FAILS, failures_of
from kwhy.knowledge.node.reports_problem import REPORTS_PROBLEM
from kwhy.model.condition import Condition, Nature, Remedy, Step
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
    nature=Nature.ROOT,
    title="{subject} has less free disk than its kubelet wants{threshold}",
    summary="A file system of the node is below a hard eviction threshold: the kubelet evicts pods and admits none.",
    remedies=(
        Remedy(
            id="free-the-disk",
            title="Free space on the node's file systems",
            when="now",
            risk="medium",
            steps=(
                Step(
                    "See which file system is short, of bytes or of inodes; the kubelet watches nodefs "
                    "(/var/lib/kubelet) and imagefs (the runtime's images and container layers).",
                    "df -h / /var /var/lib/kubelet /var/lib/containerd; df -i / /var /var/lib/kubelet",
                ),
                Step(
                    "See who fills it. The kubelet itself removes only unused images and dead containers.",
                    "du -xh --max-depth=3 /var/lib/kubelet /var/lib/containerd /var/log | sort -h | tail -30",
                ),
                Step(
                    "Remove what nobody needs: images that no container uses first, then old logs. Files that are "
                    "deleted but still open free nothing until their process ends (lsof +L1).",
                    "crictl rmi --prune",
                ),
            ),
            verify=(
                Step(
                    "DiskPressure turns False after evictionPressureTransitionPeriod (5 minutes by default).",
                    "kubectl get node {name} -o jsonpath='{{.status.conditions}}'",
                ),
                Step("The taint is gone and pods start.", "kubectl describe node {name}"),
            ),
            undo=(Step("Removed images are pulled again when a pod needs them; deleted files are gone."),),
        ),
        Remedy(
            id="bound-the-writers",
            title="Bound what pods may write, or give the node more disk",
            when="lasting",
            risk="low",
            steps=(
                Step("Set limits of ephemeral-storage and sizeLimit of emptyDir volumes for the pods that write much."),
                Step(
                    "Compare evictionHard with the size of the disk: the defaults are nodefs.available<10 %, "
                    "imagefs.available<15 % and 5 % of the inodes.",
                    "kubectl get --raw /api/v1/nodes/{name}/proxy/configz",
                ),
            ),
            verify=(Step("No new event EvictionThresholdMet.", "kubectl events --for node/{name}"),),
            undo=(Step("Remove the limits, or set the former thresholds."),),
        ),
    ),
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
    node.kubernetes.io/disk-pressure. What fills the disk is found on the node.
    How it shows: The kubelet's own condition DiskPressure is True. The threshold stands in its configuration; that of
    nodefs is also the part of the capacity that is missing from the allocatable ephemeral-storage, with what is
    reserved.
    What looks like it: DiskPressure with status Unknown comes from a silent kubelet. "failed to get image stats" says
    that the runtime did not answer. The condition stays True for evictionPressureTransitionPeriod after the shortage.
    A threshold far above the default makes a half-empty disk "full".
    Source: Kubernetes v1.34 pkg/kubelet/eviction/eviction_manager.go (synchronize), defaults_linux.go,
    pkg/kubelet/nodestatus/setters.go (DiskPressureCondition), pkg/kubelet/cm/node_container_manager_linux.go
    (hardEvictionReservation).
    """
    return judge_pressure(
        node, "DiskPressure", configured, failures, withheld(node, "ephemeral-storage"), DEFAULT_NODEFS
    )
