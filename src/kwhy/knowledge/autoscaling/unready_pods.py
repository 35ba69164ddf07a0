"""From an autoscaler that gets no metrics of its pods to those pods."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.autoscaling.no_requests import target_of
from kwhy.knowledge.autoscaling.stated import complaints
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.scene.relations import pods_of
from kwhy.scene.scene import Scene

#: metrics-server leaves pods out that do not run, and the controller those that are not ready (Kubernetes v1.34
#: pkg/controller/podautoscaler/replica_calculator.go, groupPods).
_NO_METRICS_OF_PODS = "did not receive metrics for targeted pods"


def _pods(scene: Scene, autoscaler: Subject) -> Iterable[Subject]:
    if not any(_NO_METRICS_OF_PODS in said.says for said in complaints(scene, autoscaler)):
        return ()
    target = target_of(scene, autoscaler)
    return pods_of(scene, target) if target is not None else ()


#: The pods that the autoscaler measures, where it says that it gets no metrics of them.
MEASURES = Relation("measures", _pods)
