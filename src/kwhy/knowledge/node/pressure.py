"""What a kubelet keeps free, as its configuration and the node's own figures show it."""

from __future__ import annotations

from decimal import Decimal

from kwhy.facts.kubelet import KubeletConfig
from kwhy.facts.objects import Node
from kwhy.model.document import Locator
from kwhy.model.quantity import in_words, parse_quantity
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
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
