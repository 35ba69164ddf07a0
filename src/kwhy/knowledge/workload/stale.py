"""Pods that were made from a template which has been changed since."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from kwhy.facts.objects import Pod, PodSpec
from kwhy.knowledge.workload.templates import Change, changes, template_of
from kwhy.model.document import Locator
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView, WorkloadView

# "db-0": StatefulSet and ordinal (Kubernetes v1.34 pkg/controller/statefulset/stateful_set_utils.go getPodName)
_ORDINAL = expression(r"(?P<set>.+)-(?P<ordinal>\d{1,9})")
_PAUSED = "DeploymentPaused"


class Stale(msgspec.Struct, frozen=True):
    """A pod that lacks what its owner's template says now. ``reason`` is why the controller does not replace it."""

    owner: Subject
    changed: tuple[Change, ...]
    template_at: Locator
    reason: str
    reason_at: Locator


def stale(scene: Scene, pod: Subject) -> Stale | None:
    """What the template of the pod's owner says now and the pod lacks, and why the pod is not replaced"""
    owner = owner_of(scene, pod)
    if owner == pod or owner.kind not in _REASONS:
        return None
    owning = WorkloadView(scene, owner)
    template, spec = template_of(owning), _spec(scene, pod)
    if template is None or spec is None:
        return None
    why = _REASONS[owner.kind](owning, pod)
    changed = changes(spec, template[0])
    if why is None or not changed:
        return None
    return Stale(owner, changed, template[1], *why)


def _spec(scene: Scene, pod: Subject) -> PodSpec | None:
    for observation in scene.observations(pod):
        if isinstance(observation.object, Pod) and isinstance(observation.object.spec.containers, list):
            return observation.object.spec
    return None


Why = tuple[str, Locator]


def _never(owning: WorkloadView, pod: Subject) -> Why | None:
    return f"a {owning.subject.kind} never replaces pods that exist", owning.observations[0].at


def _on_delete(owning: WorkloadView) -> Why | None:
    strategy = owning.spec("updateStrategy.type", lambda s: s.update_strategy.type if s.update_strategy else None, "")
    if strategy.observed and strategy.value == "OnDelete":
        return "its update strategy is OnDelete", strategy.place
    return None


def _stateful(owning: WorkloadView, pod: Subject) -> Why | None:
    by_hand = _on_delete(owning)
    if by_hand is not None:
        return by_hand
    partition = owning.spec(
        "updateStrategy.rollingUpdate.partition",
        lambda s: (
            s.update_strategy.rolling_update.partition
            if s.update_strategy and s.update_strategy.rolling_update
            else None
        ),
        0,
    )
    ordinal = _ORDINAL.fullmatch(pod.name)
    if partition.observed and ordinal is not None and int(ordinal["ordinal"]) < partition.value:
        return f"its update strategy keeps ordinals below partition {partition.value}", partition.place
    policy = owning.spec("podManagementPolicy", lambda s: s.pod_management_policy, "OrderedReady")
    if policy.observed and policy.value == "Parallel":
        return None
    ready = PodView(owning.scene, pod).condition("Ready")
    if ready.observed and ready.value is not None and ready.value.status == "True":
        return None
    place = policy.place if policy.observed else owning.observations[0].at
    return "an OrderedReady StatefulSet waits for a pod to become ready before it replaces it", place


def _daemon(owning: WorkloadView, pod: Subject) -> Why | None:
    return _on_delete(owning)


def _paused(owning: WorkloadView, pod: Subject) -> Why | None:
    paused = owning.spec("paused", lambda s: s.paused, False)
    if paused.observed:
        return ("the Deployment is paused", paused.place) if paused.value else None
    progressing = owning.condition("Progressing")
    if progressing.observed and progressing.value is not None and progressing.value.reason == _PAUSED:
        return "the Deployment is paused", progressing.place
    return None


_REASONS: dict[str, Callable[[WorkloadView, Subject], Why | None]] = {
    "ReplicationController": _never,
    "ReplicaSet": _never,
    "StatefulSet": _stateful,
    "DaemonSet": _daemon,
    "Deployment": _paused,
}

#: Changes that could have mended a failure to get the image, to run the program, or to be probed.
IMAGE = frozenset({"image"})
PROGRAM = frozenset({"image", "command", "args", "env", "limits.memory", "limits.cpu"})
PROBES = frozenset({"image", "args", "env", "livenessProbe", "readinessProbe", "startupProbe"})
REQUESTS = frozenset({"requests.cpu", "requests.memory"})


def mended_by(name: str, kinds: frozenset[str]) -> Relation:
    """From a failing pod to itself, where what changed in the template since is of these kinds."""

    def find(scene: Scene, pod: Subject) -> Iterable[Subject]:
        found = scene.derive(stale, pod) if pod.kind == "Pod" else None
        return [pod] if found is not None and any(change.kind in kinds for change in found.changed) else []

    return Relation(name, find)


WITH_ANOTHER_IMAGE = mended_by("lacks the image of the template", IMAGE)
WITH_ANOTHER_PROGRAM = mended_by("lacks what the template says of its program", PROGRAM)
WITH_OTHER_PROBES = mended_by("lacks what the template says of its probes", PROBES)
WITH_OTHER_REQUESTS = mended_by("lacks what the template requests", REQUESTS)
