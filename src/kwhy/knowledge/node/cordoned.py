"""Someone cordoned a node, and pods wait for it."""

from __future__ import annotations

from kwhy.knowledge.pod.unscheduled import UNSCHEDULED
from kwhy.knowledge.scheduling.obstacles import Kind
from kwhy.knowledge.scheduling.placement import placement
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

CORDONED = Condition(
    code="node.cordoned",
    kind="Node",
    nature=Nature.ROOT,
    title="{subject} is cordoned, and it is what pending pods would run on",
    summary="spec.unschedulable is true: the scheduler places no pods there.",
    remedies=(
        Remedy(
            id="uncordon",
            title="Uncordon the node",
            when="now",
            risk="low",
            steps=(
                Step("Ask who cordoned it: maintenance may be under way.", "kubectl describe node {name}"),
                Step("Open it for pods again.", "kubectl uncordon {name}"),
            ),
            verify=(Step("The pending pods get a node.", "kubectl get pods -A --field-selector status.phase=Pending"),),
            undo=(Step("Cordon it again.", "kubectl cordon {name}"),),
        ),
    ),
)


def _cordoned_nodes(scene: Scene, pod: Subject) -> list[Subject]:
    """Nodes of which the cordon is all that keeps the pod off; where specs are missing, every node seen cordoned."""
    where = scene.derive(placement, pod)
    if Kind.CORDONED in where.decisive:
        known = where.nodes_with(Kind.CORDONED)
        return known or [n for n in scene.subjects("Node") if _seen_cordoned(NodeView(scene, n)) is not None]
    return []


def _seen_cordoned(node: NodeView) -> Evidence | None:
    if node.unschedulable.observed:
        if node.unschedulable.value:
            return Evidence(node.unschedulable.place, "spec.unschedulable is true")
        return None
    printed = node.printed("STATUS")
    if printed.observed and "SchedulingDisabled" in printed.value:
        return Evidence(printed.place, f"kubectl prints {printed.value}")
    return None


CLOSED_BY_CORDON = Relation("waits for", _cordoned_nodes)


@rule(CORDONED, rows=("K3",), leads=(leads_to(UNSCHEDULED, via=CLOSED_BY_CORDON),))
def cordoned(node: NodeView) -> Verdict:
    """The node is cordoned.

    What it means: Running pods stay, new ones are not placed here.
    How it shows: spec.unschedulable is true; kubectl prints SchedulingDisabled.
    What looks like it: A taint by condition (not-ready, disk-pressure) closes a node too, and goes by itself.
    Source: Kubernetes v1.34 pkg/scheduler/framework/plugins/nodeunschedulable/node_unschedulable.go.
    """
    evidence = _seen_cordoned(node)
    if evidence is not None:
        return Present((evidence,))
    if node.unschedulable.observed:
        return Absent((Evidence(node.unschedulable.place, "it is not cordoned"),))
    return unsure(f"whether {node.name} is cordoned", *node.probes())
