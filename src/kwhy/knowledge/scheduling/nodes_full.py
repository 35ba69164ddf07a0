"""Nodes are large enough for a pod, but others hold the room."""

from __future__ import annotations

from kwhy.knowledge.pod.unscheduled import UNSCHEDULED
from kwhy.knowledge.scheduling.judging import decides
from kwhy.knowledge.scheduling.obstacles import Kind
from kwhy.knowledge.scheduling.placement import Placement, placement
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Gap, Unsure, Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

NODES_FULL = Condition(
    code="scheduling.not-enough-room",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} requests more {resource} than is free on any node",
    summary="What running pods have requested leaves too little for this pod on every node that it may run on.",
    remedies=(
        Remedy(
            id="make-room",
            title="Make room, or ask for less",
            when="now",
            risk="medium",
            steps=(
                Step("See who holds the requests on each node.", "kubectl describe nodes"),
                Step("Lower requests that are larger than what is used, or scale down what is not needed."),
            ),
            verify=(Step("The pods get a node.", "kubectl get pods -n {namespace} -o wide"),),
            undo=(Step("Set the former requests or replica counts again."),),
        ),
        Remedy(
            id="add-nodes",
            title="Add nodes",
            when="lasting",
            risk="low",
            steps=(Step("Add a node, or let a cluster autoscaler do it."),),
            verify=(Step("The pods get a node.", "kubectl get pods -n {namespace} -o wide"),),
            undo=(Step("Drain and remove the node again."),),
        ),
    ),
)


@rule(NODES_FULL, rows=("K1",), leads=(leads_to(UNSCHEDULED, via=ITSELF),))
def nodes_full(pod: PodView, where: Placement = given(placement)) -> Verdict:
    """No node that the pod may use has enough free.

    What it means: The scheduler counts requests, not usage: an idle node can be full.
    How it shows: Recomputed: allocatable minus the requests of the node's pods is below the pod's request.
    What looks like it: A request that exceeds every node even when empty: the scheduler's "Insufficient cpu" says of
    both the same, what the nodes offer tells. Room that only cordoned nodes have.
    Source: Kubernetes v1.34 pkg/scheduler/framework/plugins/noderesources/fit.go (fitsRequest).
    """
    found = [o for _, o in where.obstacles(Kind.RESOURCES)]
    if where.recomputed and found and all(o.beyond for o in found):
        return Absent(where.evidence(Kind.RESOURCES))
    if where.said(Kind.RESOURCES) and not any(not o.beyond for o in found):
        return Unsure((Gap(f"what every node offers to {pod.subject}", where.gaps),), where.evidence(Kind.RESOURCES))
    short = sorted({o.key for o in found} | {r.key for r in where.said(Kind.RESOURCES)})
    return decides(where, Kind.RESOURCES, {"resource": " and ".join(short)})
