"""Cron expressions as github.com/robfig/cron/v3 reads them (spec_test.go TestActivation, TestNext; parser_test.go)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.knowledge.workload.cron_schedule import due_between, parse_schedule, zone_named


def _at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


# spec_test.go TestActivation of robfig/cron v3.0.1
@pytest.mark.parametrize(
    ("moment", "schedule", "is_due"),
    [
        ("2012-07-09T15:00", "0/15 * * * *", True),
        ("2012-07-09T15:45", "0/15 * * * *", True),
        ("2012-07-09T15:40", "0/15 * * * *", False),
        ("2012-07-09T15:05", "5/15 * * * *", True),
        ("2012-07-09T15:20", "5/15 * * * *", True),
        ("2012-07-09T15:50", "5/15 * * * *", True),
        ("2012-07-15T15:00", "0/15 * * Jul *", True),
        ("2012-07-15T15:00", "0/15 * * Jun *", False),
        ("2012-07-15T08:30", "30 08 ? Jul Sun", True),
        ("2012-07-15T08:30", "30 08 15 Jul ?", True),
        ("2012-07-16T08:30", "30 08 ? Jul Sun", False),
        ("2012-07-16T08:30", "30 08 15 Jul ?", False),
        ("2012-07-09T15:00", "@hourly", True),
        ("2012-07-09T15:04", "@hourly", False),
        ("2012-07-09T15:00", "@daily", False),
        ("2012-07-09T00:00", "@daily", True),
        ("2012-07-09T00:00", "@weekly", False),
        ("2012-07-08T00:00", "@weekly", True),
        ("2012-07-08T01:00", "@weekly", False),
        ("2012-07-08T00:00", "@monthly", False),
        ("2012-07-01T00:00", "@monthly", True),
        ("2012-07-15T00:00", "* * 1,15 * Sun", True),
        ("2012-06-15T00:00", "* * 1,15 * Sun", True),
        ("2012-08-01T00:00", "* * 1,15 * Sun", True),
        ("2012-07-15T00:00", "* * */10 * Sun", True),
        ("2012-07-15T00:00", "* * * * Mon", False),
        ("2012-07-09T00:00", "* * 1,15 * *", False),
        ("2012-07-15T00:00", "* * 1,15 * *", True),
        ("2012-07-15T00:00", "* * */2 * Sun", True),
    ],
)
def test_a_run_is_due_when_the_controllers_library_says_so(moment: str, schedule: str, is_due: bool) -> None:
    parsed = parse_schedule(schedule)
    assert parsed is not None
    due = list(due_between(parsed, _at(moment) - 1, _at(moment), UTC))
    assert due == ([_at(moment)] if is_due else [])


# parser_test.go TestParseScheduleErrors, TestStandardSpecSchedule
@pytest.mark.parametrize(
    "schedule", ["", "* * * *", "60 0 * * *", "5 j * * *", "* 25 * * *", "5-1 * * * *", "*/0 * * * *", "@unrecognized"]
)
def test_what_the_library_refuses_is_no_schedule(schedule: str) -> None:
    assert parse_schedule(schedule) is None


def test_a_zone_moves_the_day_with_it() -> None:
    rome, parsed = zone_named("Europe/Rome"), parse_schedule("30 2 * * *")
    assert rome is not None
    assert parsed is not None
    assert list(due_between(parsed, _at("2026-11-21T12:00"), _at("2026-11-22T12:00"), rome)) == [
        _at("2026-11-22T01:30")
    ]
    assert zone_named("Mars/Olympus") is None
    assert zone_named("../etc/passwd") is None


def test_every_counts_from_the_run_before() -> None:
    parsed = parse_schedule("@every 1h30m")
    assert parsed is not None
    assert list(due_between(parsed, 0.0, 11_000.0, UTC)) == [5_400.0, 10_800.0]


@given(st.text(alphabet="0123456789*/,-?@ abjulsnevryhm", max_size=40), st.floats(0, 4e9), st.floats(0, 1e6))
def test_any_text_is_a_schedule_or_none_and_its_runs_lie_within_the_time_asked(
    text: str, after: float, length: float
) -> None:
    parsed = parse_schedule(text)
    if parsed is None:
        return
    for number, due in enumerate(due_between(parsed, after, after + length, UTC)):
        assert after < due <= after + length
        if number > 100:
            break
