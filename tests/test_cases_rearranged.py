"""Cases whose evidence comes in another order, under other names, as text alone, or in one paste."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.harness.case import Recorded, all_cases
from tests.harness.claims import assert_no_wrong_root, assert_same_roots, outline
from tests.harness.evidence import (
    evidence_of,
    files_of,
    in_order,
    is_text,
    judged,
    only,
    read_files,
    read_text,
    sources_of,
)
from tests.harness.variants import one_session, renamed_flat, renamed_in_place, seeded, without_prompts

from kwhy.ingest.reading import Evidence

#: Renaming and joining need reading anew: cases with less than this (bytes) are enough.
SMALL = 400_000

each_case = pytest.mark.parametrize("recorded", all_cases(), ids=lambda recorded: recorded.name)
each_small_case = pytest.mark.parametrize(
    "recorded",
    [recorded for recorded in all_cases() if sum(map(len, files_of(recorded).values())) < SMALL],
    ids=lambda recorded: recorded.name,
)
with_text = pytest.mark.parametrize(
    "recorded",
    [recorded for recorded in all_cases() if recorded.case.text_only is not None],
    ids=lambda recorded: recorded.name,
)


@each_case
def test_the_order_of_files_does_not_matter(recorded: Recorded) -> None:
    evidence = evidence_of(recorded)
    sources = sources_of(evidence)
    rng = seeded(recorded, "order")
    for _ in range(2):
        rng.shuffle(sources)
        diagnosis = judged(recorded.case, in_order(evidence, sources))
        assert_same_roots(recorded.case, diagnosis, f"in order {', '.join(sources)}")
        assert diagnosis.outcome == recorded.case.outcome


@each_small_case
def test_file_names_do_not_matter_within_their_directories(recorded: Recorded, tmp_path: Path) -> None:
    files = renamed_in_place(files_of(recorded), seeded(recorded, "names"))
    diagnosis = judged(recorded.case, read_files(files, tmp_path))
    assert_same_roots(recorded.case, diagnosis, "with other file names")


@each_small_case
def test_names_that_say_nothing_never_lead_to_a_wrong_root(recorded: Recorded, tmp_path: Path) -> None:
    files = renamed_flat(files_of(recorded), seeded(recorded, "flat names"))
    assert_no_wrong_root(recorded.case, judged(recorded.case, read_files(files, tmp_path)), "without names")


@with_text
def test_what_kubectl_prints_is_enough(recorded: Recorded) -> None:
    evidence = evidence_of(recorded)
    texts = [source for source in sources_of(evidence) if is_text(source)]
    _assert_text_says(recorded, only(evidence, frozenset(texts)), "text alone")


@with_text
def test_one_paste_says_what_its_files_say(recorded: Recorded) -> None:
    session = read_text("session.txt", one_session(files_of(recorded)))
    _assert_text_says(recorded, session, "one session", may_say_less=_shown_on_nodes(recorded))


@with_text
def test_output_without_its_command_never_leads_to_a_wrong_root(recorded: Recorded, tmp_path: Path) -> None:
    files = without_prompts({name: data for name, data in files_of(recorded).items() if is_text(name)})
    assert_no_wrong_root(recorded.case, judged(recorded.case, read_files(files, tmp_path)), "without prompts")


def _shown_on_nodes(recorded: Recorded) -> bool:
    """Whether the cause shows in what was taken on the node: component logs, dumps, process lists."""
    return any(because.startswith("node/") for claim in recorded.case.roots for because in claim.because)


def _assert_text_says(recorded: Recorded, evidence: Evidence, seen: str, *, may_say_less: bool = False) -> None:
    diagnosis = judged(recorded.case, evidence)
    assert_no_wrong_root(recorded.case, diagnosis, seen)
    if recorded.case.text_only == "same" and not may_say_less:
        assert_same_roots(recorded.case, diagnosis, seen)
        assert diagnosis.outcome == recorded.case.outcome, outline(diagnosis)
