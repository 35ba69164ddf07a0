"""Several disruption budgets cover one pod, which the eviction API does not support."""

from __future__ import annotations

from kwhy.knowledge.budget.drain_blocked import DRAIN_BLOCKED
from kwhy.knowledge.budget.evictions import KEPT_BY_SEVERAL, Refusal, budgets_of, refusals_on
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

OVERLAPPING = Condition(
    code="budget.overlapping",
    kind="PodDisruptionBudget",
    nature=Nature.ROOT,
    title="{subject} and {others} cover the same pod {pod}, which therefore cannot be evicted at all",
    summary="The eviction API refuses pods that more than one budget covers.",
    remedies=(
        Remedy(
            id="one-budget-per-pod",
            title="Leave one budget for the pod",
            when="now",
            risk="low",
            steps=(
                Step("Keep a copy.", "kubectl get pdb {name} -n {namespace} -o yaml > {name}.yaml"),
                Step("Narrow the selector of one of them, or delete it.", "kubectl edit pdb {name} -n {namespace}"),
            ),
            verify=(Step("The drain gets on.", "kubectl get pdb -n {namespace}"),),
            undo=(Step("Restore the copy.", "kubectl apply -f {name}.yaml"),),
        ),
    ),
)


def refused_for_several(scene: Scene, budget: Subject) -> list[tuple[Refusal, list[Subject]]]:
    """Evictions refused because more than one budget covers the pod"""
    found = []
    for node in scene.subjects("Node"):
        for refusal in refusals_on(scene, node):
            if refusal.several_budgets:
                budgets = budgets_of(scene, refusal.fact.pod)
                if budget in budgets and len(budgets) > 1:
                    found.append((refusal, [b for b in budgets if b != budget]))
    return found


@rule(OVERLAPPING, rows=("P16",), leads=(leads_to(DRAIN_BLOCKED, via=KEPT_BY_SEVERAL),))
def overlapping(
    budget: ObjectView, refused: list[tuple[Refusal, list[Subject]]] = given(refused_for_several)
) -> Verdict:
    """Several budgets cover one pod.

    What it means: The eviction API gives up with an error 500 whatever the budgets allow.
    How it shows: "This pod has more than one PodDisruptionBudget" while draining.
    What looks like it: A budget that allows no disruption.
    Source: Kubernetes v1.34 pkg/registry/core/pod/storage/eviction.go (Create).
    """
    if not refused:
        return unsure(f"which budgets cover the refused pods in {budget.namespace}", LIST.of(kind="pdb,pods"))
    refusal, others = refused[0]
    values = {"others": ", ".join(str(b) for b in others), "pod": refusal.fact.pod}
    return Present((Evidence(refusal.fact.at, refusal.fact.reason),), values)
