"""Host names of a StatefulSet's pods that do not exist, as recorded and with one thing changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.harness.changed import change, diagnosed, named, objects_and_logs, recorded, roots

CASE = "workload/pod_names_missing/service_name_of_no_service"
SET = ("workload.pod-names-missing", "StatefulSet/cluster-a/node")


def files_with(service: dict[str, Any] | None = None, service_name: str = "node-headless") -> dict[str, bytes]:
    files = objects_and_logs(recorded(CASE))

    def edit_services(items: list[Any]) -> None:
        named(items, "node")["spec"].update(service or {})

    def edit_sets(items: list[Any]) -> None:
        named(items, "node")["spec"]["serviceName"] = service_name

    change(files, "objects/services.json", edit_services)
    change(files, next(name for name in files if "statefulsets" in name), edit_sets)
    return files


def test_the_service_that_the_set_names_does_not_exist(tmp_path: Path) -> None:
    diagnosis = diagnosed(files_with(), tmp_path)
    assert roots(diagnosis) == [SET]
    assert "Service cluster-a/node does" in diagnosis.root_causes[0].finding.title


def test_a_service_with_a_cluster_ip_gives_pods_no_names(tmp_path: Path) -> None:
    files = files_with({"clusterIP": "10.96.44.5", "clusterIPs": ["10.96.44.5"]}, service_name="node")
    assert roots(diagnosed(files, tmp_path)) == [("workload.pod-names-missing", "Service/cluster-a/node")]


def test_where_set_and_service_agree_the_name_is_there(tmp_path: Path) -> None:
    assert not roots(diagnosed(files_with(service_name="node"), tmp_path))


def test_without_the_set_nobody_knows_what_it_names(tmp_path: Path) -> None:
    files = files_with()
    del files[next(name for name in files if "statefulsets" in name)]
    diagnosis = diagnosed(files, tmp_path)
    assert not roots(diagnosis)
    asked = [p.command for u in diagnosis.undetermined for gap in u.gaps for p in gap.probes]
    assert "kubectl get statefulset node -n cluster-a -o yaml" in asked


def peers(ready: str, published: bool) -> dict[str, bytes]:
    """A pod of the set asks for its peer, which is not ready."""
    files = files_with({"publishNotReadyAddresses": published}, service_name="node")
    log = next(name for name in files if "frontend" in name and name.startswith("logs/"))
    files["logs/cluster-a_node-1_node.log"] = files.pop(log)

    def not_ready(items: list[Any]) -> None:
        for condition in named(items, "node-0")["status"]["conditions"]:
            if condition["type"] == "Ready":
                condition["status"] = ready

    change(files, "objects/pods.json", not_ready)
    return files


def test_peers_that_look_for_each_other_before_they_are_ready_need_published_addresses(tmp_path: Path) -> None:
    assert ("workload.pod-names-missing", "Service/cluster-a/node") in roots(diagnosed(peers("False", False), tmp_path))


def test_published_addresses_are_there_before_the_pod_is_ready(tmp_path: Path) -> None:
    assert not roots(diagnosed(peers("False", True), tmp_path))


def test_a_ready_pod_has_its_name(tmp_path: Path) -> None:
    found = json.dumps(roots(diagnosed(peers("True", False), tmp_path)))
    assert "pod-names-missing" not in found
