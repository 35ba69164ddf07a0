"""Ingresses before a healthy cluster, each wrong in one thing, and what only looks wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import Files, change, diagnosed, found, named, objects_and_logs, recorded, roots

from kwhy.model.diagnosis import Diagnosis

SHOP = "Ingress/homepage/shop"
NGINX, TRAEFIK = "k8s.io/ingress-nginx", "traefik.io/ingress-controller"
#: kubernetes/ingress-nginx#6543, #9804 (controllers v0.3x and v1.6): other names, the same texts.
NO_ENDPOINT = 'W1128 21:37:46.879014 6 controller.go:950] Service "homepage/web" does not have any active Endpoint.\n'
NO_CERTIFICATE = (
    'W0405 14:20:33.918424       7 controller.go:1333] Error getting SSL certificate "homepage/shop-tls": local SSL '
    "certificate homepage/shop-tls was not found. Using default certificate\n"
)


def _listing(*items: dict[str, Any]) -> bytes:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(items)}).encode()


def _class(name: str, controller: str, **annotations: str) -> dict[str, Any]:
    meta = {"name": name, "annotations": annotations}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": meta,
        "spec": {"controller": controller},
    }


def _ingress(name: str = "shop", *, port: Any = 80, service: str = "web", **spec: Any) -> dict[str, Any]:
    number = {"number": port} if isinstance(port, int) else {"name": port}
    backend = {"service": {"name": service, "port": number}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": "homepage", "annotations": spec.pop("annotations", {})},
        "spec": {"ingressClassName": "nginx", "rules": [{"host": "shop.example", "http": {"paths": paths}}]} | spec,
        "status": spec.pop("status", {"loadBalancer": {}}),
    }


def _secret(**keys: str) -> dict[str, Any]:
    meta = {"name": "shop-tls", "namespace": "homepage"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "Opaque", "data": keys}


def _files(*ingresses: dict[str, Any], controller: str = NGINX) -> Files:
    files = objects_and_logs(recorded("healthy/nothing_wrong/single_node"))
    files["objects/ingressclasses.json"] = _listing(_class("nginx", controller))
    files["objects/ingresses.json"] = _listing(*ingresses)
    files["objects/secrets.json"] = _listing()
    return files


def _said(tmp_path: Path, *ingresses: dict[str, Any], controller: str = NGINX) -> Diagnosis:
    return diagnosed(_files(*ingresses, controller=controller), tmp_path)


def test_an_ingress_whose_service_port_and_class_exist_is_well(tmp_path: Path) -> None:
    assert _said(tmp_path, _ingress()).outcome == "healthy"


def test_a_port_that_the_service_does_not_have_is_the_cause(tmp_path: Path) -> None:
    assert roots(_said(tmp_path, _ingress(port=9999))) == [("ingress.port-missing", SHOP)]


def test_a_port_by_a_name_that_the_service_does_not_have_is_the_cause(tmp_path: Path) -> None:
    assert roots(_said(tmp_path, _ingress(port="https"))) == [("ingress.port-missing", SHOP)]


@pytest.mark.parametrize(("controller", "expected"), [(NGINX, []), (TRAEFIK, [("ingress.port-missing", SHOP)])])
def test_the_pods_port_in_place_of_the_services_works_with_ingress_nginx_alone(
    controller: str, expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    assert roots(_said(tmp_path, _ingress(port=8080), controller=controller)) == expected


def test_a_service_that_does_not_exist_is_the_ingresss_mistake(tmp_path: Path) -> None:
    diagnosis = _said(tmp_path, _ingress(service="wep"))
    assert roots(diagnosis) == [("ingress.service-missing", SHOP)]
    assert "Service homepage/web does" in diagnosis.root_causes[0].finding.title


def test_the_backend_of_extensions_v1beta1_is_read_alike(tmp_path: Path) -> None:
    old = _ingress()
    old["apiVersion"] = "extensions/v1beta1"
    old["spec"]["rules"][0]["http"]["paths"][0]["backend"] = {"serviceName": "wep", "servicePort": 80}
    assert roots(_said(tmp_path, old)) == [("ingress.service-missing", SHOP)]


def test_a_class_that_is_not_there_is_the_cause(tmp_path: Path) -> None:
    assert roots(_said(tmp_path, _ingress(ingressClassName="internal"))) == [("ingress.class-missing", SHOP)]


def test_an_ingress_with_an_address_is_served_whatever_its_class(tmp_path: Path) -> None:
    served = _ingress(ingressClassName="internal", status={"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}})
    assert found(_said(tmp_path, served)) == set()


def test_the_old_annotation_needs_no_class_object(tmp_path: Path) -> None:
    old = _ingress(annotations={"kubernetes.io/ingress.class": "nginx"})
    del old["spec"]["ingressClassName"]
    assert found(_said(tmp_path, old)) == set()


def test_no_class_at_all_is_the_cause_where_others_are_published(tmp_path: Path) -> None:
    bare = _ingress()
    del bare["spec"]["ingressClassName"]
    other = _ingress("other", status={"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}})
    assert roots(_said(tmp_path, bare, other)) == [("ingress.class-missing", SHOP)]
    assert found(_said(tmp_path / "alone", bare)) == set()


TLS: dict[str, Any] = {"tls": [{"hosts": ["shop.example"], "secretName": "shop-tls"}]}


def test_a_secret_for_tls_that_does_not_exist_is_the_ingresss_cause(tmp_path: Path) -> None:
    files = _files(_ingress(**TLS))
    files["objects/secrets.json"] = _listing(_secret() | {"metadata": {"name": "other", "namespace": "homepage"}})
    assert roots(diagnosed(files, tmp_path)) == [("ingress.tls-secret-missing", SHOP)]


def test_a_secret_that_cert_manager_is_to_make_is_asked_after_and_not_blamed(tmp_path: Path) -> None:
    files = _files(_ingress(annotations={"cert-manager.io/cluster-issuer": "letsencrypt"}, **TLS))
    files["objects/secrets.json"] = _listing(_secret() | {"metadata": {"name": "other", "namespace": "homepage"}})
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    assert any("certificaterequests" in step.command for step in diagnosis.next_steps)


def test_an_opaque_secret_with_both_keys_serves(tmp_path: Path) -> None:
    files = _files(_ingress(**TLS))
    files["objects/secrets.json"] = _listing(_secret(**{"tls.crt": "Yw==", "tls.key": "aw=="}))
    assert diagnosed(files, tmp_path).outcome == "healthy"


def test_a_secret_without_its_key_is_the_cause_and_no_value_is_told(tmp_path: Path) -> None:
    files = _files(_ingress(**TLS))
    files["objects/secrets.json"] = _listing(_secret(**{"tls.crt": "c2VjcmV0LXZhbHVl"}))
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == [("ingress.tls-secret-unusable", "Secret/homepage/shop-tls")]
    assert "c2VjcmV0" not in str(diagnosis.findings)


def test_the_controllers_word_stands_for_a_listing_of_secrets(tmp_path: Path) -> None:
    files = _files(_ingress(**TLS))
    del files["objects/secrets.json"]
    files["logs/ingress-nginx_controller-abc_controller.log"] = (NO_CERTIFICATE * 3).encode()
    assert roots(diagnosed(files, tmp_path)) == [("ingress.tls-secret-missing", SHOP)]


def test_the_controllers_log_alone_shows_the_symptom_and_asks_for_the_endpoints(tmp_path: Path) -> None:
    diagnosis = diagnosed({"controller.log": (NO_ENDPOINT * 3).encode()}, tmp_path)
    assert found(diagnosis) == {"ingress.controller-finds-nothing"}
    assert any("endpointslices" in step.command for step in diagnosis.next_steps)


def test_endpoints_that_are_ready_overrule_what_the_controller_said(tmp_path: Path) -> None:
    files = _files(_ingress())
    files["logs/ingress-nginx_controller-abc_controller.log"] = (NO_ENDPOINT * 3).encode()
    assert "ingress.controller-finds-nothing" not in found(diagnosed(files, tmp_path))


def test_a_workload_that_was_scaled_to_zero_on_purpose_is_no_fault_of_the_ingress(tmp_path: Path) -> None:
    files = _files(_ingress())
    for name in [name for name in files if name.startswith("logs/")]:
        files[name] = b"2026-11-21T21:37:00.705Z INFO idle\n"

    def idle(items: list[Any]) -> None:
        named(items, "web")["spec"].update(replicas=0)
        named(items, "web")["status"] = {}

    def empty(items: list[Any]) -> None:
        for item in items:
            if item["metadata"]["labels"].get("kubernetes.io/service-name") == "web":
                item["endpoints"] = None

    def without_web(items: list[Any]) -> None:
        items[:] = [item for item in items if not item["metadata"]["name"].startswith("web-")]

    change(files, "objects/deployments.json", idle)
    change(files, "objects/endpointslices.discovery.k8s.io.json", empty)
    change(files, "objects/pods.json", without_web)
    del files["objects/endpoints.json"]
    assert roots(diagnosed(files, tmp_path)) == []
