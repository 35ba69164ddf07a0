"""Ages as kubectl prints them."""

from __future__ import annotations

import pytest

from kwhy.facts.kubectl import moment_before, printed_age
from kwhy.model.time import UNKNOWN_MOMENT, at


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("8s", 8, 9),
        ("119s", 119, 120),
        ("8m29s", 509, 510),
        ("42m", 2520, 2580),
        ("3h7m", 11220, 11280),
        ("27h", 97200, 100800),
        ("2d5h", 190800, 194400),
        ("47d", 4060800, 4147200),
        ("2y100d", 71712000, 71798400),
        ("0s", 0, 1),
    ],
)
def test_an_age_is_as_exact_as_its_smallest_unit(text: str, low: float, high: float) -> None:
    assert printed_age(text) == (low, high)


@pytest.mark.parametrize("text", ["", "<unknown>", "<invalid>", "5", "m", "5m 3s", "-5m", "5w", "9" * 30 + "s"])
def test_what_is_no_age_is_none(text: str) -> None:
    assert printed_age(text) is None


def test_an_age_is_a_time_only_beside_a_time() -> None:
    age = printed_age("42m")
    assert age is not None
    assert moment_before(UNKNOWN_MOMENT, age) == UNKNOWN_MOMENT
    bounded = moment_before(at(10_000.0, within=1.0), age)
    assert (bounded.earliest, bounded.latest) == (9_999.0 - 2580, 10_001.0 - 2520)
