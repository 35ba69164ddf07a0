"""A taint keeps off pods that have nowhere else to go."""

from __future__ import annotations

from kwhy.facts.objects import Taint
from kwhy.knowledge.pod.unscheduled import UNSCHEDULED
from kwhy.knowledge.scheduling.fit import taint_text
from kwhy.knowledge.scheduling.obstacles import CONDITION_TAINTS, CONTROL_PLANE_TAINTS, CORDON_TAINT, Kind
from kwhy.knowledge.scheduling.placement import placement
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

TAINT_NOT_TOLERATED = Condition(
    code="node.taint-not-tolerated",
    kind="Node",
    nature=Nature.ROOT,
    title="{subject} has taint {taint}, which pending pods do not tolerate and no other node makes up for",
    summary="Someone tainted the node, and the pods that wait have no toleration for it and no other node to go to.",
    remedies=(
        Remedy(
            id="remove-the-taint",
            title="Remove the taint",
            when="now",
            risk="low",
            steps=(
                Step("Ask who set it and why.", "kubectl describe node {name}"),
                Step("Remove it.", "kubectl taint node {name} {removal}"),
            ),
            verify=(Step("The pending pods get a node.", "kubectl get pods -A --field-selector status.phase=Pending"),),
            undo=(Step("Set it again.", "kubectl taint node {name} {taint}"),),
        ),
        Remedy(
            id="tolerate-the-taint",
            title="Or let the pods tolerate it, if they belong on this node",
            when="lasting",
            risk="low",
            steps=(Step("Add a toleration for {taint} to the pod template; this starts a rollout."),),
            verify=(Step("The pending pods get a node.", "kubectl get pods -A --field-selector status.phase=Pending"),),
            undo=(Step("Remove the toleration again."),),
        ),
    ),
)


def _tainted_nodes(scene: Scene, pod: Subject) -> list[Subject]:
    """Nodes of which a taint is all that keeps the pod off; where specs are missing, the nodes seen with a taint."""
    where = scene.derive(placement, pod)
    if Kind.TAINT not in where.decisive:
        return []
    known = where.nodes_with(Kind.TAINT)
    if known:
        return known
    seen = {n: found[1] for n in scene.subjects("Node") if (found := blocking_taint(NodeView(scene, n))) is not None}
    others = [n for n, taint in seen.items() if taint.key not in CONTROL_PLANE_TAINTS]
    # A control-plane node is closed on purpose: it is to blame only where there is no other kind of node.
    return others or (list(seen) if len(seen) == len(scene.subjects("Node")) else [])


def blocking_taint(node: NodeView) -> tuple[int, Taint] | None:
    """The first taint that a person set and that keeps pods off."""
    taints = node.taints
    for index, taint in enumerate(taints.value if taints.observed else ()):
        by_state = taint.key in CONDITION_TAINTS or taint.key == CORDON_TAINT
        if taint.effect in ("NoSchedule", "NoExecute") and not by_state:
            return index, taint
    return None


CLOSED_BY_TAINT = Relation("is kept off", _tainted_nodes)


@rule(TAINT_NOT_TOLERATED, rows=("K1", "K3"), leads=(leads_to(UNSCHEDULED, via=CLOSED_BY_TAINT),))
def taint_not_tolerated(node: NodeView) -> Verdict:
    """A taint keeps the pods off.

    What it means: Only pods with a matching toleration may come (NoSchedule) or stay (NoExecute).
    How it shows: spec.taints of the node against the pod's tolerations, recomputed; or the scheduler's "had untolerated
    taint".
    What looks like it: Taints that components set from a node's state (not-ready, pressure, cordon) are effects. Nodes
    that are dedicated on purpose are no fault where other nodes exist for the pod.
    Source: Kubernetes v1.34 pkg/scheduler/framework/plugins/tainttoleration/taint_toleration.go.
    """
    found = blocking_taint(node)
    taints = node.taints
    if found is None:
        return Absent((Evidence(taints.place, "no taint of a person's making"),))
    index, taint = found
    written = taint_text(taint)
    place = taints.place.quoting(written, f"[{index}]")
    removal = f"{taint.key}:{taint.effect}-"
    return Present((Evidence(place, f"the node is tainted {written}"),), {"taint": written, "removal": removal})
