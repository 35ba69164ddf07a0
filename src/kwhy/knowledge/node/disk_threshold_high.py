"""A kubelet evicts though half of the disk is free: its threshold is set for something else."""

from __future__ import annotations

from decimal import Decimal

from kwhy.facts.objects import Node
from kwhy.knowledge.node.disk_pressure import DISK_PRESSURE, SIGNALS
from kwhy.knowledge.node.pressure import hard_thresholds, withheld
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.document import Locator
from kwhy.model.quantity import parse_quantity
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import NODES
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

DISK_THRESHOLD_HIGH = Condition(
    code="node.disk-threshold-high",
    kind="Node",
    nature=Nature.ROOT,
    title="The kubelet of {subject} evicts while half of its disk is free ({threshold})",
    summary="A hard eviction threshold asks for more free space, or more free inodes, than an ordinary node has.",
    remedies=(
        Remedy(
            id="lower-the-threshold",
            title="Set the threshold to what the node needs",
            when="now",
            risk="medium",
            steps=(
                Step(
                    "Compare evictionHard with the defaults: nodefs.available<10%, imagefs.available<15%, "
                    "nodefs.inodesFree<5%, imagefs.inodesFree<5%.",
                    "kubectl get --raw /api/v1/nodes/{name}/proxy/configz",
                ),
                Step("Change it in the kubelet's configuration and restart the kubelet.", "systemctl restart kubelet"),
            ),
            verify=(
                Step(
                    "DiskPressure turns False after evictionPressureTransitionPeriod (5 minutes by default).",
                    "kubectl describe node {name}",
                ),
            ),
            undo=(Step("Set the former threshold and restart the kubelet."),),
        ),
        Remedy(
            id="free-what-is-asked-for",
            title="If the threshold is meant: give the node a disk that fits it",
            when="lasting",
            risk="low",
            steps=(
                Step("See what lies on the disk, of bytes and of inodes.", "df -h /var/lib/kubelet; df -i /var/lib"),
                Step("Remove images that no container uses.", "crictl rmi --prune"),
            ),
            verify=(Step("No new event EvictionThresholdMet.", "kubectl events --for node/{name}"),),
            undo=(Step("Removed images are pulled again when a pod needs them."),),
        ),
    ),
)  # fmt: skip

#: A kubelet that wants more of a file system free than this is configured for something else than running pods.
UNUSUAL_SHARE = Decimal("0.5")


def high_thresholds(scene: Scene, node: Subject) -> list[tuple[str, Locator]]:
    """Thresholds in the kubelet's configuration that ask for more than half of a file system"""
    capacity = _capacity(scene, node)
    found = []
    for at, texts in hard_thresholds(scene, node, SIGNALS).items():
        for text in texts:
            share = _share(text.partition("=")[2], capacity if ".available" in text else None)
            if share is not None and share > UNUSUAL_SHARE:
                found.append((text, at))
    return found


def _share(written: str, capacity: Decimal | None) -> Decimal | None:
    if written.endswith("%"):
        percent = parse_quantity(written.removesuffix("%"))
        return percent / 100 if percent is not None else None
    amount = parse_quantity(written)
    return amount / capacity if amount is not None and capacity else None


def _capacity(scene: Scene, node: Subject) -> Decimal | None:
    for observation in scene.observations(node):
        capacity = observation.object.status.capacity if isinstance(observation.object, Node) else None
        if isinstance(capacity, dict) and "ephemeral-storage" in capacity:
            return parse_quantity(capacity["ephemeral-storage"])
    return None


@rule(DISK_THRESHOLD_HIGH, rows=("N12",), leads=(leads_to(DISK_PRESSURE, via=ITSELF),))
def disk_threshold_high(node: NodeView, high: list[tuple[str, Locator]] = given(high_thresholds)) -> Verdict:
    """The threshold is set too high.

    What it means: The kubelet reclaims and evicts until more than half of a file system is free; nothing need fill it.
    How it shows: evictionHard in the kubelet's configuration; or more than half of the node's ephemeral-storage is
    missing from its allocatable, which thresholds and reservations take.
    What looks like it: A disk that really fills up, below a threshold of 10 or 15 %. A large reservation of
    ephemeral-storage for the system.
    Source: Kubernetes v1.34 pkg/kubelet/eviction/defaults_linux.go, pkg/kubelet/cm/node_container_manager_linux.go
    (hardEvictionReservation).
    """
    if high:
        because = tuple(Evidence(at, f"the kubelet evicts below {text}") for text, at in high)
        return Present(because, {"threshold": ", ".join(text for text, _ in high)})
    kept = withheld(node, "ephemeral-storage")
    configured = hard_thresholds(node.scene, node.subject, SIGNALS)
    if kept is not None and kept[0] > UNUSUAL_SHARE and not configured:
        threshold = f"{kept[0]:.0%} of it is withheld from pods"
        return Present((kept[1],), {"threshold": threshold}, basis=Basis.RECOMPUTED)
    if configured:
        return Absent(tuple(Evidence(at, f"the thresholds are {', '.join(t)}") for at, t in configured.items()))
    if kept is not None:
        return Absent((kept[1],))
    return unsure(f"the eviction thresholds of {node.name}", NODES.of())
