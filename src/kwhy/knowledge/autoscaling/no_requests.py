"""An autoscaler by utilisation, and pods that request nothing."""

from __future__ import annotations

from kwhy.facts.objects import HorizontalPodAutoscaler, ScaleTargetRef
from kwhy.knowledge.autoscaling.not_scaling import NOT_SCALING
from kwhy.knowledge.autoscaling.stated import complaints
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

NO_REQUESTS = Condition(
    code="autoscaling.no-requests",
    kind="HorizontalPodAutoscaler",
    nature=Nature.ROOT,
    title="{subject} requests no {resource}, by which {autoscaler} is to scale it",
    summary="Utilisation is a share of the request; without a request there is nothing to compute.",
    remedies=(
        Remedy(
            id="set-requests",
            title="Set requests on every container of the target",
            when="now",
            risk="low",
            steps=(
                Step("Set resources.requests.{resource} on every container, sidecars too; pods are rolled out anew."),
            ),
            verify=(Step("ScalingActive is True.", "kubectl describe hpa {autoscaler_name} -n {namespace}"),),
            undo=(Step("Return to the former template.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)  # fmt: skip

# missing request for cpu in container app of Pod web-6f5c6d7f64-6gw7r (Kubernetes v1.27 and later;
# "missing request for cpu" before): pkg/controller/podautoscaler/replica_calculator.go calculatePodRequests
_MISSING = expression(r"missing request for (?P<resource>[\w./-]{1,100})(?: in container (?P<container>\S{1,63}))?")


def target_of(scene: Scene, autoscaler: Subject) -> Subject | None:
    """What the autoscaler scales"""
    for observation in scene.observations(autoscaler):
        struct = observation.object
        reference = struct.spec.scale_target_ref if isinstance(struct, HorizontalPodAutoscaler) else None
        if isinstance(reference, ScaleTargetRef) and reference.name:
            return Subject(reference.kind, reference.name, autoscaler.namespace)
    return None


@rule(NO_REQUESTS, rows=("P15",), leads=(leads_to(NOT_SCALING, via=ITSELF),))
def no_requests(
    autoscaler: ObjectView, said: list[Evidence] = given(complaints), target: Subject | None = given(target_of)
) -> Verdict:
    """The autoscaler's target requests nothing to compare with.

    What it means: A target by utilisation is a percentage of the containers' requests.
    How it shows: FailedGetResourceMetric with "missing request for".
    What looks like it: A target by average value needs no requests; metrics that are not served at all.
    Source: Kubernetes v1.34 pkg/controller/podautoscaler/replica_calculator.go (calculatePodRequests).
    """
    for evidence in said:
        match = _MISSING.search(evidence.says)
        if match is not None:
            values = {
                "resource": match["resource"],
                "autoscaler": autoscaler.subject,
                "autoscaler_name": autoscaler.name,
            }
            return Present((evidence,), values, blames=target)
    if said:
        return Absent((said[0],))
    return unsure(f"the conditions of {autoscaler.subject}", *autoscaler.probes())
