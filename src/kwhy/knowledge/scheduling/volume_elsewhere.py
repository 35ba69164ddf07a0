"""A pod mounts a volume that only other nodes reach."""

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

VOLUME_ELSEWHERE = Condition(
    code="scheduling.volume-bound-elsewhere",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} mounts a volume that only other nodes can reach",
    summary="The volume's node affinity (zone, host) excludes every node that the pod may use.",
    remedies=(
        Remedy(
            id="open-a-node-near-the-volume",
            title="Open or add a node where the volume is",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See to which nodes or zone the volume is tied.",
                    "kubectl describe pv",
                ),
                Step("Uncordon, repair or add a node there; data moves only by backup and restore."),
            ),
            verify=(Step("The pods get a node.", "kubectl get pods -n {namespace} -o wide"),),
            undo=(Step("Set the former values again."),),
        ),
    ),
)


@rule(VOLUME_ELSEWHERE, rows=("K1", "V1"), leads=(leads_to(UNSCHEDULED, via=ITSELF),))
def volume_elsewhere(pod: PodView, where: Placement = given(placement)) -> Verdict:
    """Its volume lives elsewhere.

    What it means: A local or zonal volume ties the pod to nodes that are gone, full or closed.
    How it shows: The scheduler says "had volume node affinity conflict" or "had no available volume zone".
    What looks like it: A claim that is not bound yet.
    Source: Kubernetes v1.34 pkg/scheduler/framework/plugins/volumebinding/binder.go; volumezone/volume_zone.go.
    """
    return decides(where, Kind.VOLUME_PLACE, {})
