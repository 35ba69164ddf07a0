"""Nodes can attach no more volumes."""

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

VOLUME_LIMIT = Condition(
    code="scheduling.volume-limit-reached",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} mounts more volumes than nodes can attach",
    summary="Every node that the pod may use has reached its limit of attachable volumes.",
    remedies=(
        Remedy(
            id="spread-volumes",
            title="Add nodes, or detach volumes that no pod uses",
            when="now",
            risk="low",
            steps=(
                Step("See the limit and the attachments per node.", "kubectl get csinodes,volumeattachments"),
                Step("Add a node, or move pods with volumes elsewhere."),
            ),
            verify=(Step("The pods get a node.", "kubectl get pods -n {namespace} -o wide"),),
            undo=(Step("Set the former values again."),),
        ),
    ),
)


@rule(VOLUME_LIMIT, rows=("K1",), leads=(leads_to(UNSCHEDULED, via=ITSELF),))
def volume_limit(pod: PodView, where: Placement = given(placement)) -> Verdict:
    """The volume limit is reached.

    What it means: A node's CSI driver attaches no more volumes.
    How it shows: The scheduler says "exceed max volume count".
    What looks like it: Volumes that are still attached though their pods are gone.
    Source: Kubernetes v1.34 pkg/scheduler/framework/plugins/nodevolumelimits/csi.go.
    """
    return decides(where, Kind.VOLUME_LIMIT, {})
