"""A question in words decides what comes first, over recorded faults that happen at the same time."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.harness.case import all_cases
from tests.harness.evidence import evidence_of, together

from kwhy.ingest.reading import Evidence
from kwhy.model.diagnosis import Diagnosis
from kwhy.pipeline import diagnose_evidence
from kwhy.reasoning.symptom_words import names_in, terms_of

FAULTS = (
    "image/not_found/tag",
    "storage/class_missing/misnamed_class",
    "service/selector_misses/misspelt_label",
    "container/out_of_memory/limit_below_need",
)


@cache
def four_faults() -> Evidence:
    cases = {recorded.name: recorded for recorded in all_cases()}
    return together(*(evidence_of(cases[name]) for name in FAULTS))


def asked(words: str | None) -> Diagnosis:
    return diagnose_evidence(four_faults(), symptom=words)


def first(words: str) -> str:
    return asked(words).root_causes[0].finding.condition.code


@pytest.mark.parametrize(
    ("words", "condition"),
    [
        ("partial service unreachability in namespace orders", "service.selector-misses"),
        ("orders 命名空间里的服务无法访问", "service.selector-misses"),
        ("service connections time out", "service.selector-misses"),
        ("镜像拉取失败", "image.not-found"),
        ("pods cannot pull their image", "image.not-found"),
        ("ranker keeps restarting", "container.out-of-memory"),
        ("内存不够,容器一直重启", "container.out-of-memory"),
        ("the forum database volume is not mounted", "storage.class-missing"),
        ("forum 的 PVC 一直挂起", "storage.class-missing"),
    ],
)
def test_what_was_asked_comes_first(words: str, condition: str) -> None:
    assert first(words) == condition


def test_a_question_hides_no_other_root() -> None:
    every = {cause.finding.condition.code for cause in asked(None).root_causes}
    assert {cause.finding.condition.code for cause in asked("ranker keeps restarting").root_causes} == every


def test_a_question_that_fits_nothing_is_said_and_changes_nothing() -> None:
    without, with_words = asked(None), asked("the printer is on fire")
    assert with_words.root_causes == without.root_causes
    assert any("the printer is on fire" in note for note in with_words.notes)


def test_terms_are_found_at_the_beginning_of_words_only() -> None:
    assert "node" in terms_of("NodeNotReady on two nodes")
    assert "node" not in terms_of("anode and cathode")
    assert terms_of("DNS 解析失败") == {"dns"}


def test_names_are_read_out_of_paths_and_host_names() -> None:
    assert {"orders", "orders-api", "db", "shop"} <= names_in("orders/orders-api 访问 db.shop.svc 失败")


@given(st.text())
def test_any_words_can_be_asked(words: str) -> None:
    assert names_in(words) is not None
    assert terms_of(words) is not None
