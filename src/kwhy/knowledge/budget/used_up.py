"""A disruption budget has room, and unhealthy pods use it up."""

from __future__ import annotations

from kwhy.knowledge.budget.drain_blocked import DRAIN_BLOCKED
from kwhy.knowledge.budget.evictions import COVERS, KEPT_BY_BUDGET, UNNAMED
from kwhy.knowledge.budget.numbers import Numbers, numbers_of
from kwhy.knowledge.pod.failing import POD_FAILING, failing
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST
from kwhy.scene.views import ObjectView, PodView

USED_UP = Condition(
    code="budget.used-up",
    kind="PodDisruptionBudget",
    nature=Nature.EFFECT,
    title="{subject} is used up by pods that are not healthy: {sum}",
    summary="The budget would allow evictions if all its pods were healthy.",
)


@rule(USED_UP, rows=("P16",), leads=(leads_to(DRAIN_BLOCKED, via=KEPT_BY_BUDGET),))
def used_up(budget: ObjectView, numbers: Numbers = given(numbers_of)) -> Verdict:
    """Unhealthy pods use up the budget.

    What it means: Pods that are not ready count as disrupted already; the healthy ones may not go as well.
    How it shows: disruptionsAllowed 0 with fewer healthy than expected pods.
    What looks like it: A budget that leaves no room by its own numbers.
    Source: Kubernetes v1.34 pkg/controller/disruption/disruption.go (countHealthyPods, updatePdbStatus).
    """
    if budget.name == UNNAMED:
        return unsure(
            "the budget of the refused pods", LIST.of(kind="poddisruptionbudgets", namespace=budget.namespace)
        )
    if numbers.at is None or numbers.healthy is None or numbers.expected is None:
        return unsure(f"the status of {budget.subject}", *budget.probes())
    if numbers.allowed == 0 and numbers.healthy < numbers.expected:
        return Present((Evidence(numbers.at, numbers.sum),), {"sum": numbers.sum})
    return Absent((Evidence(numbers.at, numbers.sum),))


@rule(POD_FAILING, rows=("P16",), leads=(leads_to(USED_UP, via=COVERS),))
def covered_pod_failing(pod: PodView) -> Verdict:
    """A pod that a budget covers does not run as asked.

    What it means: It counts as disrupted.
    How it shows: As for the pod itself.
    What looks like it: A pod that is ready and merely old.
    Source: Kubernetes v1.34 pkg/controller/disruption/disruption.go (countHealthyPods).
    """
    return failing(pod)
