"""Probes of pods of several controllers time out on one node."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from kwhy.knowledge.container.runs import statement_of
from kwhy.knowledge.probe.failures import Failing, read_failure
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE
from kwhy.scene.events import MergedEvent
from kwhy.scene.recency import seen_within
from kwhy.scene.relations import node_of_pod, owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

PROBES_TIME_OUT = Condition(
    code="node.probes-time-out",
    kind="Node",
    nature=Nature.EFFECT,
    title="Probes of pods of {owners} controllers time out on {subject}",
    summary="Pods of different owners answer their probes too late at the same time: what they share is the node.",
)

#: So many controllers are not slow on the same node by chance.
MANY_OWNERS = 3
#: Pods of the same controllers elsewhere whose probes time out too, as a part of those here: more, and it is them.
ELSEWHERE = 0.3


class Late(msgspec.Struct, frozen=True):
    """A pod whose probe timed out not long ago."""

    pod: Subject
    owner: Subject
    event: MergedEvent


def late_by_node(scene: Scene) -> dict[Subject, list[Late]]:
    """The pods whose probes timed out within the last ten minutes, by node."""
    index: dict[Subject, list[Late]] = defaultdict(list)
    for pod in scene.events.with_reason("Unhealthy"):
        gone = scene.listing("Pod", pod.namespace) is not None and not scene.exists(pod)
        if pod.kind != "Pod" or gone:
            continue
        for event in scene.events_about(pod):
            failure = read_failure(statement_of(event)) if event.reason == "Unhealthy" else None
            if failure is not None and failure.failing is Failing.TIMEOUT and seen_within(scene, event):
                for node in node_of_pod(scene, pod) or _reporter(event):
                    index[node].append(Late(pod, owner_of(scene, pod), event))
                break
    return index


def _reporter(event: MergedEvent) -> list[Subject]:
    return [Subject("Node", event.host)] if event.host else []


def late_on(scene: Scene, node: Subject) -> list[Late]:
    """The pods of the node whose probes timed out within the last ten minutes"""
    return scene.derive_once(late_by_node).get(node, [])


def _candidates(scene: Scene) -> Iterable[Subject]:
    return [
        node
        for node, late in scene.derive_once(late_by_node).items()
        if len({each.owner for each in late}) >= MANY_OWNERS
    ]


@rule(PROBES_TIME_OUT, rows=("N17",), among=_candidates, symptom=True)
def probes_time_out(node: NodeView, late: list[Late] = given(late_on)) -> Verdict:
    """Many probes time out on one node.

    What it means: A readiness probe that fails takes its pod out of its Services and restarts nothing; a liveness probe
    restarts the container. Neither is right about a program that only waits for a processor.
    How it shows: Events Unhealthy of three or more controllers' pods on the node within ten minutes, each "context
    deadline exceeded" or a timeout, and not on other nodes.
    What looks like it: One program that hangs fails on all nodes. A dependency that is slow for all of them, asked in
    their probes. Refused connections and error statuses come from the programs.
    Source: Kubernetes v1.34 pkg/kubelet/prober/prober.go; the sum is an inference from co-occurrence.
    """
    owners = list(dict.fromkeys(each.owner for each in late))
    if not late:
        return unsure(f"the events of pods on {node.name}", DESCRIBE.of(kind="node", name=node.name))
    if len(owners) < MANY_OWNERS:
        return Absent((Evidence(late[0].event.at, f"probes of {len(owners)} controllers time out here"),))
    elsewhere = {
        each.owner
        for other, others in node.scene.derive_once(late_by_node).items()
        if other != node.subject
        for each in others
    }
    shared = [owner for owner in owners if owner in elsewhere]
    if len(shared) > ELSEWHERE * len(owners):
        says = f"probes of {len(shared)} of these controllers time out on other nodes too"
        return Absent((Evidence(late[0].event.at, says),))
    first = {each.owner: each for each in reversed(late)}
    because = tuple(Evidence(each.event.at, f"{each.pod}: {each.event.message}") for each in first.values())
    began = [each.event.first.latest for each in late if each.event.first.latest is not None]
    return Present(
        because,
        {"owners": len(owners)},
        since=Moment(None, min(began)) if began else UNKNOWN_MOMENT,
        basis=Basis.INFERRED,
        affected=tuple(each.pod for each in late),
    )
