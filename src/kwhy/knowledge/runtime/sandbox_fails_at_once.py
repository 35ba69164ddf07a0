"""A pod's sandbox cannot be set up: the call fails at once and says why."""

from __future__ import annotations

import re

from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.knowledge.runtime.sandbox_not_set_up import HANGING, left_over
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE_NAMESPACED
from kwhy.scene.events import MergedEvent
from kwhy.scene.relations import ITSELF_ONCE_BOUND, node_of_pod, pods_on
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

SANDBOX_FAILS = Condition(
    code="runtime.sandbox-fails-at-once",
    kind="Pod",
    nature=Nature.EFFECT,
    title="Sandboxes of {subject} cannot be set up: {how}",
    summary="RunPodSandbox returns an error: the pod stays in ContainerCreating and the kubelet tries again.",
)

#: Why the kubelet gives up a sandbox (Kubernetes v1.34 pkg/kubelet/events/event.go FailedCreatePodSandBox).
REASON = "FailedCreatePodSandBox"


def failed_event(scene: Scene, pod: Subject) -> MergedEvent | None:
    """The newest event FailedCreatePodSandBox of the pod; where it only meets what a former attempt left, that one"""
    failed = [event for event in scene.events_about(pod) if event.reason == REASON]
    return (left_over(failed[0], failed) or failed[0]) if failed else None


def has_sandbox(pod: PodView) -> Evidence | None:
    """Proof that the pod has its sandbox by now."""
    ready = pod.condition("PodReadyToStartContainers")
    if ready.observed and ready.value is not None and ready.value.status == "True":
        return Evidence(ready.place, "its sandbox is set up")
    if pod.phase.observed and pod.phase.value not in ("Pending", ""):
        return Evidence(pod.phase.place, f"the pod is {pod.phase.value}, so it had a sandbox")
    return None


def sandbox_errors_on(scene: Scene, node: Subject) -> list[tuple[str, Evidence]]:
    """What the newest failed attempts at sandboxes say, of the pods on a node that have none."""
    found = []
    for pod in pods_on(scene, node):
        event = failed_event(scene, pod)
        if event is not None and not hangs(event.message) and has_sandbox(PodView(scene, pod)) is None:
            found.append((event.message, Evidence(event.at, event.message)))
    return found


def saying(pattern: re.Pattern[str]) -> Relation:
    """From a pod to its node, where the pod's own newest sandbox error says what the pattern means."""

    def find(scene: Scene, pod: Subject) -> list[Subject]:
        event = failed_event(scene, pod)
        return node_of_pod(scene, pod) if event is not None and pattern.search(event.message) else []

    return Relation("gets its network on", find)


def hangs(message: str) -> bool:
    return any(word in message for word in HANGING)


@rule(SANDBOX_FAILS, rows=("N24",), leads=(leads_to(POD_FAILING, via=ITSELF_ONCE_BOUND),))
def sandbox_fails(pod: PodView, event: MergedEvent | None = given(failed_event)) -> Verdict:
    """The sandbox cannot be set up, and the error says why.

    What it means: The runtime, or the network plugin that it calls, refuses; nothing of the pod has started yet.
    How it shows: FailedCreatePodSandBox whose message ends with the plugin's own words.
    What looks like it: DeadlineExceeded and "failed to reserve sandbox name": the call hangs instead. A pod that has
    its sandbox by now only shows old attempts.
    Source: Kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_sandbox.go (createPodSandbox), kuberuntime_manager.go.
    """
    there = has_sandbox(pod)
    if there is not None:
        return Absent((there,))
    if event is None:
        return unsure(
            f"the events of {pod.subject}", DESCRIBE_NAMESPACED.of(kind="pod", name=pod.name, namespace=pod.namespace)
        )
    if hangs(event.message):
        return Absent((Evidence(event.at, f"the call hangs: {event.message}"),))
    return Present((Evidence(event.at, event.message),), {"how": short(event.message)}, since=by(event.first))


def short(message: str) -> str:
    """The innermost words: behind gRPC's wrapping and the sandbox's long id."""
    text = message.rpartition("desc = ")[2] or message
    for mark in ('": plugin ', '": '):
        if text.startswith(("failed to set", "failed to create")) and mark in text:
            return ("plugin " if mark == '": plugin ' else "") + text.partition(mark)[2]
    return text
