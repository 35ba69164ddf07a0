"""What is asked of a cluster is what the structs decode, and the published ClusterRole allows exactly that."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from kwhy.facts.resources import plural_of
from kwhy.ingest.api.kinds import groups_by_kind
from kwhy.live.resources import VERSIONS, Resource, permissions, resources

ROOT = Path(__file__).resolve().parents[2]


def test_every_kind_that_has_a_struct_is_listed() -> None:
    assert {each.kind for each in resources()} == set(groups_by_kind())


def test_every_group_that_is_listed_has_versions_to_look_for() -> None:
    assert {each.group for each in resources()} <= set(VERSIONS)


def test_the_cluster_role_allows_exactly_what_is_read() -> None:
    allowed: dict[str, dict[str, tuple[str, ...]]] = {}
    for role in yaml.safe_load_all((ROOT / "manifests" / "kwhy-reader.yaml").read_text("utf-8")):
        assert role["kind"] == "ClusterRole"
        for rule in role["rules"]:
            for group in rule["apiGroups"]:
                for resource in rule["resources"]:
                    assert resource not in allowed.get(group, {}), f"{resource} is allowed twice"
                    allowed.setdefault(group, {})[resource] = tuple(rule["verbs"])
    assert allowed == permissions()


def test_nothing_that_is_allowed_writes_or_watches() -> None:
    assert {verb for rules in permissions().values() for verbs in rules.values() for verb in verbs} == {"list", "get"}


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("NetworkPolicy", "networkpolicies"),
        ("Endpoints", "endpoints"),
        ("StorageClass", "storageclasses"),
        ("HTTPRoute", "httproutes"),
        ("Gateway", "gateways"),
        ("VirtualMachineProxy", "virtualmachineproxies"),
        ("GatewayClass", "gatewayclasses"),
    ],
)
def test_kinds_have_the_plural_of_their_request_path(kind: str, plural: str) -> None:
    assert plural_of(kind) == plural


def test_request_paths_are_those_of_the_api() -> None:
    pods = Resource("Pod", "pods", "", ("v1",), namespaced=True)
    deployments = Resource("Deployment", "deployments", "apps", ("v1",), namespaced=True)
    assert pods.path("v1") == "api/v1/pods"
    assert pods.path("v1", "shop") == "api/v1/namespaces/shop/pods"
    assert deployments.path("v1", "shop") == "apis/apps/v1/namespaces/shop/deployments"
