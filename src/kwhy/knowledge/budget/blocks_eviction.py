"""A disruption budget leaves no room for any eviction."""

from __future__ import annotations

from kwhy.knowledge.budget.drain_blocked import DRAIN_BLOCKED
from kwhy.knowledge.budget.evictions import KEPT_BY_BUDGET, UNNAMED
from kwhy.knowledge.budget.numbers import Numbers, numbers_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST
from kwhy.scene.views import ObjectView

BLOCKS_EVICTION = Condition(
    code="budget.blocks-eviction",
    kind="PodDisruptionBudget",
    nature=Nature.ROOT,
    title="{subject} asks for {asks} of {expected} pods, so that none may ever be evicted",
    summary="The budget needs as many healthy pods as there are.",
    remedies=(
        Remedy(
            id="make-room",
            title="Add a replica, so that one may go",
            when="now",
            risk="low",
            steps=(
                Step("See what the budget covers.", "kubectl describe pdb {name} -n {namespace}"),
                Step("Scale the workload up by one, if it can run with one more and another node has room."),
            ),
            verify=(
                Step("ALLOWED DISRUPTIONS is at least 1.", "kubectl get pdb {name} -n {namespace}"),
                Step("The drain gets on."),
            ),
            undo=(Step("Scale down again after the drain."),),
        ),
        Remedy(
            id="loosen-the-budget",
            title="Let the budget tolerate the loss of one pod",
            when="lasting",
            risk="medium",
            steps=(
                Step(
                    "Ask the owner whether the program stands the loss of one pod: a quorum may not. Then set "
                    "maxUnavailable: 1, or minAvailable below the number of replicas.",
                    "kubectl edit pdb {name} -n {namespace}",
                ),
            ),
            verify=(Step("ALLOWED DISRUPTIONS is at least 1.", "kubectl get pdb {name} -n {namespace}"),),
            undo=(Step("Set the former value again.", "kubectl edit pdb {name} -n {namespace}"),),
        ),
    ),
)


@rule(BLOCKS_EVICTION, rows=("P16",), leads=(leads_to(DRAIN_BLOCKED, via=KEPT_BY_BUDGET),))
def blocks_eviction(budget: ObjectView, numbers: Numbers = given(numbers_of)) -> Verdict:
    """The budget allows no eviction by its own numbers.

    What it means: minAvailable is not below the number of pods, or maxUnavailable is 0: even with all pods healthy none
    may go. It harms only when somebody drains a node.
    How it shows: status.disruptionsAllowed 0 with desiredHealthy equal to expectedPods.
    What looks like it: A budget with room that unhealthy pods use up; a budget that counts anew after a rollout.
    Source: Kubernetes v1.34 pkg/controller/disruption/disruption.go (getExpectedPodCount, updatePdbStatus);
    pkg/registry/core/pod/storage/eviction.go (checkAndDecrement).
    """
    if budget.name == UNNAMED:
        return unsure(
            "the budget of the refused pods", LIST.of(kind="poddisruptionbudgets", namespace=budget.namespace)
        )
    if numbers.at is None or numbers.allowed is None:
        return unsure(f"the status of {budget.subject}", *budget.probes())
    if numbers.allowed > 0:
        return Absent((Evidence(numbers.at, f"{numbers.allowed} pods may be evicted"),))
    tight = numbers.too_tight
    if tight is None:
        return unsure(f"how many pods {budget.subject} expects and needs", *budget.probes())
    if not tight:
        return Absent((Evidence(numbers.at, f"{numbers.sum}: with all pods healthy one could go"),))
    values = {"asks": numbers.asks, "expected": numbers.expected}
    return Present((Evidence(numbers.at, numbers.sum),), values, basis=Basis.RECOMPUTED)
