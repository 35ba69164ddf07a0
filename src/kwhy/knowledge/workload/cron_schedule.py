"""When a CronJob's schedule is due: cron expressions as the controller reads them.

Source: github.com/robfig/cron/v3 v3.0.1 parser.go (ParseStandard) and spec.go (Next), which Kubernetes v1.16 to v1.34
uses (pkg/controller/cronjob): five fields, names of months and days, ranges, steps, the descriptors @hourly …
@yearly and @every.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone, tzinfo

import msgspec

from kwhy.model.expressions import expression

_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
#: Minute, hour, day of month, month, day of week: the lowest and highest value, and names for values.
_FIELDS: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, _MONTHS),
    (0, 6, _DAYS),
)
# "@every 1h30m": Go's time.ParseDuration in whole hours, minutes and seconds
_EVERY = expression(r"@every (?=\d)(?:(?P<h>\d{1,6})h)?(?:(?P<m>\d{1,6})m)?(?:(?P<s>\d{1,6})s)?")
#: No farther back than this is counted (days).
LONGEST = 60


class Schedule(msgspec.Struct, frozen=True):
    """The times of day and the days at which a run is due. ``every`` is set instead of them (seconds)."""

    minutes: frozenset[int] = frozenset()
    hours: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    any_day: bool = False
    every: float | None = None

    def is_due_on(self, day: date) -> bool:
        """Where day of month and day of week are both restricted, either is enough."""
        if day.month not in self.months:
            return False
        by_month, by_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_month and by_week if self.any_day else by_month or by_week


def parse_schedule(text: str) -> Schedule | None:
    """The schedule; None for what the controller could not read either."""
    text = " ".join(text.split())
    matched = _EVERY.fullmatch(text)
    if matched is not None:
        hours, minutes, seconds = (int(matched[unit] or 0) for unit in "hms")
        period = float(hours * 3600 + minutes * 60 + seconds)
        return Schedule(every=period) if period else None
    fields = _DESCRIPTORS.get(text.lower(), text).lower().split(" ")
    if len(fields) != len(_FIELDS):
        return None
    values = [_values(field, *bounds) for field, bounds in zip(fields, _FIELDS, strict=True)]
    if any(not value for value in values):
        return None
    any_day = any(fields[index] in ("*", "?", "*/1", "?/1") for index in (2, 4))
    minute, hour, day, month, weekday = (frozenset(value) for value in values)
    return Schedule(minute, hour, day, month, weekday, any_day)


def _values(field: str, lowest: int, highest: int, names: dict[str, int]) -> set[int]:
    """What a comma-separated field allows; empty where it cannot be read."""
    allowed: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        low = lowest if first in ("*", "?") else _number(first, names)
        if low is None or (slash and not step.isdecimal()) or (slash and int(step) == 0):
            return set()
        high = _number(last, names) if dash else highest if slash or first in ("*", "?") else low
        if high is None or not lowest <= low <= high <= highest:
            return set()
        allowed.update(range(low, high + 1, int(step) if slash else 1))
    return allowed


def _number(text: str, names: dict[str, int]) -> int | None:
    if text in names:
        return names[text]
    return int(text) if text.isdecimal() and len(text) <= 2 else None


def zone_named(name: str) -> tzinfo | None:
    """The time zone of this name; None where there is none."""
    from zoneinfo import ZoneInfo  # only for CronJobs

    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return None


def due_between(schedule: Schedule, after: float, until: float, zone: tzinfo) -> Iterator[float]:
    """The moments (epoch seconds) later than ``after`` and up to ``until`` at which a run is due."""
    after = max(after, until - LONGEST * 86400.0)
    if schedule.every is not None:
        due = after + schedule.every
        while due <= until:
            yield due
            due += schedule.every
        return
    day = datetime.fromtimestamp(after, zone).date()
    last = datetime.fromtimestamp(until, zone).date()
    while day <= last:
        if schedule.is_due_on(day):
            for hour in sorted(schedule.hours):
                for minute in sorted(schedule.minutes):
                    due = datetime.combine(day, time(hour, minute), zone).timestamp()
                    if after < due <= until:
                        yield due
        day += timedelta(days=1)


#: Every offset that a time zone has, in steps of half an hour (tz database; three zones differ by a quarter).
OFFSETS: tuple[tzinfo, ...] = tuple(
    timezone(timedelta(minutes=minutes)) for minutes in range(-12 * 60, 14 * 60 + 1, 30)
)
