"""What a kubelet keeps free, as its configuration and the node's own figures show it."""

from __future__ import annotations

from decimal import Decimal

from kwhy.facts.kubelet import KubeletConfig
from kwhy.facts.objects import Node
from kwhy.model.document import Locator
from kwhy.model.quantity import in_words, parse_quantity
from kwhy.model.subject import Subject
from kwhy.model.time import Moment
from kwhy.model.verdict import Absent, Evidence, Present, Verdict
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.events import MergedEvent
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView


def hard_thresholds(scene: Scene, node: Subject, signals: tuple[str, ...]) -> dict[Locator, list[str]]:
    """Hard eviction thresholds for signals that begin so, in the kubelet's configuration: "nodefs.available=10%"."""
    found: dict[Locator, list[str]] = {}
    for config in scene.facts_on(node, KubeletConfig):
        for signal, (value, at) in (config.eviction_hard or {}).items():
            if signal.startswith(signals):
                found.setdefault(at, []).append(f"{signal}={value}")
    return found


def withheld(node: NodeView, resource: str) -> tuple[Decimal, Evidence] | None:
    """The share of a resource that thresholds and reservations keep from pods, from the node's status.

    Allocatable = capacity - system-reserved - kube-reserved - hard eviction threshold (Kubernetes v1.34
    pkg/kubelet/cm/node_container_manager_linux.go, GetNodeAllocatableReservation).
    """
    for observation in node.observations:
        struct = observation.object
        if not isinstance(struct, Node):
            continue
        capacity, allocatable = struct.status.capacity, struct.status.allocatable
        if not isinstance(capacity, dict) or not isinstance(allocatable, dict):
            continue
        whole = parse_quantity(capacity.get(resource, ""))
        usable = parse_quantity(allocatable.get(resource, ""))
        if whole and usable is not None and usable < whole:
            kept = in_words(resource, whole - usable)
            says = f"{kept} of {in_words(resource, whole)} are kept from pods: thresholds and reservations"
            return (whole - usable) / whole, Evidence(
                observation.field_at(f"status.allocatable.{resource}", says), says
            )
    return None


def judge_pressure(
    node: NodeView,
    kind: str,
    configured: dict[Locator, list[str]],
    failures: list[MergedEvent],
    kept: tuple[Decimal, Evidence] | None,
    usual: Decimal,
) -> Verdict:
    """By the kubelet's own condition ``kind``, with the threshold that it is below.

    ``kept`` stands in for a configuration that was not shown, where it is more than ``usual``.
    """
    shown = node.condition(kind)
    condition = shown.value
    if condition is None or condition.status != "True":
        status = condition.status if condition is not None else "not set"
        return Absent((Evidence(shown.place, f"{kind} is {status}"),))
    because = [Evidence(shown.place, f"{kind} is True: {condition.message or 'no message'}")]
    because += [Evidence(at, f"the kubelet evicts below {', '.join(texts)}") for at, texts in configured.items()]
    because += [Evidence(e.at, f"{e.reason}: {e.message}") for e in failures[:2]]
    words = [text for texts in configured.values() for text in texts if ".available" in text]
    if kept is not None and not words and kept[0] > usual:
        share, evidence = kept
        because.append(evidence)
        words = [f"{share:.0%} of it is withheld from pods"]
    began = parse_timestamp(condition.last_transition_time)
    return Present(tuple(because), {"threshold": f" ({', '.join(words)})" if words else ""}, since=Moment(began, began))
