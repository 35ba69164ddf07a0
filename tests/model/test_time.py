"""Moments in words."""

from __future__ import annotations

import pytest

from kwhy.model.time import iso


@pytest.mark.parametrize(
    ("epoch", "words"),
    [
        (0.0, "1970-01-01T00:00:00Z"),
        (253_402_300_799.0, "9999-12-31T23:59:59Z"),
        (1e16, "10000000000000000 s after 1970"),
        (-1e12, "-1000000000000 s after 1970"),
    ],
)
def test_a_moment_that_no_calendar_holds_is_still_told(epoch: float, words: str) -> None:
    assert iso(epoch) == words
