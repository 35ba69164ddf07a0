"""Failing calls, followed to the deepest program that fails or does not answer."""

from __future__ import annotations

from pathlib import Path

from tests.harness.case import written
from tests.harness.changed import Files, diagnosed, found, recorded

SLOW = "dependency/callee_slow/chain_of_three"
FAILING = "dependency/callee_fails/ten_callers"


def deepest(files: Files, folder: Path) -> list[tuple[str, str]]:
    diagnosis = diagnosed(files, folder)
    return [(c.finding.condition.code, written(c.finding.subject)) for c in diagnosis.root_causes]


def test_ten_callers_and_what_they_call_through_have_one_deepest_failure(tmp_path: Path) -> None:
    assert deepest(recorded(FAILING), tmp_path) == [("app.errors", "Deployment/bazaar/inventory")]


def test_a_program_that_answers_too_late_is_named_although_it_logs_nothing(tmp_path: Path) -> None:
    assert deepest(recorded(SLOW), tmp_path) == [("dependency.callee-slow", "Deployment/railway/timetable")]


def test_without_its_log_it_may_wait_for_another(tmp_path: Path) -> None:
    files = {name: data for name, data in recorded(SLOW).items() if "timetable" not in name}
    assert "dependency.callee-slow" not in found(diagnosed(files, tmp_path))


def test_a_connection_that_does_not_come_about_is_no_slow_answer(tmp_path: Path) -> None:
    files = {
        name: data.replace(
            b"context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
            b"dial tcp 10.96.1.1:80: i/o timeout",
        )
        for name, data in recorded(SLOW).items()
    }
    assert "dependency.callee-slow" not in found(diagnosed(files, tmp_path))
