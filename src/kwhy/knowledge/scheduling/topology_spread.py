"""Topology spread constraints leave no node for a pod."""

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

TOPOLOGY_SPREAD = Condition(
    code="scheduling.topology-spread-leaves-no-node",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} cannot be spread as its topology constraints demand",
    summary="Any free place would make the skew over the topology domains larger than maxSkew.",
    remedies=(
        Remedy(
            id="relax-spread",
            title="Let the scheduler deviate, or open nodes in the emptier domain",
            when="now",
            risk="low",
            steps=(
                Step("Count the pods per domain.", "kubectl get pods -n {namespace} -o wide"),
                Step(
                    "Set whenUnsatisfiable to ScheduleAnyway, or raise maxSkew; a rollout follows.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
            ),
            verify=(Step("The pods get a node.", "kubectl get pods -n {namespace} -o wide"),),
            undo=(Step("Set the former values again."),),
        ),
    ),
)


@rule(TOPOLOGY_SPREAD, rows=("K1",), leads=(leads_to(UNSCHEDULED, via=ITSELF),))
def topology_spread(pod: PodView, where: Placement = given(placement)) -> Verdict:
    """Topology spread constraints leave no node.

    What it means: The domains with fewer pods have no node that takes the pod.
    How it shows: The scheduler says "didn't match pod topology spread constraints".
    What looks like it: whenUnsatisfiable ScheduleAnyway never blocks.
    Source: Kubernetes v1.34 pkg/scheduler/framework/plugins/podtopologyspread/filtering.go.
    """
    return decides(where, Kind.TOPOLOGY_SPREAD, {})
