"""An autoscaler that gets no metrics because its pods fall is an effect of what makes them fall."""

from __future__ import annotations

import json
from pathlib import Path

from tests.harness.changed import Files, diagnosed, objects_and_logs, recorded, roots

CASE = "workload/overwhelmed/replicas_fall_in_turn"
SELLER = [("workload.overwhelmed", "Deployment/tickets-live/seller")]
#: As Kubernetes 1.34.4 wrote it beside a replica that fell under its load.
UNREADY = (
    "the HPA was unable to compute the replica count: failed to get cpu utilization: did not receive metrics for "
    "targeted pods (pods might be unready)"
)


def with_autoscaler(message: str) -> Files:
    files = objects_and_logs(recorded(CASE))
    autoscaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "seller", "namespace": "tickets-live"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "seller"},
            "minReplicas": 3,
            "maxReplicas": 9,
        },
        "status": {
            "conditions": [
                {"type": "AbleToScale", "status": "True", "reason": "SucceededGetScale"},
                {"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric", "message": message},
            ]
        },
    }
    listing = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscalerList", "items": [autoscaler]}
    files["objects/horizontalpodautoscalers.json"] = json.dumps(listing).encode()
    return files


def test_pods_that_fall_leave_their_autoscaler_without_metrics(tmp_path: Path) -> None:
    diagnosis = diagnosed(with_autoscaler(UNREADY), tmp_path)
    assert roots(diagnosis) == SELLER
    assert diagnosis.outcome == "explained"


def test_another_trouble_of_the_autoscaler_is_its_own(tmp_path: Path) -> None:
    other = "the HPA was unable to compute the replica count: invalid metric source"
    diagnosis = diagnosed(with_autoscaler(other), tmp_path)
    assert "autoscaling.not-scaling" in {cause.finding.condition.code for cause in diagnosis.root_causes}
