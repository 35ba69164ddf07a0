"""A pod without a memory limit uses most of its node's memory."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from kwhy.facts.objects import Node, Pod, ResourceRequirements
from kwhy.facts.usage import MemoryStats
from kwhy.knowledge.eviction.evicted import evictions_of
from kwhy.knowledge.eviction.shortage import read_shortage
from kwhy.knowledge.memory.kills import kills_in
from kwhy.knowledge.memory.node_exhausted import NODE_EXHAUSTED
from kwhy.knowledge.node.memory_pressure import MEMORY_PRESSURE
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.probe import Probe
from kwhy.model.quantity import in_words, parse_quantity
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import node_of_pod, pods_on
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

TAKEN_BY_POD = Condition(
    code="memory.taken-by-pod",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} uses {used} of {whole} of {node}'s memory, and has no limit",
    summary="One pod without a memory limit uses so much that nothing is left for the others.",
    remedies=(
        Remedy(
            id="bound-the-pod",
            title="Give it a limit, and a request that fits what it needs",
            when="now",
            risk="medium",
            steps=(
                Step(
                    "A limit ends only this pod when it grows too far; by its request the scheduler leaves room.",
                    "kubectl set resources {kind}/{name} -n {namespace} --limits=memory=AMOUNT",
                ),
                Step("See whether it grows for ever (a leak) or needs that much.", "kubectl top pods -n {namespace}"),
            ),
            verify=(Step("No new event SystemOOM.", "kubectl events --for node/{node}"),),
            undo=(Step("Remove the limit.", "kubectl edit {kind} {name} -n {namespace}"),),
        ),
    ),
)

SUMMARY = Probe(
    "kubectl get --raw /api/v1/nodes/{node}/proxy/stats/summary",
    unlocks="how much memory each pod uses",
)
#: More than this part of a node's memory is most of it.
MOST = Decimal("0.5")


class Use(msgspec.Struct, frozen=True):
    """What a pod uses of its node's memory, in bytes."""

    amount: Decimal
    evidence: Evidence


def use_of(scene: Scene, pod: Subject) -> Use | None:
    """What the pod uses, by the kubelet's summary, the message of its eviction, or the kernel's word of its process"""
    found = [
        Use(Decimal(stats.working_set), Evidence(stats.at, f"its working set is {_gib(stats.working_set)}"))
        for stats in scene.derive_once(_stats_by_pod).get(pod, ())
        if stats.working_set is not None
    ]
    killed = [kill for kill in kills_in(scene, pod) if kill.limit == "node"]
    found += [Use(Decimal(kill.resident), kill.evidence) for kill in killed if kill.resident is not None]
    for eviction in evictions_of(scene, pod):
        shortage = read_shortage(eviction.text)
        if shortage is not None and shortage.resource == "memory" and shortage.users:
            used = sum((user.used for user in shortage.users), Decimal(0))
            found.append(Use(used, Evidence(eviction.at, shortage.explained())))
    return max(found, key=lambda use: use.amount, default=None)


def _gib(amount: int) -> str:
    return in_words("memory", Decimal(amount))


def _stats_by_pod(scene: Scene) -> dict[Subject, list[MemoryStats]]:
    index: dict[Subject, list[MemoryStats]] = {}
    for stats in scene.facts(MemoryStats):
        if stats.about.kind == "Pod":
            index.setdefault(stats.about, []).append(stats)
    return index


def _largest(scene: Scene, node: Subject) -> list[Subject]:
    """The pod of the node that uses most memory."""
    known = [(use.amount, pod) for pod in pods_on(scene, node) if (use := scene.derive(use_of, pod)) is not None]
    return [max(known, key=lambda each: (each[0], each[1].name))[1]] if known else []


TAKEN_BY = Relation("has its memory used by", _largest)


def memory_of_node(scene: Scene, pod: Subject) -> Decimal | None:
    """The memory of the pod's node"""
    for node in node_of_pod(scene, pod):
        for observation in scene.observations(node):
            capacity = observation.object.status.capacity if isinstance(observation.object, Node) else None
            if isinstance(capacity, dict) and "memory" in capacity:
                return parse_quantity(capacity["memory"])
    return None


@rule(
    TAKEN_BY_POD, rows=("N14",), leads=(leads_to(NODE_EXHAUSTED, via=TAKEN_BY), leads_to(MEMORY_PRESSURE, via=TAKEN_BY))
)
def taken_by_pod(
    pod: PodView, use: Use | None = given(use_of), whole: Decimal | None = given(memory_of_node)
) -> Verdict:
    """The pod takes its node's memory.

    What it means: Without a limit nothing but the node's end stops it; the kernel's choice may fall on others.
    How it shows: The kubelet's summary gives it more than half of the node's memory as working set, its eviction's
    message does, or the kernel killed a process of it that held as much; some container of it has no memory limit.
    What looks like it: Page cache: usage is high, the working set is not. Many pods that each use a little more than
    they requested. A pod with a limit that is nearly as large as the node.
    Source: Linux v6.6 mm/oom_kill.c; k8s.io/kubelet v0.34 pkg/apis/stats/v1alpha1 (MemoryStats.WorkingSetBytes).
    """
    nodes = node_of_pod(pod.scene, pod.subject)
    if use is None or whole is None or not nodes:
        return unsure(f"how much memory {pod.subject} uses", *(SUMMARY.of(node=node.name) for node in nodes))
    if use.amount < MOST * whole:
        return Absent((use.evidence,))
    bounded = _bounded(pod)
    if bounded is None:
        return unsure(f"the memory limits of {pod.subject}", *pod.probes())
    if bounded:
        return Absent((use.evidence,))
    values = {"used": in_words("memory", use.amount), "whole": in_words("memory", whole), "node": nodes[0].name}
    return Present((use.evidence,), values, basis=Basis.RECOMPUTED)


def _bounded(pod: PodView) -> bool | None:
    """Whether all containers have a memory limit; None where that was not shown."""
    for observation in pod.observations:
        containers = observation.object.spec.containers if isinstance(observation.object, Pod) else None
        if isinstance(containers, list) and containers and observation.whole:
            resources = [c.resources if isinstance(c.resources, ResourceRequirements) else None for c in containers]
            limits = [r.limits if r is not None and isinstance(r.limits, dict) else {} for r in resources]
            return all("memory" in limit for limit in limits)
    return None
