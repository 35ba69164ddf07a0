from __future__ import annotations

import json
from pathlib import Path

import pytest

from kwhy.cli.main import main

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_the_example_of_a_pending_pod_gives_its_root_cause(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", str(EXAMPLES / "pending-pod.txt"), "--format", "json"]) == 0
    root = json.loads(capsys.readouterr().out)["root_causes"][0]
    assert root["condition"] == "scheduling.selector-matches-no-node"
    assert root["subject"] == {"kind": "Deployment", "namespace": "media", "name": "transcoder", "node": None}
    assert root["evidence"][0]["line"] is not None
