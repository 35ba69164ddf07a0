"""Cases of which parts of the evidence are taken away: the same root, or an honest "proven down to here"."""

from __future__ import annotations

import pytest
from tests.harness.case import Recorded, all_cases
from tests.harness.claims import assert_no_wrong_root
from tests.harness.evidence import evidence_of, judged, only, sources_of
from tests.harness.variants import seeded, shrinking

ORDERS = 20
#: Of each random order so many steps are judged; all of them in the nightly run.
STEPS = 4

each_case = pytest.mark.parametrize("recorded", all_cases(), ids=lambda recorded: recorded.name)


@each_case
def test_taking_files_away_never_leads_to_a_wrong_root(recorded: Recorded) -> None:
    _take_away(recorded, STEPS)


@pytest.mark.nightly
@each_case
def test_taking_files_away_one_by_one_never_leads_to_a_wrong_root(recorded: Recorded) -> None:
    _take_away(recorded, len(sources_of(evidence_of(recorded))))


def _take_away(recorded: Recorded, steps: int) -> None:
    evidence = evidence_of(recorded)
    sources = sources_of(evidence)
    rng = seeded(recorded, "removal")
    # Of few files different orders leave the same ones.
    remains = dict.fromkeys(frozenset(left) for _ in range(ORDERS) for left in shrinking(sources, rng, steps))
    for left in remains:
        diagnosis = judged(recorded.case, only(evidence, left))
        assert_no_wrong_root(recorded.case, diagnosis, f"only {', '.join(sorted(left))}")


@each_case
def test_no_single_file_leads_to_a_wrong_root(recorded: Recorded) -> None:
    evidence = evidence_of(recorded)
    for source in sources_of(evidence):
        assert_no_wrong_root(recorded.case, judged(recorded.case, only(evidence, {source})), f"only {source}")


@each_case
def test_no_single_file_is_the_only_guard_against_a_wrong_root(recorded: Recorded) -> None:
    evidence = evidence_of(recorded)
    sources = sources_of(evidence)
    for missing in sources if len(sources) > 1 else ():
        left = frozenset(sources) - {missing}
        assert_no_wrong_root(recorded.case, judged(recorded.case, only(evidence, left)), f"all but {missing}")
