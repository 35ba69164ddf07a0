"""The runtime cannot set up a pod's sandbox in time."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kwhy.facts.objects import Volume
from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import leads_to, rule
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE_NAMESPACED, EVENTS_OF
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.events import MergedEvent
from kwhy.scene.relations import ITSELF_ONCE_BOUND
from kwhy.scene.views import PodView

SANDBOX_NOT_SET_UP = Condition(
    code="runtime.sandbox-setup-hangs",
    kind="Pod",
    nature=Nature.EFFECT,
    title="Sandboxes of {subject} are not set up: {how}",
    summary="RunPodSandbox does not return: the pod stays in ContainerCreating.",
)

#: What the kubelet and containerd report when the call runs into its deadline, or is tried again while the first
#: still runs (kubelet remote_runtime.go; containerd v1.6 sandbox_run.go: "failed to reserve sandbox name").
HANGING = ("DeadlineExceeded", "deadline exceeded", "failed to reserve sandbox name", "is reserved for")
# 'failed to reserve sandbox name "docs-1_shop_29_1": name "docs-1_shop_29_1" is reserved for "84e5ec38dc20…"'
# (containerd v1.6 pkg/cri/server/sandbox_run.go; the end of a long message may be cut)
_RESERVED_FOR = re.compile(r'is reserved for "(?P<holder>[0-9a-f]{12,64})')
#: A bound pod whose sandbox takes longer than this to come up hangs (seconds; the kubelet's deadline is four minutes).
SLOW_AFTER = 120.0


@rule(SANDBOX_NOT_SET_UP, rows=("N24", "N6"), leads=(leads_to(POD_FAILING, via=ITSELF_ONCE_BOUND),))
def sandbox_not_set_up(pod: PodView) -> Verdict:
    """The sandbox is not set up: the call hangs.

    What it means: The pod has a node and its containers never start; network set-up is the usual step that hangs.
    How it shows: FailedCreatePodSandBox with DeadlineExceeded or "failed to reserve sandbox name"; a bound pod whose
    containers stay in ContainerCreating, with no event at all in the first minutes.
    What looks like it: Volumes that do not mount (FailedMount) and images that are pulled keep a pod in
    ContainerCreating too; sandbox errors that return at once name their reason. A name may be reserved for a sandbox
    that failed at once and could not be cleaned up: another event names that sandbox with its error.
    Source: Kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_sandbox.go; containerd v1.6 sandbox_run.go.
    """
    phase = pod.phase
    if phase.observed and phase.value in ("Failed", "Succeeded"):
        return Absent((Evidence(phase.place, f"the pod is {phase.value}: nobody sets up a sandbox for it"),))
    events = pod.scene.events_about(pod.subject)
    failed = [e for e in events if e.reason == "FailedCreatePodSandBox"]
    hanging = next((e for e in failed if any(word in e.message for word in HANGING) and not left_over(e, failed)), None)
    if hanging is not None:
        proof = (Evidence(hanging.at, hanging.message),)
        return Present(proof, {"how": description_of(hanging.message)}, since=by(hanging.first))
    if failed:
        return Absent((Evidence(failed[0].at, f"the call fails at once: {failed[0].message}"),))
    sandbox = pod.condition("PodReadyToStartContainers")
    if sandbox.observed and sandbox.value is not None and sandbox.value.status == "True":
        return Absent((Evidence(sandbox.place, "its sandbox is set up"),))
    for reason in ("FailedMount", "FailedAttachVolume", "Pulling", "Failed", "BackOff", "Started"):
        other = next((e for e in events if e.reason == reason), None)
        if other is not None:
            return Absent((Evidence(other.at, f"{other.reason}: {other.message}"),))
    return _judge_silence(pod)


def left_over(event: MergedEvent, failed: Sequence[MergedEvent]) -> MergedEvent | None:
    """The attempt that failed at once and still holds the sandbox name which this event finds reserved."""
    match = _RESERVED_FOR.search(event.message)
    if match is None:
        return None
    return next((e for e in failed if f'for sandbox "{match["holder"]}' in e.message), None)


def _judge_silence(pod: PodView) -> Verdict:
    """A bound pod without a sandbox for minutes, and no event that says why."""
    scheduled, sandbox = pod.condition("PodScheduled"), pod.condition("PodReadyToStartContainers")
    now = pod.scene.as_of
    bound = parse_timestamp(scheduled.value.last_transition_time) if scheduled.observed and scheduled.value else None
    if sandbox.observed and sandbox.value is not None and bound is not None and now is not None:
        if now - bound >= SLOW_AFTER and _may_wait_for_volumes(pod):
            events = EVENTS_OF.of(kind="pod", name=pod.name, namespace=pod.namespace)
            return unsure(f"whether {pod.subject} waits for a volume or for its sandbox", events)
        if now - bound >= SLOW_AFTER:
            how = f"no sandbox {int(now - bound)} s after the pod got its node, and no event says why"
            return Present((Evidence(sandbox.place, how),), {"how": how})
        return Absent((Evidence(sandbox.place, "the pod got its node less than two minutes ago"),))
    return unsure(
        f"the events of {pod.subject}", DESCRIBE_NAMESPACED.of(kind="pod", name=pod.name, namespace=pod.namespace)
    )


def _may_wait_for_volumes(pod: PodView) -> bool:
    """Whether the pod has volumes that something outside of it provides, and its events were not captured."""
    if pod.scene.listing("Event", pod.namespace) is not None:
        return False
    none: list[Volume] = []
    volumes = pod.seen("spec.volumes", lambda p: p.spec.volumes, none)
    return volumes.observed and any(
        v.persistent_volume_claim or v.nfs or v.csi or v.ephemeral or v.host_path for v in volumes.value
    )


def description_of(message: str) -> str:
    """What the call answered: the message without the gRPC code before it."""
    return message.rpartition("desc = ")[2] or message
