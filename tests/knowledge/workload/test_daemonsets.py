"""DaemonSets that want no pod: recorded, as it is and with one thing changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.harness.changed import Files, change, diagnosed, found, objects_and_logs, recorded, roots

CASE = "workload/daemonset_fits_no_node"
EXPORTER = [("workload.daemonset-fits-no-node", "DaemonSet/telemetry/exporter")]


def _files() -> Files:
    return objects_and_logs(recorded(CASE))


def _with(template: dict[str, Any], folder: Path, taints: list[dict[str, str]] | None = None) -> list[tuple[str, str]]:
    files = _files()

    def edit(items: list[Any]) -> None:
        spec = items[0]["spec"]["template"]["spec"]
        spec.pop("nodeSelector")
        spec.update(template)

    def taint(items: list[Any]) -> None:
        items[0]["spec"]["taints"] = taints or []

    change(files, "objects/daemonsets.json", edit)
    change(files, "objects/nodes.json", taint)
    return roots(diagnosed(files, folder))


def test_a_label_that_no_node_has_is_named_with_what_nodes_have(tmp_path: Path) -> None:
    diagnosis = diagnosed(_files(), tmp_path)
    assert roots(diagnosis) == EXPORTER
    assert "nodes have disktype=ssd" in diagnosis.root_causes[0].finding.title


def test_required_affinity_counts_as_well(tmp_path: Path) -> None:
    term = {"matchExpressions": [{"key": "disktype", "operator": "In", "values": ["nvme"]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    assert _with({"affinity": {"nodeAffinity": required}}, tmp_path) == EXPORTER


GPU = [{"key": "gpu", "value": "only", "effect": "NoSchedule"}]


def test_a_taint_on_every_node_that_it_does_not_tolerate_keeps_it_off(tmp_path: Path) -> None:
    assert _with({}, tmp_path, GPU) == EXPORTER


def test_a_taint_that_it_tolerates_does_not(tmp_path: Path) -> None:
    tolerating = {"tolerations": [{"key": "gpu", "operator": "Exists"}]}
    assert _with(tolerating, tmp_path, GPU) == []


def test_without_the_nodes_it_is_left_open(tmp_path: Path) -> None:
    files = _files()
    files.pop("objects/nodes.json")
    assert roots(diagnosed(files, tmp_path)) == []


def test_where_nothing_misses_its_pods_it_is_no_fault(tmp_path: Path) -> None:
    files = {n: d for n, d in _files().items() if "services" not in n and "endpoint" not in n and "logs/" not in n}
    assert found(diagnosed(files, tmp_path)) == set()
