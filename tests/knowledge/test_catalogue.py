"""Every rule says what it means and where it comes from, and every root cause can be mended and the mending checked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from kwhy.knowledge.catalogue import all_rules
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Rule
from kwhy.pipeline import catalogue

HEADINGS = ("What it means:", "How it shows:", "What looks like it:", "Source:")
#: "| N7 | …": the rows of the field knowledge.
ROW = re.compile(r"^\| ([A-Z]\d+) \|", re.MULTILINE)
FIELD = Path(__file__).parents[2] / "docs" / "field"

each_rule = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
each_condition = pytest.mark.parametrize("condition", catalogue().conditions, ids=lambda condition: condition.code)


@each_rule
def test_a_rule_documents_its_meaning_its_look_alikes_and_its_source(rule: Rule[Any]) -> None:
    text = rule.judge.__doc__ or ""
    missing = [heading for heading in HEADINGS if heading not in text]
    assert not missing, f"{rule.name} lacks {missing}"


@each_rule
def test_a_rule_names_rows_of_the_field_knowledge(rule: Rule[Any]) -> None:
    known = {row for page in FIELD.glob("*.md") for row in ROW.findall(page.read_text())}
    assert rule.rows
    assert set(rule.rows) <= known


@each_condition
def test_a_root_cause_can_be_mended_verified_and_undone(condition: Condition) -> None:
    if condition.nature is Nature.EFFECT:
        assert not condition.remedies, "what is mended is the cause"
        return
    assert any(remedy.when == "now" for remedy in condition.remedies)
    for remedy in condition.remedies:
        assert remedy.steps
        assert remedy.verify
        assert remedy.undo


@each_condition
def test_an_effect_or_root_stands_on_some_way_to_a_symptom(condition: Condition) -> None:
    """What leads nowhere and is no symptom itself could never be reported."""
    rules = catalogue().rules_of(condition)
    assert any(rule.symptom or rule.answers for rule in rules) or catalogue().effects_of(condition)


def test_a_file_holds_one_condition_or_two_that_are_judged_together() -> None:
    files: dict[str, set[str]] = {}
    for rule in all_rules():
        files.setdefault(rule.judge.__module__, set()).add(rule.condition.code)
    assert {name: codes for name, codes in files.items() if len(codes) > 2} == {}
