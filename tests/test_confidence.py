"""No pool of confidence claims more than the recorded incidents allow."""

from __future__ import annotations

from tests.harness.case import all_cases

from kwhy.reasoning.explaining import POOLED


def test_no_confidence_is_higher_than_the_number_of_explained_cases_allows() -> None:
    explained = sum(bool(recorded.case.roots) for recorded in all_cases())
    assert max(POOLED.values()) <= (explained + 1) / (explained + 2)
