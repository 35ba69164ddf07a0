"""Pods that keep a former template: recorded ones, as they are and with one thing changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import Files, change, diagnosed, objects_and_logs, recorded, roots

from kwhy.facts.objects import Container, EnvVar, PodSpec, ResourceRequirements
from kwhy.knowledge.workload.templates import changes, template_changes

SET = "workload/keeps_old_template/stateful_set"
PAUSED = "workload/rollout_paused"
DB = "StatefulSet/ledgerdb/db"
NOT_FOUND = [("image.not-found", DB)]
KEPT = [("workload.keeps-old-template", DB)]


def _objects(name: str, document: str, edit: Any) -> Files:
    files = objects_and_logs(recorded(name))
    change(files, document, edit)
    return files


def _with_set(edit: Any, folder: Path) -> list[tuple[str, str]]:
    return roots(diagnosed(_objects(SET, "objects/statefulsets.json", lambda items: edit(items[0]["spec"])), folder))


def test_a_corrected_template_that_waits_for_the_broken_pod_is_the_cause(tmp_path: Path) -> None:
    assert _with_set(lambda spec: None, tmp_path) == KEPT


def test_a_template_that_is_still_wrong_is_not(tmp_path: Path) -> None:
    def same(spec: dict[str, Any]) -> None:
        spec["template"]["spec"]["containers"][0]["image"] = "registry.lab.example/shop/app:1.4.3"

    assert _with_set(same, tmp_path) == NOT_FOUND


def test_a_change_that_cannot_have_mended_the_failure_explains_nothing(tmp_path: Path) -> None:
    def another_variable(spec: dict[str, Any]) -> None:
        container = spec["template"]["spec"]["containers"][0]
        container["image"] = "registry.lab.example/shop/app:1.4.3"
        container["env"] = [{"name": "LEVEL", "value": "debug"}]

    assert _with_set(another_variable, tmp_path) == NOT_FOUND


def test_a_parallel_stateful_set_replaces_the_broken_pod_itself(tmp_path: Path) -> None:
    assert _with_set(lambda spec: spec.update(podManagementPolicy="Parallel"), tmp_path) == NOT_FOUND


@pytest.mark.parametrize("strategy", [{"type": "OnDelete"}, {"rollingUpdate": {"partition": 2}}])
def test_a_strategy_that_keeps_pods_keeps_them_whatever_the_policy(strategy: dict[str, Any], tmp_path: Path) -> None:
    def keeping(spec: dict[str, Any]) -> None:
        spec.update(podManagementPolicy="Parallel", updateStrategy=strategy)

    assert _with_set(keeping, tmp_path) == KEPT


def test_a_deployment_that_is_not_paused_rolls_out_by_itself(tmp_path: Path) -> None:
    files = _objects(PAUSED, "objects/deployments.json", lambda items: items[0]["spec"].pop("paused"))
    assert roots(diagnosed(files, tmp_path)) == [("image.not-found", "Deployment/checkout/pay")]


def test_a_paused_deployment_with_the_template_of_its_pods_is_no_cause(tmp_path: Path) -> None:
    def same(items: list[Any]) -> None:
        items[0]["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.lab.example/shop/app:1.4.3"

    files = _objects(PAUSED, "objects/deployments.json", same)
    assert roots(diagnosed(files, tmp_path)) == [("image.not-found", "Deployment/checkout/pay")]


def _spec(**fields: Any) -> PodSpec:
    return PodSpec(containers=[Container(name="app", **fields)])


def test_what_changed_is_said_without_the_values_of_variables() -> None:
    old = _spec(image="app:1", env=[EnvVar("TOKEN", "s3cret"), EnvVar("GONE", "x")])
    new = _spec(image="app:2", env=[EnvVar("TOKEN", "0ther"), EnvVar("NEW", "y")])
    words = [change.words for change in template_changes(old, new)]
    assert words == ["image app:1 → app:2", "env TOKEN changed", "env NEW added", "env GONE removed"]


def test_equal_amounts_in_other_units_are_no_change() -> None:
    old = _spec(resources=ResourceRequirements(limits={"memory": "1Gi", "cpu": "1"}))
    new = _spec(resources=ResourceRequirements(limits={"memory": "1024Mi", "cpu": "500m"}))
    assert [change.words for change in changes(old, new)] == ["limits.cpu 1 → 500m"]
