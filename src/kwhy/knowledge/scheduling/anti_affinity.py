"""Pod anti-affinity leaves no node for a pod."""

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

ANTI_AFFINITY = Condition(
    code="scheduling.anti-affinity-leaves-no-node",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} refuses to share a node with pods that run on every node",
    summary="Required pod anti-affinity leaves no node: there are as many such pods as places, or more.",
    remedies=(
        Remedy(
            id="relax-anti-affinity",
            title="Prefer instead of require, or add nodes",
            when="now",
            risk="low",
            steps=(
                Step("See where the pods that it refuses to join run.", "kubectl get pods -n {namespace} -o wide"),
                Step(
                    "Turn the required rule into a preferred one, or lower replicas to the number of places.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
            ),
            verify=(Step("The pods get a node.", "kubectl get pods -n {namespace} -o wide"),),
            undo=(Step("Set the former values again."),),
        ),
    ),
)


@rule(ANTI_AFFINITY, rows=("K1",), leads=(leads_to(UNSCHEDULED, via=ITSELF),))
def anti_affinity(pod: PodView, where: Placement = given(placement)) -> Verdict:
    """Anti-affinity leaves no node.

    What it means: Each topology domain already runs a pod that this one must not join, or that refuses it.
    How it shows: Recomputed for the pod's own rules; the scheduler's words for those of running pods.
    What looks like it: Preferred anti-affinity never blocks.
    Source: Kubernetes v1.34 pkg/scheduler/framework/plugins/interpodaffinity/filtering.go.
    """
    return decides(where, Kind.POD_ANTI_AFFINITY, {})
