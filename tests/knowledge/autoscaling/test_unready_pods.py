"""An autoscaler that gets no metrics of pods that do not run is an effect of what ails the pods."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.harness.changed import Files, diagnosed, named, objects_and_logs, recorded, roots

#: Kubernetes 1.34, recorded while the only pod of the target restarted again and again.
NO_METRICS = (
    "the HPA was unable to compute the replica count: failed to get cpu utilization: did not receive metrics for "
    "targeted pods (pods might be unready)"
)


def with_autoscaler(message: str) -> Files:
    files = objects_and_logs(recorded("container/out_of_memory/limit_below_need"))
    deployment = named(json.loads(files["objects/deployments.json"])["items"], "ranker")["metadata"]
    name, namespace = deployment["name"], deployment["namespace"]
    autoscaler: dict[str, Any] = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "namespace": namespace, "uid": "hpa"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": 1,
            "maxReplicas": 4,
        },
        "status": {
            "conditions": [
                {"type": "AbleToScale", "status": "True", "reason": "SucceededGetScale", "message": ""},
                {"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric", "message": message},
            ]
        },
    }
    listing = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscalerList", "items": [autoscaler]}
    files["objects/horizontalpodautoscalers.autoscaling.json"] = json.dumps(listing).encode()
    return files


def test_what_ails_the_pods_explains_the_autoscaler_too(tmp_path: Path) -> None:
    diagnosis = diagnosed(with_autoscaler(NO_METRICS), tmp_path)
    assert [code for code, _ in roots(diagnosis)] == ["container.out-of-memory"]
    assert diagnosis.outcome == "explained"


def test_another_complaint_of_the_autoscaler_is_not_explained_by_its_pods(tmp_path: Path) -> None:
    message = "the HPA was unable to compute the replica count: unable to get external metric shop/queue"
    assert diagnosed(with_autoscaler(message), tmp_path).outcome == "partly-explained"
