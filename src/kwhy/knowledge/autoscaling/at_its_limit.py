"""An autoscaler would scale further, and its own bound does not let it: no fault by itself."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.objects import ApiObject, HorizontalPodAutoscaler, Observation
from kwhy.knowledge.autoscaling.no_requests import target_of
from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, rule, worsens
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

AT_ITS_LIMIT = Condition(
    code="autoscaling.at-its-limit",
    kind="HorizontalPodAutoscaler",
    nature=Nature.ROOT,
    title="{subject} wants more than maxReplicas{limit} allows{fixed}",
    summary="The load asks for more replicas than the autoscaler may set. Reported where it may answer a question.",
    remedies=(
        Remedy(
            id="raise-the-bound",
            title="Let it scale further, if the rest bears it",
            when="now",
            risk="medium",
            steps=(
                Step("See what it measures and wants.", "kubectl describe hpa {name} -n {namespace}"),
                Step(
                    "Ask whether nodes have room and what the pods call (a database's connections) bears more of them; "
                    "then raise spec.maxReplicas.",
                    "kubectl edit hpa {name} -n {namespace}",
                ),
            ),
            verify=(Step("ScalingLimited is False.", "kubectl describe hpa {name} -n {namespace}"),),
            undo=(Step("Set the former maximum again.", "kubectl edit hpa {name} -n {namespace}"),),
        ),
    ),
)

#: Reason of condition ScalingLimited where maxReplicas binds; at the lower bound it is TooFewReplicas, which is normal.
_REASON = "TooManyReplicas"


def _bound(struct: ApiObject) -> bool:
    conditions = struct.status.conditions if isinstance(struct, HorizontalPodAutoscaler) else None
    return isinstance(conditions, list) and any(
        c.type == "ScalingLimited" and c.status == "True" and c.reason == _REASON for c in conditions
    )


def _quiet(struct: ApiObject) -> bool:
    return not _bound(struct)


def _quiet_row(observation: Observation) -> bool:
    return _quiet(observation.object)


def _at_limit(scene: Scene) -> Iterable[Subject]:
    return scene.suspicious("HorizontalPodAutoscaler", _quiet, _quiet_row)


def _by_target(scene: Scene) -> dict[Subject, list[Subject]]:
    index: dict[Subject, list[Subject]] = {}
    for autoscaler in scene.subjects("HorizontalPodAutoscaler"):
        target = target_of(scene, autoscaler)
        if target is not None:
            index.setdefault(target, []).append(autoscaler)
    return index


def autoscalers_of(scene: Scene, workload: Subject) -> list[Subject]:
    """The autoscalers that have the workload as their target."""
    return scene.derive_once(_by_target).get(workload, [])


def _scaling(scene: Scene, pod: Subject) -> Iterable[Subject]:
    return autoscalers_of(scene, owner_of(scene, pod))


SCALED_BY = Relation("is scaled by", _scaling)


@rule(
    AT_ITS_LIMIT,
    rows=("P15",),
    leads=(worsens(POD_FAILING, via=SCALED_BY),),
    among=_at_limit,
    answers=("scaling", "slow", "cpu"),
)
def at_its_limit(autoscaler: ObjectView) -> Verdict:
    """The autoscaler is at its maximum and wants more.

    What it means: Every pod does more than it is meant to; whether that harms, other symptoms tell.
    How it shows: Condition ScalingLimited is True with TooManyReplicas.
    What looks like it: TooFewReplicas says that the lower bound holds, as every night. A bound that is chosen on
    purpose is no fault; with minReplicas equal to maxReplicas the autoscaler can never do anything.
    Source: Kubernetes v1.34 pkg/controller/podautoscaler/horizontal.go (convertDesiredReplicasWithRules).
    """
    limited = autoscaler.condition("ScalingLimited")
    if not limited.observed:
        return unsure(f"the conditions of {autoscaler.subject}", *autoscaler.probes())
    value = limited.value
    if value is None or value.status != "True" or value.reason != _REASON:
        return Absent((Evidence(limited.place, "no maximum keeps it"),))
    most, least = _bounds(autoscaler)
    fixed = ": minReplicas is the same, so it can never scale" if most is not None and most == least else ""
    values = {"limit": f" {most}" if most is not None else "", "fixed": fixed}
    return Present((Evidence(limited.place, value.message or _REASON),), values)


def _bounds(autoscaler: ObjectView) -> tuple[int | None, int | None]:
    for observation in autoscaler.observations:
        struct = observation.object
        if isinstance(struct, HorizontalPodAutoscaler) and isinstance(struct.spec.max_replicas, int):
            least = struct.spec.min_replicas
            return struct.spec.max_replicas, least if isinstance(least, int) else None
    return None, None
