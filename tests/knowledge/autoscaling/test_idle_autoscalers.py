"""Autoscalers that say why they do nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import Files, change, diagnosed, objects_and_logs, recorded, roots

NOT_SERVED = b"the server could not find the requested resource (get pods.metrics.k8s.io)"
#: Kubernetes v1.34 pkg/controller/podautoscaler: replica_calculator.go:517, horizontal.go:775, metrics/client.go:70
NO_REQUEST = b"missing request for cpu in container promo of Pod promo-6597476878-8pj85"
DOWN = b"the server is currently unable to handle the request (get pods.metrics.k8s.io)"


def _saying(message: bytes) -> Files:
    files = objects_and_logs(recorded("autoscaling/metrics_api_missing/no_metrics_server"))
    return {name: data.replace(NOT_SERVED, message) for name, data in files.items()}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (NOT_SERVED, [("autoscaling.metrics-api-missing", "HorizontalPodAutoscaler/promo/promo")]),
        (NO_REQUEST, [("autoscaling.no-requests", "Deployment/promo/promo")]),
        (DOWN, []),
    ],
)
def test_the_autoscalers_own_words_tell_the_causes_apart(
    message: bytes, expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    assert roots(diagnosed(_saying(message), tmp_path)) == expected


def test_a_metrics_api_that_is_registered_is_not_missing(tmp_path: Path) -> None:
    files = _saying(NOT_SERVED)
    name = "objects/apiservices.apiregistration.k8s.io.json"
    files[name] = files[name].replace(b'"v1.apps"', b'"v1beta1.metrics.k8s.io"')
    assert roots(diagnosed(files, tmp_path)) == []


def test_a_target_that_does_not_exist_is_named(tmp_path: Path) -> None:
    files = _saying(NOT_SERVED)
    name = "objects/horizontalpodautoscalers.json"
    files[name] = (
        files[name]
        .replace(b'"reason": "SucceededGetScale"', b'"reason": "FailedGetScale"')
        .replace(b'"status": "True"', b'"status": "False"', 1)
        .replace(
            b"the HPA controller was able to get the target's current scale",
            b'the HPA controller was unable to get the target\'s current scale: deployments.apps \\"promo\\" not found',
        )
        .replace(NOT_SERVED, b"")
    )
    files = {n: d.replace(NOT_SERVED, b"") for n, d in files.items()}
    assert roots(diagnosed(files, tmp_path)) == [("autoscaling.target-missing", "HorizontalPodAutoscaler/promo/promo")]


AMBIGUOUS = "autoscaling/ambiguous_selector"


def test_what_an_autoscaler_no_longer_says_is_no_cause(tmp_path: Path) -> None:
    """It could not read its metrics once, and has complained of its selector ever since."""
    files = objects_and_logs(recorded(AMBIGUOUS))
    assert NOT_SERVED in files["objects/events.json"]
    assert roots(diagnosed(files, tmp_path)) == [
        ("autoscaling.ambiguous-selector", "Deployment/flashsale/offers-canary")
    ]


def test_two_autoscalers_of_one_workload_are_told_from_two_workloads(tmp_path: Path) -> None:
    files = objects_and_logs(recorded(AMBIGUOUS))
    name = "objects/horizontalpodautoscalers.json"

    def same_target(items: list[Any]) -> None:
        for item in items:
            item["spec"]["scaleTargetRef"]["name"] = "offers"

    change(files, name, same_target)
    ((_, subject),) = roots(diagnosed(files, tmp_path))
    assert subject == "HorizontalPodAutoscaler/flashsale/offers-canary"
