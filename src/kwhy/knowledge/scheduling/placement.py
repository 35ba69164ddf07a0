"""Everything known about why one pod has no node, and which obstacles decide."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kwhy.facts.objects import Pod
from kwhy.knowledge.scheduling.alike import alike
from kwhy.knowledge.scheduling.fit import fit, shown_pod
from kwhy.knowledge.scheduling.obstacles import Kind, NodeFit, Obstacle
from kwhy.knowledge.scheduling.stated import Stated, StatedReason, read_message
from kwhy.model.probe import ProbeCall
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.probes.kubectl import DESCRIBE_NAMESPACED, NODES, OBJECT
from kwhy.scene.events import MergedEvent
from kwhy.scene.scene import Scene

#: Kinds that are not recomputed, or whose statement the scheduler makes for the pod as a whole.
_STATED_ONLY = frozenset(
    {
        Kind.CLAIM_UNBOUND,
        Kind.CLAIM_MISSING,
        Kind.VOLUME_PLACE,
        Kind.VOLUME_LIMIT,
        Kind.VOLUME_IN_USE,
        Kind.TOPOLOGY_SPREAD,
        Kind.POD_AFFINITY,
        Kind.NODE_NAME,
        Kind.OTHER,
    }
)
#: Of nodes that are alike so many are looked at one by one: as many as a report quotes.
EXAMPLES = 4


class Placement(msgspec.Struct, frozen=True):
    """``fits`` covers the nodes that were shown, some standing for others that are alike.

    ``complete``: those are all the nodes that the scheduler knows.

    ``decisive`` are the kinds of obstacle of which one, taken away, would let the pod run (or would first have to go).
    """

    pod: Subject
    fits: tuple[NodeFit, ...]
    complete: bool
    stated: Stated | None
    event: MergedEvent | None
    decisive: frozenset[Kind]
    gaps: tuple[ProbeCall, ...]

    @property
    def recomputed(self) -> bool:
        """Whether the decision rests on the objects of all nodes, not only on the scheduler's words."""
        return bool(self.fits) and self.complete

    def nodes_with(self, kind: Kind) -> list[Subject]:
        """The nodes that this kind of obstacle decides for: it is all that keeps the pod off them."""
        considered = for_ordinary_pods(self.fits)
        found = [f for f in considered if f.kinds == {kind}] or [f for f in considered if kind in f.kinds]
        return [node for f in found for node in (f.node, *f.alike)]

    def obstacles(self, kind: Kind) -> list[tuple[Subject, Obstacle]]:
        return [(f.node, o) for f in for_ordinary_pods(self.fits) for o in f.obstacles if o.kind is kind]

    def said(self, kind: Kind) -> list[StatedReason]:
        return [r for r in self.stated.reasons if r.kind is kind] if self.stated else []

    def evidence(self, kind: Kind, limit: int = 4) -> tuple[Evidence, ...]:
        """Proof lines for one kind: the scheduler's statement, then the recomputed obstacles."""
        found = [
            Evidence(obstacle.at, f"{node.name} {obstacle.says}")
            for node, obstacle in self.obstacles(kind)
            if obstacle.at is not None
        ]
        if self.event is not None and self.said(kind):
            said = ", ".join(f"{reason.count} {reason.text}" for reason in self.said(kind))
            found.insert(0, Evidence(self.event.at, f"the scheduler says: {said}"))
        return tuple(found[:limit])


def for_ordinary_pods(fits: tuple[NodeFit, ...]) -> list[NodeFit]:
    """Nodes that keep ordinary pods away by design count only where there are no others."""
    return [f for f in fits if not any(o.by_design for o in f.obstacles)] or list(fits)


def placement(scene: Scene, pod: Subject) -> Placement:
    """FailedScheduling events, the pod's requests and constraints, and every node's labels, taints and room"""
    event = newest_refusal(scene, pod)
    stated = read_message(event.message) if event is not None else None
    shown = shown_pod(scene, pod)
    nodes = scene.subjects("Node")
    fits = _fits(scene, *shown) if shown is not None else ()
    listed = scene.listing("Node", None) is not None
    complete = bool(fits) and (listed or (stated is not None and stated.nodes == len(nodes)))
    decisive = _decisive(fits, complete, stated)
    heard = event is not None or scene.listing("Event", pod.namespace) is not None
    return Placement(pod, fits, complete, stated, event, decisive, _gaps(pod, shown is not None, complete, heard))


def _fits(scene: Scene, pod: Pod, whole: bool) -> tuple[NodeFit, ...]:
    """The obstacles on every node, worked out for a few of those that are alike."""
    found = []
    for nodes in alike(scene, pod):
        shown = [fit(scene, pod, whole, node) for node in nodes[:EXAMPLES]]
        found += [msgspec.structs.replace(shown[0], alike=tuple(nodes[EXAMPLES:])), *shown[1:]]
    return tuple(found)


