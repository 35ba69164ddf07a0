"""An autoscaler's target does not exist."""

from __future__ import annotations

from kwhy.knowledge.autoscaling.not_scaling import NOT_SCALING
from kwhy.knowledge.autoscaling.stated import complaints
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import ObjectView

TARGET_MISSING = Condition(
    code="autoscaling.target-missing",
    kind="HorizontalPodAutoscaler",
    nature=Nature.ROOT,
    title="{subject} is to scale {target}, which does not exist",
    summary="scaleTargetRef names an object that is not there.",
    remedies=(
        Remedy(
            id="correct-the-target",
            title="Name the right target",
            when="now",
            risk="low",
            steps=(
                Step("See what there is.", "kubectl get deployments,statefulsets -n {namespace}"),
                Step("Correct spec.scaleTargetRef.", "kubectl edit hpa {name} -n {namespace}"),
            ),
            verify=(Step("AbleToScale is True.", "kubectl describe hpa {name} -n {namespace}"),),
            undo=(Step("Set the former target again.", "kubectl edit hpa {name} -n {namespace}"),),
        ),
    ),
)

# the HPA controller was unable to get the target's current scale: deployments.apps "shop" not found
# Kubernetes v1.34 pkg/controller/podautoscaler/horizontal.go (reconcileAutoscaler, FailedGetScale)
_NOT_FOUND = expression(
    r"unable to get the target's current scale: (?P<resource>[\w.-]{1,200}) \"(?P<name>[^\"]{1,253})\" not found"
)


@rule(TARGET_MISSING, rows=("P15",), leads=(leads_to(NOT_SCALING, via=ITSELF),))
def target_missing(autoscaler: ObjectView, said: list[Evidence] = given(complaints)) -> Verdict:
    """The autoscaler's target does not exist.

    What it means: There is nothing to scale.
    How it shows: AbleToScale is False with FailedGetScale and "not found".
    What looks like it: A target without scale subresource; a forbidden one.
    Source: Kubernetes v1.34 pkg/controller/podautoscaler/horizontal.go (reconcileAutoscaler).
    """
    for evidence in said:
        match = _NOT_FOUND.search(evidence.says)
        if match is not None:
            return Present((evidence,), {"target": f"{match['resource']} {match['name']}"})
    if said:
        return Absent((said[0],))
    return unsure(f"the conditions of {autoscaler.subject}", *autoscaler.probes())
