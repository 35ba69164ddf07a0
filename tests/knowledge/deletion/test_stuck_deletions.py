"""Objects that were deleted and are still there: recorded ones, as they are and with one thing changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.harness.changed import Files, change, diagnosed, found, named, recorded, roots

NAMESPACE = "deletion/finalizer_kept/in_a_deleted_namespace"
CLAIM = "deletion/claim_in_use"
LEASE = [("deletion.finalizer-kept", "ConfigMap/retired/address-lease")]
#: Kubernetes v1.34 pkg/controller/namespace/deletion/status_condition_utils.go, with the error of client-go v0.34
#: discovery/discovery_client.go (ErrGroupDiscoveryFailed, StaleGroupVersionError).
NOT_DISCOVERED = (
    "Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: "
    "metrics.k8s.io/v1beta1: stale GroupVersion discovery: metrics.k8s.io/v1beta1"
)


def _only(files: Files, *names: str) -> Files:
    return {f"{name}.json": files[f"objects/{name}.json"] for name in names} | {
        "nodes.json": files["objects/nodes.json"]
    }


def test_what_keeps_the_namespace_is_the_object_with_the_finalizer(tmp_path: Path) -> None:
    assert roots(diagnosed(recorded(NAMESPACE), tmp_path)) == LEASE


def test_without_the_object_the_namespace_itself_says_what_remains(tmp_path: Path) -> None:
    diagnosis = diagnosed(_only(recorded(NAMESPACE), "namespaces"), tmp_path)
    assert roots(diagnosis) == []
    (deepest,) = [c.finding.title for c in diagnosis.root_causes if c.finding.subject.name == "retired"]
    assert "lab.example/release-address in 1 resource instances" in deepest


def test_a_namespace_that_is_being_deleted_this_moment_is_no_failure(tmp_path: Path) -> None:
    files = _only(recorded(NAMESPACE), "namespaces", "configmaps")

    def just_now(items: list[Any]) -> None:
        for item in items:
            if "deletionTimestamp" in item["metadata"]:
                item["metadata"]["deletionTimestamp"] = "2026-11-22T03:00:10Z"
            item.get("status", {}).pop("conditions", None)

    for name in ("namespaces.json", "configmaps.json"):
        change(files, name, just_now)
    assert found(diagnosed(files, tmp_path)) == set()


def test_an_api_that_does_not_answer_keeps_the_namespace(tmp_path: Path) -> None:
    files = _only(recorded(NAMESPACE), "namespaces")

    def not_discovered(items: list[Any]) -> None:
        for condition in named(items, "retired")["status"]["conditions"]:
            failed = condition["type"] == "NamespaceDeletionDiscoveryFailure"
            condition["status"] = "True" if failed else "False"
            condition["message"] = NOT_DISCOVERED if failed else ""

    change(files, "namespaces.json", not_discovered)
    available = {"type": "Available", "status": "False", "reason": "MissingEndpoints", "message": "no endpoints"}
    service = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": "v1beta1.metrics.k8s.io"},
        "spec": {"service": {"name": "metrics-server", "namespace": "kube-system"}},
        "status": {"conditions": [available]},
    }
    files["apiservice.json"] = json.dumps(service).encode()
    diagnosis = diagnosed(files, tmp_path)
    (cause,) = [c for c in diagnosis.root_causes if c.finding.condition.code == "api.aggregated-unavailable"]
    explained = {f.condition.code for f in diagnosis.findings if f.id in cause.explains}
    assert {"deletion.discovery-fails", "deletion.stuck"} <= explained


def test_kubernetes_own_finalizers_are_not_to_blame(tmp_path: Path) -> None:
    files = recorded(CLAIM)
    assert roots(diagnosed(files, tmp_path)) == [("deletion.claim-in-use", "PersistentVolumeClaim/inuse/data")]


def test_a_claim_whose_pods_have_ended_is_in_use_no_more(tmp_path: Path) -> None:
    files = {name: data for name, data in recorded(CLAIM).items() if name.startswith("objects/")}

    def ended(items: list[Any]) -> None:
        for pod in items:
            pod["status"].update(phase="Succeeded", containerStatuses=[])

    change(files, "objects/pods.json", ended)
    assert "deletion.claim-in-use" not in found(diagnosed(files, tmp_path))
