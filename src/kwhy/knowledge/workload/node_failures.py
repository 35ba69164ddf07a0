"""Which pods came to which nodes when, and when nodes became not ready: the derivation over the history of a cluster.

Times come from the objects and events themselves; where events were only printed with ages, from the ages of one
document. Times of different clocks are never compared.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from kwhy.model.document import Locator
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.events import MergedEvent
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView, PodView

# 'Successfully assigned shop/web-6f5c6d7f64-2nx8q to node-a'; before v1.13 without the namespace
# (Kubernetes v1.34 pkg/scheduler/schedule_one.go bindingCycle)
_ASSIGNED = re.compile(r"Successfully assigned (?:\S{1,253}/)?\S{1,253} to (?P<node>\S{1,253})")
#: Controllers that put a pod on every node: theirs arrive everywhere and prove nothing.
_EVERYWHERE = ("DaemonSet",)
#: A replacement comes when the former pod is evicted; before that, nothing followed.
FOLLOWS_AFTER = 0.0


class Arrival(msgspec.Struct, frozen=True):
    """A pod of a workload came to a node. ``stays``: it is there still, on a node that is Ready."""

    workload: Subject
    node: str
    at: float
    evidence: Evidence


class Failure(msgspec.Struct, frozen=True):
    """A node became not ready."""

    node: str
    at: float
    evidence: Evidence


class History(msgspec.Struct, frozen=True):
    """Failures in the order of time, the first of each node; arrivals by workload; when the evidence ends."""

    failures: tuple[Failure, ...]
    arrivals: dict[Subject, tuple[Arrival, ...]]
    end: float | None


def node_history(scene: Scene) -> History:
    """Events Scheduled, the pods' nodes and times, and the times at which nodes became not ready."""
    failures = _first_of_each(_failures(scene))
    arrivals: dict[Subject, list[Arrival]] = defaultdict(list)
    for arrival in _arrivals(scene) if len(failures) > 0 else ():
        if arrival.workload.kind not in _EVERYWHERE:
            arrivals[arrival.workload].append(arrival)
    return History(
        tuple(failures),
        {w: tuple(sorted(found, key=lambda a: a.at)) for w, found in arrivals.items()},
        scene.as_of,
    )


def _failures(scene: Scene) -> Iterator[Failure]:
    for about, events in scene.events.items():
        if about.kind == "Node":
            for event in events:
                when = _first(event)
                if event.reason == "NodeNotReady" and when is not None:
                    yield Failure(about.name, when, Evidence(event.at, event.message))
    for node in scene.subjects("Node"):
        ready = NodeView(scene, node).condition("Ready")
        if ready.observed and ready.value is not None and ready.value.status != "True":
            when = parse_timestamp(ready.value.last_transition_time)
            if when is not None:
                says = f"Ready is {ready.value.status} since {ready.value.last_transition_time}"
                yield Failure(node.name, when, Evidence(ready.place, says))


def _first(event: MergedEvent) -> float | None:
    return event.first.latest if event.first.latest is not None else event.last.latest


def _first_of_each(failures: Iterable[Failure]) -> list[Failure]:
    first: dict[str, Failure] = {}
    for failure in failures:
        known = first.get(failure.node)
        if known is None or failure.at < known.at:
            first[failure.node] = failure
    return sorted(first.values(), key=lambda failure: failure.at)


def _arrivals(scene: Scene) -> Iterator[Arrival]:
    seen: set[tuple[Subject, str]] = set()
    for about, events in scene.events.items():
        if about.kind != "Pod":
            continue
        for event in events:
            match = _ASSIGNED.search(event.message) if event.reason == "Scheduled" else None
            when = _first(event)
            if match and when is not None and (about, match["node"]) not in seen:
                seen.add((about, match["node"]))
                yield Arrival(owner_of(scene, about), match["node"], when, Evidence(event.at, event.message))
    for pod in scene.subjects("Pod"):
        view = PodView(scene, pod)
        node, scheduled = view.node_name, view.condition("PodScheduled")
        if not node.observed or not node.value or (pod, node.value) in seen:
            continue
        if not scheduled.observed or scheduled.value is None or scheduled.value.status != "True":
            continue
        bound = scheduled.value.last_transition_time
        began = view.seen("status.startTime", lambda p: p.status.start_time, "")
        if parse_timestamp(bound) is not None:
            yield _came(scene, pod, node.value, str(bound), scheduled.place)
        elif began.observed and parse_timestamp(began.value) is not None:
            yield _came(scene, pod, node.value, began.value, began.place)


def _came(scene: Scene, pod: Subject, node: str, when: str, place: Locator) -> Arrival:
    return Arrival(
        owner_of(scene, pod),
        node,
        parse_timestamp(when) or 0.0,
        Evidence(place, f"{pod.name} came to {node} at {when}"),
    )