def newest_refusal(scene: Scene, pod: Subject) -> MergedEvent | None:
    """The newest FailedScheduling event of the pod."""
    return next((event for event in scene.events_about(pod) if event.reason == "FailedScheduling"), None)


def _gaps(pod: Subject, shown: bool, complete: bool, heard: bool) -> tuple[ProbeCall, ...]:
    calls = []
    if not heard:
        calls.append(DESCRIBE_NAMESPACED.of(kind="pod", name=pod.name, namespace=pod.namespace))
    if not shown:
        calls.append(OBJECT.of(kind="pod", name=pod.name, namespace=pod.namespace))
    if not complete:
        calls.append(NODES.of())
    return tuple(calls)


def _decisive(fits: tuple[NodeFit, ...], complete: bool, stated: Stated | None) -> frozenset[Kind]:
    for_the_pod = stated.kinds & _STATED_ONLY if stated is not None else frozenset[Kind]()
    if complete:
        computed = _decisive_computed(fits)
        if computed:
            return computed
        # A partial view (a describe prints no affinity rules) may hide the obstacle: then the scheduler's words count.
        # Nodes that are known to take the pod refute an older statement about them.
        if stated is None or not any(f.unknown and not f.obstacles for f in for_ordinary_pods(fits)):
            return for_the_pod
        # Cordons and taints are shown by the nodes themselves, and none of them decided.
        return (decisive_by_words(stated) - {Kind.CORDONED, Kind.CONDITION_TAINT}) or for_the_pod
    if stated is not None:
        return decisive_by_words(stated) or for_the_pod
    return frozenset()


def _decisive_computed(fits: tuple[NodeFit, ...]) -> frozenset[Kind]:
    """Which kinds decide, from every node's obstacles."""
    considered = for_ordinary_pods(fits)
    if not considered or any(not f.obstacles for f in considered):
        return frozenset()
    matching = [f for f in considered if Kind.SELECTOR not in f.kinds]
    if not matching:
        return frozenset({Kind.SELECTOR})
    large_enough = [f for f in matching if not any(o.beyond for o in f.obstacles)]
    if not large_enough:
        return frozenset({Kind.RESOURCES})
    single = {next(iter(f.kinds)) for f in large_enough if len(f.kinds) == 1}
    state = single & {Kind.CORDONED, Kind.CONDITION_TAINT}
    if state:
        return frozenset(state)
    if Kind.TAINT in single and len(single) > 1:
        # A taint keeps its node for others on purpose where untainted nodes exist that lack something else.
        single.discard(Kind.TAINT)
    if single:
        return frozenset(single)
    fewest = min(len(f.kinds) for f in large_enough)
    return frozenset(kind for f in large_enough if len(f.kinds) == fewest for kind in f.kinds)


def decisive_by_words(stated: Stated) -> frozenset[Kind]:
    """Which kinds decide, from counts alone.

    Since 1.19 a node is counted under the first plugin that refuses it (cordon, taints, then selector, ports,
    resources), so a node counted under resources passed all others. Before, selector, ports and resources were
    counted beside each other: then only a selector that refuses every node decides.
    """
    if any(r.kind is Kind.SELECTOR and r.count == stated.nodes for r in stated.reasons):
        return frozenset({Kind.SELECTOR})
    reasons = [r for r in stated.reasons if not r.by_design] or list(stated.reasons)
    kinds = frozenset(r.kind for r in reasons)
    if len(kinds) > 1 and _counted_twice(stated):
        return kinds & (_STATED_ONLY | {Kind.CORDONED, Kind.CONDITION_TAINT})
    last_in_order = kinds & {Kind.RESOURCES, Kind.PORTS, Kind.POD_ANTI_AFFINITY, Kind.TOPOLOGY_SPREAD}
    state = kinds & {Kind.CORDONED, Kind.CONDITION_TAINT}
    if last_in_order:
        return last_in_order | state
    return kinds if len(kinds) == 1 else kinds & (_STATED_ONLY | state)


def _counted_twice(stated: Stated) -> bool:
    """Whether nodes may be counted under several kinds: the counts exceed the nodes, or their number is not told."""
    if stated.nodes is None:
        return True
    largest: dict[Kind, int] = {}
    for reason in stated.reasons:
        largest[reason.kind] = max(largest.get(reason.kind, 0), reason.count)
    return sum(largest.values()) > stated.nodes


def _closed_by_state(scene: Scene, pod: Subject) -> Sequence[Subject]:
    """Nodes that a condition closes to the pod; where specs are missing, every node seen with such a taint or state."""
    where = scene.derive(placement, pod)
    if Kind.CONDITION_TAINT not in where.decisive:
        return []
    return where.nodes_with(Kind.CONDITION_TAINT) or scene.subjects("Node")


CLOSED_BY_STATE = Relation("is kept off", _closed_by_state)
