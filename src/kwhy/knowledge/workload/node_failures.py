"""Which pods came to which nodes when, and when nodes became not ready: the derivation over the history of a cluster.

Times come from the objects and events themselves; where events were only printed with ages, from the ages of one
document. Times of different clocks are never compared.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator

import msgspec

from kwhy.model.document import Locator
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.events import MergedEvent
from kwhy.scene.relations import owner_of, pods_of, pods_on
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
    """Failures in the order of time, the first of each node; and when the evidence ends."""

    failures: tuple[Failure, ...]
    end: float | None


def node_history(scene: Scene) -> History:
    """The times at which nodes became not ready."""
    return History(tuple(_first_of_each(_failures(scene))), scene.as_of)


def arrivals_at(scene: Scene, nodes: Collection[str]) -> dict[Subject, tuple[Arrival, ...]]:
    """Pods that came to these nodes, by workload, in the order of time: by events Scheduled and by the pods' own times.

    Workloads with a pod on every node are left out.
    """
    bound = [pod for node in nodes for pod in pods_on(scene, Subject("Node", node))]
    found: dict[Subject, list[Arrival]] = defaultdict(list)
    for arrival in _arrivals(scene, lambda pod, node: node in nodes, bound):
        if arrival.workload.kind not in _EVERYWHERE:
            found[arrival.workload].append(arrival)
    return {workload: _in_order(arrivals) for workload, arrivals in found.items()}


def arrivals_of(scene: Scene, workload: Subject) -> tuple[Arrival, ...]:
    """The pods of a workload that came to any node, in the order of time."""

    def of_workload(pod: Subject, node: str) -> bool:
        same = pod.namespace == workload.namespace and pod.name.startswith(workload.name)
        return same and owner_of(scene, pod) == workload

    return _in_order(_arrivals(scene, of_workload, pods_of(scene, workload)))


def _in_order(arrivals: Iterable[Arrival]) -> tuple[Arrival, ...]:
    return tuple(sorted(arrivals, key=lambda arrival: arrival.at))


def _failures(scene: Scene) -> Iterator[Failure]:
    for about in scene.events.of_kinds("Node"):
        for event in scene.events_about(about):
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


def _arrivals(scene: Scene, wanted: Callable[[Subject, str], bool], bound: Iterable[Subject]) -> Iterator[Arrival]:
    """What events say of pods that are ``wanted``, then what the ``bound`` pods themselves say."""
    seen: set[tuple[Subject, str]] = set()
    for about, message in scene.events.said("Scheduled"):
        match = _ASSIGNED.search(message) if about.kind == "Pod" else None
        if match is None or (about, match["node"]) in seen or not wanted(about, match["node"]):
            continue
        event = next((e for e in scene.events_about(about) if e.reason == "Scheduled" and match[0] in e.message), None)
        when = _first(event) if event is not None else None
        if event is not None and when is not None:
            seen.add((about, match["node"]))
            yield Arrival(owner_of(scene, about), match["node"], when, Evidence(event.at, event.message))
    for pod in bound:
        view = PodView(scene, pod)
        node, scheduled = view.node_name, view.condition("PodScheduled")
        if not node.observed or not node.value or (pod, node.value) in seen:
            continue
        if not scheduled.observed or scheduled.value is None or scheduled.value.status != "True":
            continue
        came = scheduled.value.last_transition_time
        began = view.seen("status.startTime", lambda p: p.status.start_time, "")
        if parse_timestamp(came) is not None:
            yield _came(scene, pod, node.value, str(came), scheduled.place)
        elif began.observed and parse_timestamp(began.value) is not None:
            yield _came(scene, pod, node.value, began.value, began.place)


def _came(scene: Scene, pod: Subject, node: str, when: str, place: Locator) -> Arrival:
    return Arrival(
        owner_of(scene, pod),
        node,
        parse_timestamp(when) or 0.0,
        Evidence(place, f"{pod.name} came to {node} at {when}"),
    )
