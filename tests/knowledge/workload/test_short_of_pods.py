"""A ReplicaSet speaks for itself where its Deployment is not shown, in objects and as kubectl describes it."""

from pathlib import Path

import pytest
from tests.harness.case import written
from tests.harness.changed import Files, diagnosed, found, recorded, roots

CASE = "admission/webhook_certificate/another_authority"
CALLED = ("admission.webhook-certificate", "Webhook/check.tenant-ca.lab.example")
SET = "ReplicaSet/tenant-ca/tenant-87d987d6b"


def only(*names: str) -> Files:
    files = recorded(CASE)
    return {name: files[name] for name in names}


@pytest.mark.parametrize(
    "names",
    [
        ("objects/replicasets.json",),
        ("objects/replicasets.json", "objects/events.json", "objects/nodes.json", "objects/namespaces.json"),
        ("describe/replicasets-tenant-ca.txt",),
        ("describe/replicasets-tenant-ca.txt", "describe/events-tenant-ca.txt", "describe/get-nodes.txt"),
    ],
)
def test_refused_pods_of_a_lone_replica_set_are_no_health(names: tuple[str, ...], tmp_path: Path) -> None:
    diagnosis = diagnosed(only(*names), tmp_path)
    assert diagnosis.outcome != "healthy"
    assert roots(diagnosis) == [CALLED]


def test_a_deployment_that_is_shown_answers_for_its_replica_set(tmp_path: Path) -> None:
    shown = only("objects/replicasets.json", "objects/deployments.json")
    subjects = [written(one.subject) for one in diagnosed(shown, tmp_path).findings]
    assert SET not in subjects


def test_a_replica_set_that_wants_no_pods_is_short_of_none(tmp_path: Path) -> None:
    shown = only("objects/replicasets.json")
    text = shown["objects/replicasets.json"].decode()
    assert '"replicas": 2' in text
    shown["objects/replicasets.json"] = text.replace('"replicas": 2', '"replicas": 0').encode()
    assert "workload.short-of-pods" not in found(diagnosed(shown, tmp_path))
