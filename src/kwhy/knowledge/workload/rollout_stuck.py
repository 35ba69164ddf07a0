"""A Deployment's rollout does not get on. A generic symptom: it knows no causes."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.objects import ApiObject, Deployment, Observation
from kwhy.model.condition import Condition, Nature
from kwhy.model.document import Locator
from kwhy.model.rule import rule
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, no_later_than
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.scene import Scene
from kwhy.scene.views import WorkloadView

ROLLOUT_STUCK = Condition(
    code="workload.rollout-stuck",
    kind="Deployment",
    nature=Nature.EFFECT,
    title="The rollout of {subject} does not get on: {reason}",
    summary="The newest template of the Deployment has not been rolled out within its progress deadline.",
)

#: Reason of condition Progressing False (Kubernetes v1.34 pkg/controller/deployment/util/deployment_util.go).
DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"


def _stuck(struct: ApiObject) -> bool:
    conditions = struct.status.conditions if isinstance(struct, Deployment) else None
    return isinstance(conditions, list) and any(
        (c.type == "Progressing" and c.status == "False") or (c.type == "ReplicaFailure" and c.status == "True")
        for c in conditions
    )


def _quiet(struct: ApiObject) -> bool:
    return not _stuck(struct)


def _quiet_row(observation: Observation) -> bool:
    return not _stuck(observation.object)


def _candidates(scene: Scene) -> Iterable[Subject]:
    return scene.suspicious("Deployment", _quiet, _quiet_row)


@rule(ROLLOUT_STUCK, rows=("P10",), among=_candidates, symptom=True)
def rollout_stuck(deployment: WorkloadView) -> Verdict:
    """The Deployment's rollout does not get on.

    What it means: Pods of the newest template do not become available; those of the former one may serve meanwhile, so
    that nothing else looks wrong.
    How it shows: Condition Progressing is False with ProgressDeadlineExceeded, or ReplicaFailure is True.
    What looks like it: A rollout that takes its time. MinimumReplicasUnavailable alone says that pods are not ready,
    which may have nothing to do with a rollout. A Deployment that is paused has Progressing Unknown.
    Source: Kubernetes v1.34 pkg/controller/deployment/progress.go (syncRolloutStatus).
    """
    for kind, status in (("Progressing", "False"), ("ReplicaFailure", "True")):
        condition = deployment.condition(kind)
        if not condition.observed:
            return unsure(f"the conditions of {deployment.subject}", *deployment.probes())
        if condition.value is not None and condition.value.status == status:
            reason = condition.value.reason or kind
            since = parse_timestamp(condition.value.last_transition_time)
            return Present(
                (Evidence(condition.place, condition.value.message or reason),),
                {"reason": reason},
                since=UNKNOWN_MOMENT if since is None else no_later_than(since),
            )
    return Absent((Evidence(_place(deployment), "no rollout is reported to be stuck"),))


def _place(deployment: WorkloadView) -> Locator:
    return deployment.condition("Progressing").place
