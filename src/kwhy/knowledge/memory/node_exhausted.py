"""The kernel of a node ran out of memory and killed a process of its choice."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.container.crash_loops import CRASH_LOOPS
from kwhy.knowledge.memory.kills import Kill, all_kills, kills_in, kills_on
from kwhy.model.condition import Condition, Nature
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.node import KERNEL_LOG
from kwhy.scene.events import MergedEvent
from kwhy.scene.recency import seen_within
from kwhy.scene.relations import node_of_pod
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

NODE_EXHAUSTED = Condition(
    code="memory.node-exhausted",
    kind="Node",
    nature=Nature.EFFECT,
    title="The kernel of {subject} had no memory left and killed {victim}",
    summary="Memory ran out faster than the kubelet could evict; the kernel killed what it took for the largest.",
)

# System OOM encountered, victim process: java, pid: 4711 (Kubernetes v1.34 pkg/kubelet/oom/oom_watcher_linux.go)
_VICTIM = expression(r"victim process: (?P<task>[^,]{1,40}), pid: (?P<pid>\d{1,10})")


def system_events(scene: Scene, node: Subject) -> list[MergedEvent]:
    """Events SystemOOM of the node within the last ten minutes"""
    return [e for e in scene.events_about(node) if e.reason == "SystemOOM" and seen_within(scene, e)]


def _candidates(scene: Scene) -> Iterable[Subject]:
    hosts = [scene.host_of(kill.hit.document) for kill in scene.derive_once(all_kills) if kill.limit == "node"]
    reported = [subject for subject in scene.events.with_reason("SystemOOM") if subject.kind == "Node"]
    return [node for node in dict.fromkeys([*hosts, *reported]) if _lately(scene, node)]


def _lately(scene: Scene, node: Subject) -> bool:
    own = scene.derive(kills_on, node)
    return bool(scene.derive(system_events, node)) or any(k.limit == "node" and k.lately for k in own)


def _of_victim(scene: Scene, pod: Subject) -> Iterable[Subject]:
    """The node of a pod of which the kernel killed a process for want of the node's memory."""
    if any(kill.limit == "node" for kill in scene.derive(kills_in, pod)):
        yield from node_of_pod(scene, pod)


VICTIM_ON = Relation("lost a process on", _of_victim)


@rule(NODE_EXHAUSTED, rows=("N14",), leads=(leads_to(CRASH_LOOPS, via=VICTIM_ON),), among=_candidates, symptom=True)
def node_exhausted(
    node: NodeView, kills: list[Kill] = given(kills_on), events: list[MergedEvent] = given(system_events)
) -> Verdict:
    """The node's memory ran out.

    What it means: Pods may use more than they requested; where all do at once, nothing is left. The kernel chooses by
    size and oom_score_adj: pods without requests first, those with requests equal to limits last.
    How it shows: "oom-kill:constraint=CONSTRAINT_NONE … global_oom" in the kernel log; event SystemOOM of the node.
    What looks like it: CONSTRAINT_MEMCG is a container at its own limit, and the node is well. Eviction is done by the
    kubelet, in time. A kill before the last ten minutes of the log is over.
    Source: Linux v6.6 mm/oom_kill.c (out_of_memory, dump_oom_summary); Kubernetes v1.34
    pkg/kubelet/oom/oom_watcher_linux.go.
    """
    own = [kill for kill in kills if kill.limit == "node" and kill.lately]
    if own:
        victim = f"{own[0].task} (process {own[0].pid})"
        since = own[0].hit.first.when
        return Present(tuple(kill.evidence for kill in own[:4]), {"victim": victim}, since=since)
    if events:
        match = _VICTIM.search(events[0].message)
        victim = f"{match['task']} (process {match['pid']})" if match else "a process"
        because = tuple(Evidence(event.at, event.message) for event in events[:2])
        return Present(because, {"victim": victim}, since=by(events[0].first))
    if kills:
        return Absent((kills[0].evidence,))
    return unsure(f"whom the kernel of {node.name} killed", KERNEL_LOG.of(node=node.name))
