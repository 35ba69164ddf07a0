"""Pods that use up a long grace period: recorded, as they are and with one thing changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.harness.changed import change, diagnosed, found, objects_and_logs, recorded, roots

HOOK = "pod/slow_to_end/hook"
SIGNAL = "pod/slow_to_end/program"


@pytest.mark.parametrize(("case", "words"), [(HOOK, "preStop hook"), (SIGNAL, "does not end on SIGTERM")])
def test_why_it_takes_long_is_said_and_nothing_is_called_a_failure(case: str, words: str, tmp_path: Path) -> None:
    diagnosis = diagnosed(objects_and_logs(recorded(case)), tmp_path)
    (finding,) = [f for f in diagnosis.findings if f.condition.code == "pod.slow-to-end"]
    assert words in finding.title
    assert not finding.symptom
    assert roots(diagnosis) == []


def _deleted(due: str, grace: int) -> Any:
    def edit(items: list[Any]) -> None:
        for pod in items:
            if "deletionTimestamp" in pod["metadata"]:
                pod["metadata"].update(deletionTimestamp=due, deletionGracePeriodSeconds=grace)

    return edit


@pytest.mark.parametrize(
    ("due", "grace", "is_slow"),
    [("2026-11-22T02:41:22Z", 600, True), ("2026-11-22T02:43:00Z", 600, False), ("2026-11-22T02:33:35Z", 30, False)],
)
def test_only_a_pod_that_was_told_long_ago_is_slow(due: str, grace: int, is_slow: bool, tmp_path: Path) -> None:
    files = objects_and_logs(recorded(SIGNAL))
    change(files, "objects/pods.json", _deleted(due, grace))
    assert ("pod.slow-to-end" in found(diagnosed(files, tmp_path))) == is_slow
