"""What changed last in a workload that is in trouble is told beside the cause, and never as the cause."""

from __future__ import annotations

from pathlib import Path

from tests.harness.changed import diagnosed, recorded

CASE = "workload/rollout_has_no_room/"


def test_the_last_change_of_a_failing_workload_is_told(tmp_path: Path) -> None:
    diagnosis = diagnosed(recorded(CASE), tmp_path)
    (change,) = diagnosis.contributing
    assert change.condition.code == "workload.changed"
    assert "env VERSION added" in change.title
    assert "workload.changed" not in {cause.finding.condition.code for cause in diagnosis.root_causes}


def test_a_workload_of_one_revision_has_no_change_to_tell(tmp_path: Path) -> None:
    assert diagnosed(recorded("image/not_found/tag"), tmp_path).contributing == ()
