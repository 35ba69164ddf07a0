"""A node whose kubelet evicts for disk, on a recorded incident and on what is changed in it."""

from __future__ import annotations

from pathlib import Path

from tests.harness.changed import change, diagnosed, recorded, roots

CASE = "node/disk_pressure/high_threshold"
ROOT = ("node.disk-threshold-high", "Node/node-a")


def test_the_threshold_is_taken_from_the_kubelets_configuration(tmp_path: Path) -> None:
    diagnosis = diagnosed(recorded(CASE), tmp_path)
    cause = next(c for c in diagnosis.root_causes if c.finding.condition.code == ROOT[0])
    assert "nodefs.available=60%" in cause.finding.title
    assert any(e.at.source == "node/kubelet-config.yaml" for e in cause.finding.evidence)


def test_without_the_configuration_what_is_withheld_from_pods_shows_the_threshold(tmp_path: Path) -> None:
    files = {name: data for name, data in recorded(CASE).items() if name != "node/kubelet-config.yaml"}
    diagnosis = diagnosed(files, tmp_path)
    cause = next(c for c in diagnosis.root_causes if c.finding.condition.code == ROOT[0])
    assert "60% of it is withheld from pods" in cause.finding.title


def test_a_node_whose_condition_is_false_has_no_pressure(tmp_path: Path) -> None:
    files = dict(recorded(CASE))

    def relieved(items: list[dict[str, dict[str, list[dict[str, str]]]]]) -> None:
        for condition in items[0]["status"]["conditions"]:
            if condition["type"] == "DiskPressure":
                condition["status"] = "False"

    change(files, "objects/nodes.json", relieved)
    texts = {name: data for name, data in files.items() if not name.startswith("describe/")}
    assert ROOT not in roots(diagnosed(texts, tmp_path))
