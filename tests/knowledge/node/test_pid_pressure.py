"""A node that its kubelet takes to be out of process ids."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.harness.changed import change, diagnosed, objects_and_logs, recorded, roots

CASE = "node/pid_pressure/high_threshold"
ROOT = ("node.pid-pressure", "Node/node-a")


def test_the_threshold_and_the_node_s_own_limits_are_told(tmp_path: Path) -> None:
    diagnosis = diagnosed(recorded(CASE), tmp_path)
    cause = next(c for c in diagnosis.root_causes if c.finding.condition.code == ROOT[0])
    assert "pid.available=99.99%" in cause.finding.title
    assert "kernel.threads-max is 192730" in [e.says for e in cause.finding.evidence]


def test_without_the_configuration_the_kubelet_s_word_stands(tmp_path: Path) -> None:
    files = {name: data for name, data in recorded(CASE).items() if not name.startswith(("node/", "extra"))}
    assert ROOT in roots(diagnosed(files, tmp_path))


def test_a_node_whose_condition_is_false_has_ids_left(tmp_path: Path) -> None:
    files = objects_and_logs(recorded(CASE))

    def relieved(items: list[Any]) -> None:
        for condition in items[0]["status"]["conditions"]:
            if condition["type"] == "PIDPressure":
                condition["status"] = "False"

    change(files, "objects/nodes.json", relieved)
    assert ROOT not in roots(diagnosed(files, tmp_path))
