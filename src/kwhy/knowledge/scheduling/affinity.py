"""Pod affinity finds no pod to run beside."""

from __future__ import annotations

from kwhy.knowledge.pod.unscheduled import UNSCHEDULED
from kwhy.knowledge.scheduling.judging import decides
from kwhy.knowledge.scheduling.obstacles import Kind
from kwhy.knowledge.scheduling.placement import Placement, placement
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

AFFINITY = Condition(
    code="scheduling.affinity-finds-no-pod",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} must run beside pods that run nowhere it may go",
    summary="Required pod affinity finds no matching pod on a node that is open to this pod.",
    remedies=(
        Remedy(
            id="start-the-partner",
            title="Start the pods that it must run beside, or relax the rule",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Find pods with the labels that the rule asks for.",
                    "kubectl get pods -n {namespace} --show-labels -o wide",
                ),
                Step(
                    "Correct the labels in the rule, or turn it into a preferred one.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
            ),
            verify=(Step("The pods get a node.", "kubectl get pods -n {namespace} -o wide"),),
            undo=(Step("Set the former values again."),),
        ),
    ),
)


@rule(AFFINITY, rows=("K1",), leads=(leads_to(UNSCHEDULED, via=ITSELF),))
def affinity(pod: PodView, where: Placement = given(placement)) -> Verdict:
    """Affinity finds no pod to join.

    What it means: The pods it must run beside do not run, or run on nodes that are closed to it.
    How it shows: The scheduler says "didn't match pod affinity rules".
    What looks like it: The first pod of a group that selects itself is allowed.
    Source: Kubernetes v1.34 pkg/scheduler/framework/plugins/interpodaffinity/filtering.go (satisfyPodAffinity).
    """
    return decides(where, Kind.POD_AFFINITY, {})
