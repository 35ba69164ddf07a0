"""Routes of the Gateway API before a healthy cluster, as controllers report on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import Files, diagnosed, objects_and_logs, recorded, roots

from kwhy.model.diagnosis import Diagnosis

ROUTE = "HTTPRoute/homepage/shop"
#: kgateway-dev/kgateway#11551: a condition as its controller wrote it.
NOT_FOUND = {"type": "ResolvedRefs", "status": "False", "reason": "BackendNotFound", "message": "not found"}
RESOLVED = {"type": "ResolvedRefs", "status": "True", "reason": "ResolvedRefs", "message": ""}
ACCEPTED = {"type": "Accepted", "status": "True", "reason": "Accepted", "message": ""}


def _said(folder: Path, *conditions: dict[str, str], backend: dict[str, Any], kind: str = "HTTPRoute") -> Diagnosis:
    parent = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "public"}
    route = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": "shop", "namespace": "homepage"},
        "spec": {
            "parentRefs": [parent],
            "hostnames": ["shop.example"],
            "rules": [{"backendRefs": [{"port": 80, "weight": 1} | backend]}],
        },
        "status": {
            "parents": [
                {"parentRef": parent, "controllerName": "kgateway.dev/kgateway", "conditions": list(conditions)}
            ]
        },
    }
    files: Files = objects_and_logs(recorded("healthy/nothing_wrong/single_node"))
    files["objects/routes.json"] = json.dumps({"apiVersion": "v1", "kind": "List", "items": [route]}).encode()
    return diagnosed(files, folder)


def test_a_route_that_is_accepted_and_resolved_is_well(tmp_path: Path) -> None:
    assert _said(tmp_path, ACCEPTED, RESOLVED, backend={"name": "web"}).outcome == "healthy"


@pytest.mark.parametrize("kind", ["HTTPRoute", "GRPCRoute"])
def test_a_backend_that_does_not_exist_is_named(kind: str, tmp_path: Path) -> None:
    diagnosis = _said(tmp_path, ACCEPTED, NOT_FOUND, backend={"name": "wep"}, kind=kind)
    assert roots(diagnosis) == [("gateway.backend-not-resolved", f"{kind}/homepage/shop")]
    assert "Service homepage/wep: it does not exist" in diagnosis.root_causes[0].finding.title


def test_a_backend_of_another_namespace_needs_a_grant(tmp_path: Path) -> None:
    refused = {"type": "ResolvedRefs", "status": "False", "reason": "RefNotPermitted", "message": "missing grant"}
    diagnosis = _said(tmp_path, ACCEPTED, refused, backend={"name": "web", "namespace": "other"})
    assert roots(diagnosis) == [("gateway.backend-not-resolved", ROUTE)]
    assert "ReferenceGrant" in diagnosis.root_causes[0].finding.title


def test_a_route_that_no_listener_admits_is_not_accepted(tmp_path: Path) -> None:
    refused = {"type": "Accepted", "status": "False", "reason": "NotAllowedByListeners", "message": ""}
    diagnosis = _said(tmp_path, refused, RESOLVED, backend={"name": "web"})
    assert roots(diagnosis) == [("gateway.route-not-accepted", ROUTE)]


def test_a_route_about_which_nothing_is_decided_yet_has_no_root_cause(tmp_path: Path) -> None:
    pending = {"type": "Accepted", "status": "False", "reason": "Pending", "message": "Waiting for controller"}
    assert roots(_said(tmp_path, pending, backend={"name": "web"})) == []
