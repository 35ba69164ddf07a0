"""Given the same evidence twice, nothing is solved; given a healthy moment after it, everything is."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.harness.case import CASES

from kwhy.model.diagnosis import Diagnosis
from kwhy.pipeline import diagnose

FAULT = CASES / "net" / "policy_table_empty" / "table_lost" / "evidence"
WELL = CASES / "net" / "policy_table_empty" / "healthy_twin" / "evidence"


def in_stages(folder: Path, *stages: Path) -> Diagnosis:
    for number, stage in enumerate(stages, 1):
        shutil.copytree(stage, folder / f"stage-{number}")
    return diagnose([str(folder)])


def test_a_cause_that_goes_on_is_not_solved_and_told_once(tmp_path: Path) -> None:
    causes = in_stages(tmp_path, FAULT, FAULT).root_causes
    assert [(cause.finding.condition.code, cause.solved) for cause in causes] == [("net.policy-table-empty", None)]
    assert causes[0].finding.title.endswith("[stage-2]")


def test_a_healthy_moment_after_it_proves_it_solved(tmp_path: Path) -> None:
    (cause,) = in_stages(tmp_path, FAULT, WELL).root_causes
    assert cause.solved is not None
    assert cause.solved.at.startswith("stage-2")
    assert {evidence.says for evidence in cause.solved.because} == {"every table that a rule names holds routes"}


def test_a_fault_that_comes_back_is_not_called_solved(tmp_path: Path) -> None:
    causes = in_stages(tmp_path, FAULT, WELL, FAULT).root_causes
    assert [cause.solved is None for cause in causes if cause.finding.title.endswith("[stage-3]")] == [True]


def test_before_the_fault_nothing_is_told(tmp_path: Path) -> None:
    (cause,) = in_stages(tmp_path, WELL, FAULT).root_causes
    assert cause.solved is None
