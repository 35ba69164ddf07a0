"""An autoscaler gets no metrics of its pods because none of them runs long enough."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.autoscaling.no_requests import target_of
from kwhy.knowledge.autoscaling.not_scaling import NOT_SCALING
from kwhy.knowledge.pod.failing import POD_FAILING, failing, failing_candidates
from kwhy.model.rule import Relation, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import pods_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView, PodView

#: failed to get cpu utilization: did not receive metrics for targeted pods (pods might be unready) (Kubernetes v1.34
#: pkg/controller/podautoscaler/replica_calculator.go)
_UNREADY = "did not receive metrics for targeted pods"


def _unready(scene: Scene, autoscaler: Subject) -> Iterable[Subject]:
    """The failing pods of the autoscaler's target, where it says that it got no metrics of them."""
    condition = ObjectView(scene, autoscaler).condition("ScalingActive")
    said = (condition.value.message or "") if condition.observed and condition.value is not None else ""
    target = target_of(scene, autoscaler)
    if _UNREADY not in said or target is None:
        return []
    suspects = set(failing_candidates(scene))
    return [pod for pod in pods_of(scene, target) if pod in suspects]


GETS_NO_METRICS_OF = Relation("gets no metrics of", _unready)


@rule(POD_FAILING, rows=("P15",), leads=(leads_to(NOT_SCALING, via=GETS_NO_METRICS_OF),))
def targets_unready(pod: PodView) -> Verdict:
    """The pods that the autoscaler is to scale do not run.

    What it means: The metrics of pods that are not ready, or have just started, are not used: the autoscaler is well.
    How it shows: As for the pods themselves; the autoscaler says "did not receive metrics for targeted pods (pods might
    be unready)".
    What looks like it: A metrics API that is missing, or has nothing of any pod.
    Source: Kubernetes v1.34 pkg/controller/podautoscaler/replica_calculator.go (groupPods).
    """
    return failing(pod)
