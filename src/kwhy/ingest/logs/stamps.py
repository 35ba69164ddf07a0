"""Times as logs print them: complete, without a zone, without a year, of the day only, or since boot."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from kwhy.model.expressions import expression

_DAY = 86_400.0
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
#: A leap year stands in where no year is printed, so that Feb 29 exists.
LEAP_YEAR = 2000
_UTC_NAMES = frozenset({"UTC", "GMT", "Z"})


class Precision(IntEnum):
    """How much of a time is printed; more is better."""

    BOOT = 1
    TIME_OF_DAY = 2
    YEARLESS = 3
    LOCAL = 4
    ZONED = 5


class Stamp(NamedTuple):
    """A printed time.

    ``seconds``: since the epoch (ZONED; LOCAL as though it were UTC), since the beginning of 2000 as though it were UTC
    (YEARLESS), since midnight (TIME_OF_DAY), since boot (BOOT).
    """

    precision: Precision
    seconds: float


def from_iso(text: str) -> Stamp | None:
    """``2026-11-21T21:31:41.120579+08:00`` and its relatives (space for T, comma for the point, Z, +0800, no zone)."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return Stamp(Precision.LOCAL, moment.replace(tzinfo=UTC).timestamp())
        return Stamp(Precision.ZONED, moment.timestamp())
    except (ValueError, OverflowError):
        return None


def from_go_time(text: str) -> Stamp | None:
    """``2026-11-21 21:32:09.820528793 +0000 UTC m=+835.471``: Go's time.Time.String()."""
    parts = text.split(" ")
    return from_iso(f"{parts[0]}T{parts[1]}{parts[2]}") if len(parts) >= 3 else None


def of_day(clock: str) -> float | None:
    """Seconds since midnight of ``17:08:22.299597`` (point or comma)."""
    try:
        hours, minutes, seconds = clock.replace(",", ".").split(":")
        value = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return None
    return value if 0 <= value <= _DAY else None


def time_of_day(clock: str) -> Stamp | None:
    seconds = of_day(clock)
    return None if seconds is None else Stamp(Precision.TIME_OF_DAY, seconds)


def yearless(month: int, day: int, clock: str) -> Stamp | None:
    """klog's ``1121 21:31:41.120579`` and syslog's ``Nov 21 21:31:41``."""
    seconds = of_day(clock)
    start = _midnight(LEAP_YEAR, month, day)
    if seconds is None or start is None:
        return None
    return Stamp(Precision.YEARLESS, start - _YEAR_2000 + seconds)


def syslog(month: str, day: str, clock: str) -> Stamp | None:
    number = _MONTHS.get(month)
    return yearless(number, int(day), clock) if number else None


def ctime(month: str, day: str, clock: str, year: str) -> Stamp | None:
    """``Nov 21 21:31:41 2026`` (dmesg -T)."""
    number, seconds = _MONTHS.get(month), of_day(clock)
    start = _midnight(int(year), number, int(day)) if number else None
    return None if seconds is None or start is None else Stamp(Precision.LOCAL, start + seconds)


def common_log(text: str) -> Stamp | None:
    """``21/Nov/2026:21:36:54 +0000`` of web servers."""
    found = _COMMON_LOG.match(text)
    if found is None or found["month"] not in _MONTHS:
        return None
    return from_iso(
        f"{found['year']}-{_MONTHS[found['month']]:02}-{found['day']}T{found['clock']}{found['zone'].strip()}"
    )


def with_zone_name(stamp: Stamp | None, zone: str) -> Stamp | None:
    """A LOCAL stamp becomes ZONED if its zone's name has one meaning only (CST has four)."""
    if stamp is not None and stamp.precision is Precision.LOCAL and zone in _UTC_NAMES:
        return Stamp(Precision.ZONED, stamp.seconds)
    return stamp


def epoch(seconds: float) -> Stamp | None:
    """Seconds, milliseconds, microseconds or nanoseconds since the epoch, told apart by size."""
    for unit in (1.0, 1e3, 1e6, 1e9):
        if 1e8 <= seconds / unit < 1e10:
            return Stamp(Precision.ZONED, seconds / unit)
    return None


def boot(seconds: str) -> Stamp:
    return Stamp(Precision.BOOT, float(seconds))


def date_of(stamp: Stamp, year: int) -> float | None:
    """The LOCAL seconds of a YEARLESS stamp in ``year``; None for Feb 29 of other years."""
    day = datetime.fromtimestamp(_YEAR_2000 + stamp.seconds, UTC)
    start = _midnight(year, day.month, day.day)
    return None if start is None else start + stamp.seconds % _DAY


@lru_cache(maxsize=64)
def _midnight(year: int, month: int, day: int) -> float | None:
    try:
        return datetime(year, month, day, tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None


#: 21/Nov/2026:21:36:54 +0000 — nginx 1.27 and Apache httpd 2.4, "combined" log format.
_COMMON_LOG = expression(
    r"(?P<day>\d\d)/(?P<month>[A-Z][a-z]{2})/(?P<year>\d{4}):(?P<clock>\d\d:\d\d:\d\d)(?P<zone> [+-]\d{4})"
)
_YEAR_2000 = datetime(LEAP_YEAR, 1, 1, tzinfo=UTC).timestamp()
