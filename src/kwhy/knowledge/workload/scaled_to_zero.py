"""A workload is scaled to zero: no fault by itself, but an answer to "why does nothing of it run?"."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.objects import ApiObject, Deployment, Observation, StatefulSet
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import rule
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict
from kwhy.scene.scene import Scene
from kwhy.scene.views import WorkloadView

SCALED_TO_ZERO = Condition(
    code="workload.scaled-to-zero",
    kind="Deployment",
    nature=Nature.ROOT,
    title="{subject} is scaled to 0 replicas{before}: nothing of it is meant to run",
    summary="spec.replicas is 0. That is done on purpose; the report says so where it answers a question.",
    remedies=(
        Remedy(
            id="scale-up",
            title="Give the workload its replicas back",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Ask who scaled it down: a person, a schedule, an autoscaler that scales to zero (KEDA, Knative).",
                    "kubectl describe {kind} {name} -n {namespace}",
                ),
                Step("Scale it up.", "kubectl scale {kind} {name} -n {namespace} --replicas={replicas}"),
            ),
            verify=(Step("Its pods are ready.", "kubectl get {kind} {name} -n {namespace}"),),
            undo=(
                Step("Scale it to zero again.", "kubectl scale {kind} {name} -n {namespace} --replicas=0"),
            ),
        ),
    ),
)  # fmt: skip

_KINDS = ("Deployment", "StatefulSet")
#: "Scaled down replica set web-5d4f8c7b9 from 3 to 0"; before v1.23 "Scaled down replica set web-5d4f8c7b9 to 0"
#: (Kubernetes v1.34 and v1.16 pkg/controller/deployment/sync.go scaleReplicaSet).
_SCALED_DOWN = expression(r"Scaled down replica set \S{1,253} (?:from (?P<before>\d{1,9}) )?to 0\b")


def _quiet(struct: ApiObject) -> bool:
    return not (isinstance(struct, Deployment | StatefulSet) and struct.spec.replicas == 0)


def _quiet_row(observation: Observation) -> bool:
    return _quiet(observation.object)


def _at_zero(scene: Scene) -> Iterable[Subject]:
    for kind in _KINDS:
        yield from scene.suspicious(kind, _quiet, _quiet_row)


@rule(
    SCALED_TO_ZERO,
    rows=("P10",),
    among=_at_zero,
    answers=("scaling", "unreachable", "pending", "not ready", "rollout"),
)
def scaled_to_zero(workload: WorkloadView) -> Verdict:
    """The workload asks for no pods.

    What it means: Somebody or something set its replicas to 0; its Services have no endpoints by that.
    How it shows: spec.replicas is 0; kubectl prints 0/0 in column READY. An event tells from how many.
    What looks like it: A workload whose pods are refused or gone asks for more than it has. An older ReplicaSet of a
    Deployment is at 0 after each rollout.
    Source: k8s.io/api v0.34 apps/v1 (DeploymentSpec.replicas: 0 is kept, unset means 1).
    """
    replicas = workload.replicas
    if replicas.value != 0:
        return Absent((Evidence(replicas.place, f"it asks for {replicas.value} replicas"),))
    because = [Evidence(replicas.place, "it asks for 0 replicas")]
    before, since = "", UNKNOWN_MOMENT
    number = "1"
    for event in workload.scene.events_about(workload.subject):
        match = _SCALED_DOWN.search(event.message) if event.reason == "ScalingReplicaSet" else None
        if match is not None:
            because.append(Evidence(event.at, event.message))
            since = by(event.last)
            if match["before"]:
                before, number = f", from {match['before']}", match["before"]
            break
    return Present(tuple(because), {"before": before, "replicas": number}, since=since)
