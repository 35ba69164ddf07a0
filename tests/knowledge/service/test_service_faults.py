"""Faults between a caller and its backend, made from a healthy cluster by changing one thing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import Files, change, diagnosed, named, objects_and_logs, recorded, roots

from kwhy.knowledge.service.backend import edit_distance

SLICES = "objects/endpointslices.discovery.k8s.io.json"
#: As a Go client writes it when a Service without endpoints rejects the connection (recorded with a wrong selector).
REFUSED = (
    "2026-11-21T21:37:{second:02d}.706214804Z 2026-11-21T21:37:{second:02d}.705Z ERROR upstream call failed: "
    'Get "http://web/": dial tcp {address}:80: connect: connection refused\n'
)


def _healthy() -> Files:
    return objects_and_logs(recorded("healthy/nothing_wrong/single_node"))


def _service(files: Files) -> Any:
    import json

    return named(json.loads(files["objects/services.json"])["items"], "web")


def _callers_fail(files: Files) -> None:
    address = _service(files)["spec"]["clusterIP"]
    for name in files:
        if name.startswith("logs/") and "frontend" in name:
            files[name] = "".join(REFUSED.format(second=s, address=address) for s in range(0, 60, 3)).encode()


def _no_endpoints(files: Files) -> None:
    def empty(items: list[Any]) -> None:
        for item in items:
            if item["metadata"]["labels"].get("kubernetes.io/service-name") == "web":
                item["endpoints"] = None

    change(files, SLICES, empty)
    del files["objects/endpoints.json"]


def _select(files: Files, **selector: str) -> None:
    change(files, "objects/services.json", lambda items: named(items, "web")["spec"].update(selector=selector))


def test_a_selector_that_is_a_slip_away_from_its_pods_is_the_cause(tmp_path: Path) -> None:
    files = _healthy()
    _select(files, app="wbe")
    _no_endpoints(files)
    (root,) = roots(diagnosed(files, tmp_path))
    assert root == ("service.selector-misses", "Service/homepage/web")


def test_the_same_value_under_another_key_is_a_slip_too(tmp_path: Path) -> None:
    files = _healthy()
    _select(files, **{"app.kubernetes.io/name": "web"})
    _no_endpoints(files)
    assert roots(diagnosed(files, tmp_path)) == [("service.selector-misses", "Service/homepage/web")]


def test_a_selector_that_is_near_nothing_is_no_slip(tmp_path: Path) -> None:
    files = _healthy()
    _select(files, app="database")
    _no_endpoints(files)
    change(files, "objects/services.json", lambda items: named(items, "web")["metadata"].update(name="db"))
    assert roots(diagnosed(files, tmp_path)) == []


def _scale_to_zero(files: Files) -> None:
    change(files, "objects/deployments.json", lambda items: named(items, "web")["spec"].update(replicas=0))
    change(
        files,
        "objects/deployments.json",
        lambda items: named(items, "web")["status"].update(replicas=0, readyReplicas=0, availableReplicas=0),
    )
    change(
        files,
        "objects/replicasets.json",
        lambda items: [i["spec"].update(replicas=0) for i in items if i["metadata"]["name"].startswith("web-")],
    )

    def without_web(items: list[Any]) -> None:
        items[:] = [i for i in items if not i["metadata"]["name"].startswith("web-")]

    change(files, "objects/pods.json", without_web)
    _no_endpoints(files)


def test_a_backend_scaled_to_zero_is_the_cause_where_somebody_calls_it(tmp_path: Path) -> None:
    files = _healthy()
    _scale_to_zero(files)
    _callers_fail(files)
    assert roots(diagnosed(files, tmp_path)) == [("service.backend-scaled-to-zero", "Deployment/homepage/web")]


def test_a_backend_scaled_to_zero_that_nobody_misses_is_no_fault(tmp_path: Path) -> None:
    files = _healthy()
    _scale_to_zero(files)
    for name in [n for n in files if n.startswith("logs/")]:
        files[name] = b"2026-11-21T21:37:00.705Z INFO idle\n"
    diagnosis = diagnosed(files, tmp_path)
    assert (diagnosis.outcome, roots(diagnosis)) == ("healthy", [])


def _target(files: Files, port: int | str) -> None:
    change(
        files,
        "objects/services.json",
        lambda items: named(items, "web")["spec"]["ports"][0].update(targetPort=port),
    )


def test_a_target_port_beside_the_one_that_the_log_names_is_the_cause_of_refused_calls(tmp_path: Path) -> None:
    files = _healthy()
    _target(files, 9090)
    _callers_fail(files)
    assert roots(diagnosed(files, tmp_path)) == [("service.wrong-target-port", "Service/homepage/web")]


def test_a_target_port_by_a_name_that_no_container_declares_is_the_cause_of_refused_calls(tmp_path: Path) -> None:
    files = _healthy()
    _target(files, "http-admin")
    _callers_fail(files)
    assert roots(diagnosed(files, tmp_path)) == [("service.wrong-target-port", "Service/homepage/web")]


def test_a_target_port_at_which_the_program_says_it_listens_is_not_to_blame(tmp_path: Path) -> None:
    files = _healthy()
    _callers_fail(files)
    assert roots(diagnosed(files, tmp_path)) == []


def test_a_strange_target_port_harms_nobody_whose_calls_succeed(tmp_path: Path) -> None:
    files = _healthy()
    _target(files, 9090)
    assert diagnosed(files, tmp_path).outcome == "healthy"


def test_a_name_that_the_dns_denies_and_no_service_has_is_the_callers_mistake(tmp_path: Path) -> None:
    files = _healthy()
    for name in files:
        if name.startswith("logs/") and "frontend" in name:
            lines = [
                f'2026-11-21T21:37:{s:02d}.705Z ERROR upstream call failed: Get "http://wep/": dial tcp: lookup wep on '
                "10.96.0.10:53: no such host\n"
                for s in range(0, 60, 3)
            ]
            files[name] = "".join(lines).encode()
    assert roots(diagnosed(files, tmp_path)) == [("dependency.wrong-address", "Deployment/homepage/frontend")]


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [("orders-api", "order-api", 1), ("web", "wbe", 1), ("", "abc", 3), ("kitten", "sitting", 3), ("same", "same", 0)],
)
def test_a_swap_a_loss_and_a_wrong_letter_count_one_each(one: str, other: str, distance: int) -> None:
    assert edit_distance(one, other) == distance
    assert edit_distance(other, one) == distance
