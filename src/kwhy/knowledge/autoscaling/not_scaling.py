"""A HorizontalPodAutoscaler cannot do its work."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.gates import showing_condition
from kwhy.scene.recency import known_by_events, unanswered
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

NOT_SCALING = Condition(
    code="autoscaling.not-scaling",
    kind="HorizontalPodAutoscaler",
    nature=Nature.EFFECT,
    title="{subject} cannot scale: {reason}",
    summary="The autoscaler cannot read its metrics or its target.",
)

#: Conditions whose False means that the autoscaler does not work (k8s.io/api v0.34 autoscaling/v2).
WORKING = ("AbleToScale", "ScalingActive")


#: What the autoscaler asks, by the client that the message names (pkg/controller/podautoscaler/metrics/client.go).
_METRICS_APIS = (
    ("resource metrics API", "v1beta1.metrics.k8s.io"),
    ("custom metrics API", "v1beta2.custom.metrics.k8s.io"),
    ("custom metrics API", "v1beta1.custom.metrics.k8s.io"),
    ("external metrics API", "v1beta1.external.metrics.k8s.io"),
)


def _metrics_apis(scene: Scene, autoscaler: Subject) -> list[Subject]:
    """The aggregated APIs that the autoscaler's own words say it could not read."""
    condition = ObjectView(scene, autoscaler).condition("ScalingActive")
    message = condition.value.message or "" if condition.observed and condition.value is not None else ""
    failure = unanswered(scene, autoscaler, FAILURES) if not message else None
    message = message or (failure.message if failure is not None else "")
    return [Subject("APIService", name) for api, name in _METRICS_APIS if api in message]


READS_METRICS_FROM = Relation("reads metrics from", _metrics_apis)


def _candidates(scene: Scene) -> Iterable[Subject]:
    return showing_condition(scene, "HorizontalPodAutoscaler", WORKING, "False")


@rule(NOT_SCALING, rows=("P15",), among=_candidates, symptom=True)
def not_scaling(autoscaler: ObjectView) -> Verdict:
    """The autoscaler does not work.

    What it means: The number of replicas stays as it is whatever the load.
    How it shows: AbleToScale or ScalingActive is False.
    What looks like it: ScalingDisabled is deliberate (the target has zero replicas). ScalingLimited only says that a
    bound was reached.
    Source: Kubernetes v1.34 pkg/controller/podautoscaler/horizontal.go.
    """
    able = autoscaler.condition("AbleToScale")
    for kind in WORKING:
        condition = autoscaler.condition(kind)
        if not condition.observed:
            return unsure(f"the conditions of {autoscaler.subject}", *autoscaler.probes())
        if condition.value is None or condition.value.status != "False":
            continue
        if condition.value.reason == "ScalingDisabled":
            return Absent((Evidence(condition.place, "its target is scaled to zero on purpose"),))
        reason = condition.value.message or condition.value.reason or kind
        return Present((Evidence(condition.place, f"{kind} is False"),), {"reason": reason})
    return Absent((Evidence(able.place, "it is able to scale"),))


#: What the autoscaler says when it cannot read its target or its metrics, and what it says when it can (Kubernetes
#: v1.34 pkg/controller/podautoscaler/horizontal.go; a metric that can be read again gives no event).
FAILURES = dict.fromkeys(
    (
        *("FailedGetScale", "FailedGetResourceMetric", "FailedGetContainerResourceMetric", "FailedGetPodsMetric"),
        *("FailedGetObjectMetric", "FailedGetExternalMetric", "FailedComputeMetricsReplicas", "InvalidSelector"),
        *("SelectorRequired", "AmbiguousSelector"),
    ),
    ("SuccessfulRescale",),
)


#: The API server's answer for a group that nobody serves (apimachinery v0.34 pkg/api/errors/errors.go,
#: NewGenericServerResponse): unlike a metric that is missing, it does not pass by itself.
_NO_SUCH_API = "the server could not find the requested resource"


def _known_by_events(scene: Scene) -> Iterable[Subject]:
    return known_by_events(scene, "HorizontalPodAutoscaler")


@rule(NOT_SCALING, rows=("P15",), among=_known_by_events, symptom=True)
def not_scaling_by_events(autoscaler: ObjectView) -> Verdict:
    """The autoscaler does not work, as its events say.

    What it means: Only events were shown; the newest of them says that metrics or target cannot be read.
    How it shows: FailedGetResourceMetric, FailedGetScale and their like within the last ten minutes.
    What looks like it: A metric is missing for a moment after its pod started.
    Source: Kubernetes v1.34 pkg/controller/podautoscaler/horizontal.go.
    """
    failure = unanswered(autoscaler.scene, autoscaler.subject, FAILURES) if not autoscaler.observations else None
    if failure is None or (failure.count < 2 and _NO_SUCH_API not in failure.message):
        return unsure(f"the conditions of {autoscaler.subject}", *autoscaler.probes())
    return Present((Evidence(failure.at, failure.message),), {"reason": failure.message}, since=by(failure.first))
