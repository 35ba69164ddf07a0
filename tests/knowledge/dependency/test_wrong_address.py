"""Calls to Services, and ports of Services, that do not exist: where the address is written decides what to fix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.harness.changed import change, diagnosed, found, named, objects_and_logs, recorded, roots

HOST = "dependency/wrong_address/name_of_no_service"
PORT = "dependency/wrong_address/port_not_offered"
CONFIG_MAP = "dependency/wrong_address/value_of_a_configmap"
WRONG = "dependency.wrong-address"


def test_the_workload_is_to_blame_where_its_own_variable_names_no_service(tmp_path: Path) -> None:
    diagnosis = diagnosed(objects_and_logs(recorded(HOST)), tmp_path)
    assert roots(diagnosis) == [(WRONG, "Deployment/bookshop/orders")]
    assert "inventory does" in diagnosis.root_causes[0].finding.title


def test_the_configmap_is_to_blame_where_the_variable_comes_from_it(tmp_path: Path) -> None:
    diagnosis = diagnosed(objects_and_logs(recorded(CONFIG_MAP)), tmp_path)
    assert roots(diagnosis) == [(WRONG, "ConfigMap/butcher/endpoints")]


def test_without_the_configmap_it_is_not_known_what_to_fix(tmp_path: Path) -> None:
    files = {name: data for name, data in recorded(CONFIG_MAP).items() if "configmaps" not in name}
    diagnosis = diagnosed(files, tmp_path)
    assert roots(diagnosis) == []
    assert any(open_one.condition.code == WRONG for open_one in diagnosis.undetermined)


def test_without_a_list_of_services_nothing_is_said_to_be_missing(tmp_path: Path) -> None:
    files = {name: data for name, data in recorded(HOST).items() if "services" not in name and "get-all" not in name}
    assert roots(diagnosed(files, tmp_path)) == []


def test_a_port_that_the_service_offers_is_not_wrong(tmp_path: Path) -> None:
    files = objects_and_logs(recorded(PORT))

    def offer(items: list[Any]) -> None:
        named(items, "inventory")["spec"]["ports"].append({"name": "old", "port": 8081, "protocol": "TCP"})

    change(files, "objects/services.json", offer)
    assert WRONG not in found(diagnosed(files, tmp_path))


def test_a_headless_service_is_called_on_any_port(tmp_path: Path) -> None:
    files = objects_and_logs(recorded(PORT))
    change(files, "objects/services.json", lambda items: named(items, "inventory")["spec"].update(clusterIP="None"))
    assert WRONG not in found(diagnosed(files, tmp_path))


def test_ten_workloads_that_name_one_missing_service_have_one_cause(tmp_path: Path) -> None:
    files = objects_and_logs(recorded(CONFIG_MAP))

    def literal(items: list[Any]) -> None:
        for pod in items:
            for container in pod["spec"]["containers"]:
                if container.pop("envFrom", None):
                    container["env"].append({"name": "UPSTREAM", "value": "http://stock"})

    change(files, "objects/pods.json", literal)
    # Both workloads name it themselves, and nothing with a similar name exists: it is the Service that is missing.
    assert WRONG not in found(diagnosed(files, tmp_path))


def test_nothing_is_wrong_once_the_port_is_corrected(tmp_path: Path) -> None:
    diagnosis = diagnosed(recorded("healthy/port_corrected"), tmp_path)
    assert diagnosis.outcome == "healthy"
