"""Every recorded case, as it is: the true cause is named, because of the lines that show it, and nothing else is."""

from __future__ import annotations

import json as stdlib
from pathlib import Path

import jsonschema
import pytest
from tests.harness.case import Recorded, all_cases, written
from tests.harness.claims import assert_present, assert_same_roots, deepest_of, outline, roots_of
from tests.harness.evidence import diagnosis_of, evidence_of, files_of
from tests.harness.locators import evidence_places, fault_of

import kwhy.reports
from kwhy.knowledge.catalogue import all_rules
from kwhy.model.subject import Subject
from kwhy.pipeline import catalogue
from kwhy.reasoning.catalogue import Catalogue
from kwhy.reasoning.diagnosing import diagnosed
from kwhy.reasoning.judging import Judge
from kwhy.reasoning.steering import Question
from kwhy.reports import json
from kwhy.scene.scene import Scene

SCHEMA = stdlib.loads(Path(kwhy.reports.__file__).with_name("diagnosis.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
#: Every rule is tried on so many subjects of its kind; ten thousand pods would teach no more.
SUBJECTS_TRIED = 25

each_case = pytest.mark.parametrize("recorded", all_cases(), ids=lambda recorded: recorded.name)


@each_case
def test_the_true_root_causes_are_named_and_no_others(recorded: Recorded) -> None:
    diagnosis = diagnosis_of(recorded)
    assert diagnosis.outcome == recorded.case.outcome, outline(diagnosis)
    assert_same_roots(recorded.case, diagnosis, "all evidence")


@each_case
def test_what_the_case_claims_is_found_because_of_the_lines_it_names(recorded: Recorded) -> None:
    diagnosis = diagnosis_of(recorded)
    for claim in (*recorded.case.present, *recorded.case.roots):
        assert_present(claim, diagnosis)


@each_case
def test_what_is_proven_so_far_holds_what_the_case_says(recorded: Recorded) -> None:
    found = {(claim.condition, claim.subject) for claim in deepest_of(diagnosis_of(recorded))}
    missing = [str(claim) for claim in recorded.case.deepest if (claim.condition, claim.subject) not in found]
    assert not missing, f"{missing} missing\n{outline(diagnosis_of(recorded))}"


@each_case
def test_the_conditions_that_the_case_excludes_are_never_named_as_root(recorded: Recorded) -> None:
    named = {root.condition for root in roots_of(diagnosis_of(recorded))}
    assert not named & set(recorded.case.absent)


@each_case
def test_a_case_speaks_of_conditions_that_exist(recorded: Recorded) -> None:
    codes = {condition.code for condition in catalogue().conditions}
    case = recorded.case
    named = {*case.absent, *case.chain, *(claim.condition for claim in (*case.present, *case.deepest, *case.roots))}
    assert named <= codes


@each_case
def test_the_next_steps_ask_for_what_decides(recorded: Recorded) -> None:
    commands = [step.command for step in diagnosis_of(recorded).next_steps]
    for part in recorded.case.asks:
        assert any(part in command for command in commands), f"{part!r} is in none of {commands}"


@each_case
def test_the_report_follows_the_published_schema(recorded: Recorded) -> None:
    VALIDATOR.validate(stdlib.loads(json.render(diagnosis_of(recorded))))


@each_case
def test_every_place_that_the_report_names_says_what_it_quotes(recorded: Recorded) -> None:
    files = files_of(recorded)
    faults = {fault for at in evidence_places(diagnosis_of(recorded)) if (fault := fault_of(at, files)) is not None}
    assert not faults, "\n".join(sorted(faults))


@each_case
def test_symptom_rules_alone_see_that_something_fails_and_only_where_it_does(recorded: Recorded) -> None:
    evidence = evidence_of(recorded)
    symptoms = Catalogue(rule for rule in all_rules() if rule.symptom)
    diagnosis = diagnosed(Scene(evidence.documents, evidence.facts), symptoms, Question(), evidence.coverage())
    shown = any(finding.symptom for finding in diagnosis.findings)
    if recorded.case.symptom or recorded.case.outcome in ("healthy", "insufficient-evidence"):
        # What was asked about may be a state that somebody chose: nothing fails.
        assert not shown, outline(diagnosis)
    else:
        assert shown


@each_case
def test_no_rule_fails_on_any_subject_of_the_scene(recorded: Recorded) -> None:
    evidence = evidence_of(recorded)
    judge = Judge(Scene(evidence.documents, evidence.facts), catalogue())
    for condition in catalogue().conditions:
        for subject in _subjects(judge.scene, condition.kind):
            judge.verdict(condition, subject)
    failed = [*judge.failures, *diagnosis_of(recorded).coverage.failed_rules]
    assert not failed, "\n".join(failed)


def _subjects(scene: Scene, kind: str) -> list[Subject]:
    """Subjects of a kind that the evidence shows, and one of which it shows nothing."""
    if kind == "Process":
        hosts = [host.name for host in scene.hosts.all] or ["node-nowhere"]
        return [Subject(kind, program, node=host) for host in hosts for program in ("kubelet", "containerd", "nothing")]
    shown = scene.subjects(kind)[:SUBJECTS_TRIED]
    return [*shown, Subject(kind, "nothing", None if kind == "Node" else "nowhere")]


def test_the_archives_stay_small() -> None:
    files = [path for recorded in all_cases() for path in recorded.folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 6_000_000


def test_subjects_are_written_with_what_tells_them_apart() -> None:
    assert written(Subject("Node", "n1")) == "Node/n1"
    assert written(Subject("Pod", "web", "shop")) == "Pod/shop/web"
    assert written(Subject("Process", "terwayd", node="n1")) == "Process/n1/terwayd"
