"""The container runtime of a node runs and does not answer."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.log_patterns.kubelet import CONTAINER_GC_FAILED, CRI_CALL_FAILED, PLEG_RELIST_FAILED
from kwhy.facts.logs import LogSample
from kwhy.facts.runtime import RuntimeAnswer
from kwhy.knowledge.kubelet.relist_fails import RELIST_FAILS
from kwhy.knowledge.kubelet.relist_not_returning import RELIST_NOT_RETURNING
from kwhy.knowledge.kubelet.relist_slow import RELIST_SLOW
from kwhy.knowledge.kubelet.words import kubelet_hits
from kwhy.knowledge.node.not_ready import NODE_NOT_READY
from kwhy.knowledge.node.reclaim_fails import RECLAIM_FAILS, failures_of
from kwhy.knowledge.runtime.not_running import RUNTIME_MAY_BE_DOWN
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment, by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.node import CONTAINERD_DUMP, DOCKERD_DUMP, RUNTIME_STATUS
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

RUNTIME_HANGS = Condition(
    code="runtime.hangs",
    kind="Node",
    nature=Nature.EFFECT,
    title="The container runtime of {subject} does not answer calls about all containers: {how}",
    summary="Calls that list containers, pods or images run into their deadline.",
)

#: Calls that concern the whole node, not one container (k8s.io/cri-api v0.34 pkg/apis/runtime/v1/api.proto).
_NODE_WIDE = ("ListContainers", "ListPodSandbox", "ListPodSandboxes", "Status", "Version", "ImageFsInfo", "ListImages")
#: The same asked by a person: crictl, docker.
_NODE_WIDE_COMMANDS = ("ps", "pods", "images", "info", "version", "stats")
_DEADLINE = ("DeadlineExceeded", "context deadline exceeded")

_Sign = tuple[Evidence, str, Moment]


def unanswered(scene: Scene, node: Subject) -> tuple[_Sign, ...]:
    """Events and log lines of the kubelet, or commands, whose node-wide call to the runtime ran into its deadline"""
    found: list[_Sign] = []
    for event in scene.events_about(node):
        if event.reason in ("ContainerGCFailed", "ImageGCFailed") and any(word in event.message for word in _DEADLINE):
            times = f" {event.count} times" if event.count > 1 else ""
            says = f"the kubelet's garbage collection ran into the deadline{times}: {event.message}"
            found.append((Evidence(event.at, says), f"{event.reason} with DeadlineExceeded{times}", by(event.first)))
    for hit in kubelet_hits(scene, node, CRI_CALL_FAILED, PLEG_RELIST_FAILED, CONTAINER_GC_FAILED):
        method = hit.key.get("method", "")
        late = [s for s in hit.samples if _late(s)]
        if late and (hit.pattern != CRI_CALL_FAILED or method in _NODE_WIDE):
            what = method or ("the relist" if hit.pattern == PLEG_RELIST_FAILED else "container garbage collection")
            says = f"{what} ran into its deadline, {hit.count} times in this log"
            found.append((Evidence(hit.locate(late[-1]), says), f"{what} runs into its deadline", by(late[0].when)))
    for answer in scene.facts_on(node, RuntimeAnswer):
        if answer.outcome == "timed out" and answer.call in _NODE_WIDE_COMMANDS and not answer.asked:
            command = f"{answer.program} {answer.call}"
            found.append((Evidence(answer.at, f"{command} did not answer"), f"{command} hangs", UNKNOWN_MOMENT))
    return tuple(found)


def _late(sample: LogSample) -> bool:
    return any(word in sample.excerpt for word in _DEADLINE)


def answered(scene: Scene, node: Subject) -> tuple[Evidence, ...]:
    """Commands that the runtime answered"""
    return tuple(
        Evidence(answer.at, f"{answer.program} {answer.call} answers")
        for answer in scene.facts_on(node, RuntimeAnswer)
        if answer.outcome == "ok" and answer.call in _NODE_WIDE_COMMANDS and not answer.asked
    )


def _could_not_ask(scene: Scene, node: Subject) -> Iterable[Subject]:
    """The node itself, where its last failure to reclaim is that the runtime did not say what there is."""
    failures = scene.derive(failures_of, node)
    if failures and any(word in failures[0].message for word in _DEADLINE):
        yield node


COULD_NOT_ASK = Relation("could not ask the runtime of", _could_not_ask)


@rule(
    RUNTIME_HANGS,
    rows=("N4", "N9", "N11", "N22"),
    leads=(
        leads_to(NODE_NOT_READY, via=RUNTIME_MAY_BE_DOWN),
        leads_to(RELIST_NOT_RETURNING, via=ITSELF),
        leads_to(RELIST_FAILS, via=ITSELF),
        leads_to(RELIST_SLOW, via=ITSELF),
        leads_to(RECLAIM_FAILS, via=COULD_NOT_ASK),
    ),
)
def runtime_hangs(
    node: Subject,
    late: tuple[_Sign, ...] = given(unanswered),
    answers: tuple[Evidence, ...] = given(answered),
) -> Verdict:
    """The runtime does not answer.

    What it means: The runtime accepts connections, and calls that go over all its containers do not come back: a lock
    is held, or one container cannot be looked at.
    How it shows: ContainerGCFailed with DeadlineExceeded on the node, hundreds of times; ListContainers or the
    relist with DeadlineExceeded in the kubelet's log; docker ps or crictl ps hangs.
    What looks like it: Refused connections: the runtime does not run. A deadline for one container's call only.
    Source: Kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_gc.go (GarbageCollect returns the errors of its lists),
    pkg/kubelet/kubelet.go (StartGarbageCollection); k8s.io/cri-client v0.34 pkg/remote_runtime.go (deadline 2 m).
    """
    if late:
        return Present(tuple(e for e, _, _ in late), {"how": late[0][1]}, since=late[0][2])
    if answers:
        return Absent(answers)
    return unsure(
        f"whether the runtime of {node.name} answers",
        RUNTIME_STATUS.of(node=node.name),
        CONTAINERD_DUMP.of(node=node.name),
        DOCKERD_DUMP.of(node=node.name),
    )
