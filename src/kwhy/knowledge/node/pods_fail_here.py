"""Pods of many owners fail on one node, and their siblings on other nodes do not."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from kwhy.knowledge.pod.failing import POD_FAILING, failing_candidates, judge_states
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.seen import NotObserved
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE, PODS
from kwhy.probes.node import KERNEL_LOG, KUBELET_LOG
from kwhy.scene.relations import RUNS_ON, node_of_pod, owner_of, pods_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView, PodView

PODS_FAIL_HERE = Condition(
    code="node.pods-fail-only-here",
    kind="Node",
    nature=Nature.EFFECT,
    title="Pods of {owners} controllers fail on {subject}, while their siblings on other nodes run",
    summary="What pods of different owners have in common is the node: the fault lies with it, not with the programs.",
)

#: So many controllers are not broken on the same node by chance.
MANY_OWNERS = 3
#: Of the pods that fail, so many at most may be elsewhere.
ELSEWHERE = 0.2


class Failing(msgspec.Struct, frozen=True):
    """A pod that fails, with the place that shows it."""

    pod: Subject
    owner: Subject
    evidence: Evidence
    since: Moment


class Share(msgspec.Struct, frozen=True):
    """What fails on a node, one pod per owner, and elsewhere.

    ``with_siblings``: owners whose other pods run on other nodes. ``elsewhere``: how many owners' pods fail there.
    """

    here: tuple[Failing, ...]
    with_siblings: tuple[Subject, ...]
    elsewhere: int


def _failing_by_node(scene: Scene) -> dict[Subject, list[Failing]]:
    """The failing pods that have a node and a controller, by node."""
    index: dict[Subject, list[Failing]] = defaultdict(list)
    for pod in failing_candidates(scene):
        owner, nodes = owner_of(scene, pod), node_of_pod(scene, pod)
        view = PodView(scene, pod)
        if owner == pod or not nodes or not view.phase.observed:
            continue
        try:
            verdict = judge_states(view)
        except NotObserved:
            continue
        if isinstance(verdict, Present):
            index[nodes[0]].append(Failing(pod, owner, verdict.because[0], verdict.since))
    return index


def _failing_pods(scene: Scene) -> set[Subject]:
    return {each.pod for pods in scene.derive_once(_failing_by_node).values() for each in pods}


def _nodes_by_owner(scene: Scene) -> dict[Subject, set[Subject]]:
    """The nodes on which pods of each controller fail."""
    index: dict[Subject, set[Subject]] = defaultdict(set)
    for node, pods in scene.derive_once(_failing_by_node).items():
        for each in pods:
            index[each.owner].add(node)
    return index


def share_of(scene: Scene, node: Subject) -> Share:
    """Which pods fail on the node and on others, and which of their siblings run on others"""
    by_owner = {failing.owner: failing for failing in scene.derive_once(_failing_by_node).get(node, ())}
    failing = scene.derive_once(_failing_pods)
    siblings = [
        owner
        for owner in by_owner
        if any(pod not in failing and _runs_elsewhere(scene, pod, node) for pod in pods_of(scene, owner))
    ]
    nodes = scene.derive_once(_nodes_by_owner)
    only_here = sum(1 for owner in by_owner if len(nodes[owner]) == 1)
    return Share(tuple(by_owner.values()), tuple(siblings), len(nodes) - only_here)


def _runs_elsewhere(scene: Scene, pod: Subject, node: Subject) -> bool:
    phase = PodView(scene, pod).phase
    nodes = node_of_pod(scene, pod)
    return bool(nodes) and nodes[0] != node and phase.observed and phase.value == "Running"


@rule(PODS_FAIL_HERE, rows=("N1", "N17"), leads=(leads_to(POD_FAILING, via=RUNS_ON),))
def pods_fail_here(node: NodeView, share: Share = given(share_of)) -> Verdict:
    """Pods of many owners fail only on this node.

    What it means: Three or more controllers have failing pods on this node, and pods of the same controllers run on
    other nodes. Look at the node: its load, its disk, its kubelet and runtime, its network. Nothing is wrong with the
    programs as long as their siblings run.
    How it shows: The states of the pods, their owners and their nodes.
    What looks like it: One controller fails everywhere: its release is bad. Controllers that run on this node only
    have no sibling to compare with. In a cluster of one node everything fails here.
    Source: Inference from co-occurrence; no component states it.
    """
    if not share.here:
        return unsure(f"which pods fail on {node.name}, and who owns them", PODS.of())
    first = share.here[0].evidence.at
    if len(share.here) < MANY_OWNERS:
        return Absent((Evidence(first, f"pods of {len(share.here)} controllers fail here"),))
    if share.elsewhere > ELSEWHERE * len(share.here):
        says = f"pods of {share.elsewhere} controllers fail on other nodes too"
        return Absent((Evidence(first, says),))
    if len(share.with_siblings) < MANY_OWNERS:
        return unsure(
            f"whether pods of the same controllers run on other nodes than {node.name}",
            PODS.of(),
            DESCRIBE.of(kind="node", name=node.name),
            KUBELET_LOG.of(node=node.name),
            KERNEL_LOG.of(node=node.name),
        )
    because = tuple(failing.evidence for failing in share.here if failing.owner in share.with_siblings)
    since = min((f.since for f in share.here if f.since.known), key=_begins, default=UNKNOWN_MOMENT)
    return Present(
        because,
        {"owners": len(share.here)},
        since=Moment(latest=since.latest),
        basis=Basis.INFERRED,
        affected=tuple(failing.pod for failing in share.here),
    )


def _begins(moment: Moment) -> float:
    return moment.latest or moment.earliest or 0.0
