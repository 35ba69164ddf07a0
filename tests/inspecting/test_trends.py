from __future__ import annotations

import pytest

from kwhy.facts.logs import LogSample
from kwhy.inspecting.trends import trend
from kwhy.model.time import UNKNOWN_MOMENT


def samples(*clocks: float) -> list[LogSample]:
    return [LogSample(n, n, UNKNOWN_MOMENT, clock, {}, "") for n, clock in enumerate(clocks, 1)]


@pytest.mark.parametrize(
    ("clocks", "word"),
    [
        ([float(n) for n in range(0, 800, 10)], "constant"),
        ([800 * (n / 80) ** 0.4 for n in range(80)], "growing"),
        ([800 * (n / 80) ** 2.5 for n in range(80)], "fading"),
        ([400 + n / 10 for n in range(80)], "burst"),
        ([100 * (n // 10) + n % 10 for n in (*range(20), *range(40, 80))], "bursts"),
        ([0.0, 400.0, 800.0], ""),
    ],
)
def test_a_series_is_named_by_how_it_goes_on(clocks: list[float], word: str) -> None:
    assert trend(samples(*clocks), len(clocks), 0.0, 800.0) == word


def test_lines_between_samples_count_where_they_were() -> None:
    kept = [LogSample(1, 1, UNKNOWN_MOMENT, 0.0, {}, ""), LogSample(9, 9000, UNKNOWN_MOMENT, 800.0, {}, "")]
    assert trend(kept, 9000, 0.0, 800.0) == "constant"


@pytest.mark.parametrize("ends", [None, 0.0])
def test_a_log_without_times_has_no_trend(ends: float | None) -> None:
    assert trend(samples(*range(20)), 20, 0.0, ends) == ""
