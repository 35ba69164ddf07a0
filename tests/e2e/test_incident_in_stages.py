"""One application, one fault after another: each stage's evidence in a folder of its own, given together."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.harness.case import CASES, all_cases

from kwhy.model.diagnosis import Diagnosis, RootCause
from kwhy.pipeline import diagnose
from kwhy.reports import json, markdown, text

RECORDED = Path(__file__).resolve().parents[1] / "fixtures" / "incident-i3"
ROUTE = CASES / "net" / "policy_table_empty" / "table_lost" / "evidence"
EXPECTED = "store.objects.example: 10.219.0.0/16\n"


#: A node lost its second device: the only CoreDNS replica, which runs there, reaches neither upstreams nor API server.
NAMES = "dns/server_cut_off/network_device_missing"


def laid_out(folder: Path) -> Path:
    """The four stages, and beside them what is expected of the object store."""
    names = next(case.source for case in all_cases() if case.name == NAMES)
    if names.is_dir():
        shutil.copytree(names, folder / "stage-1-names")
    else:
        (folder / "stage-1-names").mkdir(parents=True)
        shutil.copy(names, folder / "stage-1-names")
    shutil.copytree(ROUTE, folder / "stage-2-route")
    for stage in ("stage-3-database", "stage-4-object-store"):
        shutil.copytree(RECORDED / stage, folder / stage)
    (folder.parent / "expect.yaml").write_text(EXPECTED)
    return folder


@pytest.fixture
def incident(tmp_path: Path) -> Path:
    """To be changed by one test."""
    return laid_out(tmp_path / "incident")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Diagnosis:
    return diagnosed(laid_out(tmp_path_factory.mktemp("i3") / "incident"))


def diagnosed(folder: Path) -> Diagnosis:
    return diagnose([str(folder)], expect=folder.parent / "expect.yaml")


def roots(diagnosis: Diagnosis) -> list[RootCause]:
    return [cause for cause in diagnosis.root_causes if cause.role == "root-cause"]


def test_every_stage_has_its_cause_and_only_the_last_one_is_not_solved(whole: Diagnosis) -> None:
    found = roots(whole)
    assert [(cause.finding.condition.code, cause.solved is not None) for cause in found] == [
        ("dns.wrong-record", False),
        ("net.device-missing", True),
        ("net.policy-table-empty", True),
        ("remote.slow-queries", True),
    ]


def test_later_evidence_proves_what_was_solved(whole: Diagnosis) -> None:
    found = {cause.finding.condition.code: cause.solved for cause in roots(whole)}
    route, database = found["net.policy-table-empty"], found["remote.slow-queries"]
    assert route is not None
    assert route.at.startswith("stage-3-database")
    assert [evidence.says for evidence in route.because] == ["the handshake completes on eth0"]
    assert database is not None
    assert database.at.startswith("stage-4-object-store")
    assert [evidence.says for evidence in database.because] == ["answers come in time"]


def test_the_fix_of_the_database_did_not_change_the_symptom(whole: Diagnosis) -> None:
    notes = whole.notes
    assert any("Solving remote.slow-queries of stage-3-database did not change the symptom" in note for note in notes)
    assert not any("Solving net.policy-table-empty" in note for note in notes)


def test_every_report_tells_what_was_solved(whole: Diagnosis) -> None:
    assert "  solved    before stage-3-database" in text.render(whole)
    assert "Solved" in markdown.render(whole)
    assert '"solved": null' in json.render(whole)


def test_without_the_expectation_the_last_cause_is_asked_for_and_nothing_wrong_is_named(incident: Path) -> None:
    diagnosis = diagnose([str(incident)])
    assert [cause.finding.condition.code for cause in roots(diagnosis)] == [
        "net.device-missing",
        "net.policy-table-empty",
        "remote.slow-queries",
    ]
    assert any("--expect" in step.command for step in diagnosis.next_steps)


def test_stages_given_as_sources_of_their_own_say_the_same(incident: Path, whole: Diagnosis) -> None:
    sources = [str(stage) for stage in sorted(incident.iterdir())]
    together = diagnose(sources, expect=incident.parent / "expect.yaml")
    assert [c.finding.condition.code for c in roots(together)] == [c.finding.condition.code for c in roots(whole)]


def test_dated_folders_are_stages_too(incident: Path) -> None:
    for name, date in (
        ("stage-1-names", "2021-05-01"),
        ("stage-2-route", "2021-05-03"),
        ("stage-3-database", "2021-05-04T10-15"),
    ):
        (incident / name).rename(incident / date)
    (incident / "stage-4-object-store").rename(incident / "2021-05-06")
    diagnosis = diagnosed(incident)
    solved = {cause.finding.condition.code: cause.solved.at for cause in roots(diagnosis) if cause.solved is not None}
    assert solved == {
        "net.device-missing": "2021-05-03 (2021-05-03T00:00:00Z)",
        "net.policy-table-empty": "2021-05-04T10-15 (2021-05-04T10:15:00Z)",
        "remote.slow-queries": "2021-05-06 (2021-05-06T00:00:00Z)",
    }


def test_a_cause_that_goes_on_is_told_once(incident: Path) -> None:
    shutil.copytree(incident / "stage-4-object-store", incident / "stage-5-still")
    codes = [cause.finding.condition.code for cause in roots(diagnosed(incident))]
    assert codes.count("dns.wrong-record") == 1
