"""A pod asks for more than any node has, even when empty."""

from __future__ import annotations

from kwhy.knowledge.pod.unscheduled import UNSCHEDULED
from kwhy.knowledge.scheduling.judging import decides
from kwhy.knowledge.scheduling.obstacles import Kind
from kwhy.knowledge.scheduling.placement import Placement, placement
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Evidence, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import NodeView, PodView

REQUEST_TOO_LARGE = Condition(
    code="scheduling.request-exceeds-every-node",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} requests more {resource} than any node has",
    summary="The pod's resource requests exceed the allocatable resources of every node that it may run on.",
    remedies=(
        Remedy(
            id="lower-the-request",
            title="Lower the request to what a node can give",
            when="now",
            risk="low",
            steps=(
                Step("See what nodes offer.", "kubectl describe nodes"),
                Step(
                    "Lower the template's requests; a rollout follows.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
            ),
            verify=(Step("The pods get a node.", "kubectl get pods -n {namespace} -o wide"),),
            undo=(Step("Go back to the revision before.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
        Remedy(
            id="add-a-larger-node",
            title="Add a node that is large enough",
            when="lasting",
            risk="low",
            steps=(Step("Add a node whose allocatable {resource} exceeds the request."),),
            verify=(Step("The pods get a node.", "kubectl get pods -n {namespace} -o wide"),),
            undo=(Step("Drain and remove the node again."),),
        ),
    ),
)


@rule(REQUEST_TOO_LARGE, rows=("K1",), leads=(leads_to(UNSCHEDULED, via=ITSELF),))
def request_too_large(pod: PodView, where: Placement = given(placement)) -> Verdict:
    """The request fits no node, however empty.

    What it means: Freeing room or adding nodes of the same size does not help.
    How it shows: Recomputed: on every node that the pod may use, the request exceeds status.allocatable.
    What looks like it: Nodes that are large enough but full (their pods' requests take the room).
    Source: Kubernetes v1.34 pkg/scheduler/framework/plugins/noderesources/fit.go (fitsRequest).
    """
    if not where.recomputed:
        return unsure(f"the requests of {pod.subject} and what every node offers", *where.gaps)
    beyond = [(node, o) for node, o in where.obstacles(Kind.RESOURCES) if o.beyond]
    if Kind.RESOURCES in where.decisive and beyond and not _room_when_empty(where):
        return decides(where, Kind.RESOURCES, {"resource": " and ".join(sorted({o.key for _, o in beyond}))})
    known = [f for f in where.fits if NodeView(pod.scene, f.node).allocatable.observed]
    fitting = next((f for f in known if not any(o.beyond for o in f.obstacles)), None)
    proof = where.evidence(next(iter(where.decisive)), limit=1) if where.decisive else ()
    if fitting is not None and proof:
        return Absent((Evidence(proof[0].at, f"{fitting.node.name} is large enough when empty"),))
    return unsure(f"the requests of {pod.subject} and what every node offers", *where.gaps)


def _room_when_empty(where: Placement) -> bool:
    """Whether a node that the pod may use would be large enough if it ran nothing."""
    open_nodes = [f for f in where.fits if Kind.SELECTOR not in f.kinds and not any(o.by_design for o in f.obstacles)]
    return any(not any(o.beyond for o in f.obstacles) for f in open_nodes)
