"""Requests that authorisation refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.harness.changed import Files, change, diagnosed, recorded, roots

from kwhy.facts.objects import PolicyRule
from kwhy.knowledge.access.refusals import Refused, allows, subject_of
from kwhy.model.document import Document
from kwhy.model.subject import Subject

ROOT = ("access.not-granted", "ServiceAccount/operator/widget-operator")


def _recorded() -> Files:
    return recorded("access/not_granted/list_secrets")


def _refused(verb: str, resource: str, group: str = "") -> Refused:
    account = Subject("ServiceAccount", "a", "n")
    return Refused(account, verb, resource, group, "n", True, None, 1, Document("log", b"").at(1))


def test_the_log_alone_names_the_account_and_asks_for_its_bindings(tmp_path: Path) -> None:
    files = {name: data for name, data in _recorded().items() if name.startswith("logs/")}
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    assert diagnosis.root_causes[0].finding.condition.code == "access.forbidden"
    assert "kubectl get roles,rolebindings -n operator -o yaml" in [step.command for step in diagnosis.next_steps]


def test_a_role_that_grants_the_request_by_now_is_no_proof_of_a_missing_one(tmp_path: Path) -> None:
    files = _recorded()

    def grant(items: list[Any]) -> None:
        items[0]["rules"].append({"verbs": ["list"], "apiGroups": [""], "resources": ["secrets"]})

    change(files, "objects/roles.json", grant)
    assert roots(diagnosed(files, tmp_path)) == []


def test_a_role_of_another_account_grants_nothing(tmp_path: Path) -> None:
    files = _recorded()

    def grant(items: list[Any]) -> None:
        items[0]["rules"].append({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]})

    change(files, "objects/roles.json", grant)
    change(files, "objects/rolebindings.json", lambda items: items[0]["subjects"][0].update(name="somebody-else"))
    assert roots(diagnosed(files, tmp_path)) == [ROOT]


def test_wildcards_and_subresources_decide_as_in_the_api_server() -> None:
    rule = PolicyRule(verbs=["get"], api_groups=[""], resources=["pods", "*/scale"])
    assert allows(rule, _refused("get", "pods"))
    assert not allows(rule, _refused("get", "pods/log"))
    assert allows(rule, _refused("get", "deployments/scale"))
    assert not allows(rule, _refused("list", "pods"))
    assert not allows(rule, _refused("get", "pods", "metrics.k8s.io"))
    assert not allows(PolicyRule(["get"], [""], ["pods"], ["only-this"]), _refused("get", "pods"))


def test_users_of_the_api_server_are_told_apart() -> None:
    assert subject_of("system:serviceaccount:shop:web") == Subject("ServiceAccount", "web", "shop")
    assert subject_of("system:kube-scheduler") == Subject("User", "system:kube-scheduler")
