"""An aggregated API is not available."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.objects import APIService
from kwhy.knowledge.autoscaling.not_scaling import NOT_SCALING, READS_METRICS_FROM
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.gates import showing_condition
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

AGGREGATED_UNAVAILABLE = Condition(
    code="api.aggregated-unavailable",
    kind="APIService",
    nature=Nature.EFFECT,
    title="Aggregated API {name} is not available: {reason}",
    summary="The API server cannot reach the server behind an APIService.",
)


def _candidates(scene: Scene) -> Iterable[Subject]:
    return showing_condition(scene, "APIService", ("Available",), "False")


def _server(scene: Scene, service: Subject) -> list[Subject]:
    """The Service behind an APIService."""
    for observation in scene.observations(service):
        struct = observation.object
        if isinstance(struct, APIService) and struct.spec.service is not None:
            return [Subject("Service", struct.spec.service.name, struct.spec.service.namespace)]
    return []


SERVED_BY = Relation("is served by", _server)


@rule(
    AGGREGATED_UNAVAILABLE,
    rows=("C10",),
    leads=(leads_to(NOT_SCALING, via=READS_METRICS_FROM),),
    among=_candidates,
    symptom=True,
)
def aggregated_unavailable(service: ObjectView) -> Verdict:
    """The aggregated API is not available.

    What it means: Requests for its group fail, discovery is incomplete, and namespaces cannot be deleted.
    How it shows: Condition Available of the APIService is False.
    What looks like it: An APIService without a service reference is served locally and always available.
    Source: kube-aggregator v0.34 pkg/controllers/status/remote/remote_available_controller.go.
    """
    available = service.condition("Available")
    if not available.observed or available.value is None:
        return unsure(f"the conditions of {service.subject}", *service.probes())
    if available.value.status != "False":
        return Absent((Evidence(available.place, "it is available"),))
    reason = available.value.message or available.value.reason or "no reason given"
    return Present((Evidence(available.place, f"Available is False: {reason}"),), {"reason": reason})
