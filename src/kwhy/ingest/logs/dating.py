"""From printed times to moments: year and zone are proven by the document's own lines where they are not printed."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from kwhy.facts.logs import Known
from kwhy.ingest.logs import stamps
from kwhy.ingest.logs.stamps import Precision, Stamp
from kwhy.model.time import UNKNOWN_MOMENT, Moment

_DAY = 86_400.0
_LEAP_YEAR_LENGTH = 366 * _DAY
#: Zones lie between UTC−12 and UTC+14, so a local time is within these bounds of UTC.
_EAST_MOST, _WEST_MOST = 14 * 3600.0, 12 * 3600.0
#: Zones are multiples of a quarter of an hour; two times of one line may differ by the time it took to print it.
_QUARTER, _PRINTING = 900.0, 5.0

#: timeStamp="2026-11-21 21:32:09.820528793 +0000 UTC m=+835.471" — time.Now() printed whole: by the node lifecycle
#: controller, pkg/controller/nodelifecycle/node_lifecycle_controller.go:781 (v1.34), "as of" in older versions; by the
#: kubelet, pkg/kubelet/util/pod_startup_latency_tracker.go (v1.34); by cAdvisor, machine/info.go (v0.53).
_NOW = re.compile(
    r'(?:timeStamp="|as of |watchObservedRunningTime="|Machine: \{Timestamp:)'
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,9} [+-]\d{4}) [A-Z+-][\w+-]{1,5} m=\+"
)
#: -- Logs begin at Fri 2019-07-26 10:12:06 CST, end at Mon 2019-07-29 17:11:43 CST. -- (journalctl, systemd < 250)
_JOURNAL_BEGINS = re.compile(
    r"-- (?:Logs begin|Journal begins) at \w{3} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d [\w+-]{1,6}"
    r"(?:,|;) (?:end|ends) at \w{3} (?P<end>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?P<zone>[\w+-]{1,6})"
)


class Pair(NamedTuple):
    """An incomplete time and the complete one printed beside it, at ``line``."""

    line: int
    partial: Stamp
    complete: Stamp


class Calendar(NamedTuple):
    """How the stamps of one document become moments.

    ``base_year`` is the year of YEARLESS stamps before the first New Year; ``turns`` are the lines at which the printed
    date (or time of day) fell back, with how often it had done so from there on. ``offset`` is the zone (seconds east).
    """

    base_year: int | None
    year: Known
    offset: float | None
    zone: Known
    turn_lines: tuple[int, ...]
    turn_counts: tuple[int, ...]
    main: Precision | None

    def place(self, line: int, stamp: Stamp | None) -> tuple[Moment, float | None]:
        """The moment and the document's clock at a line."""
        if stamp is None:
            return UNKNOWN_MOMENT, None
        if stamp.precision is Precision.ZONED:
            return Moment(stamp.seconds, stamp.seconds), stamp.seconds
        if stamp.precision is Precision.LOCAL:
            return self._local(stamp.seconds), stamp.seconds - (self.offset or 0.0)
        if stamp.precision is Precision.YEARLESS:
            return self._yearless(line, stamp)
        # Clocks of different kinds in one document cannot be subtracted; only the main kind keeps its clock.
        if stamp.precision is not self.main:
            return UNKNOWN_MOMENT, None
        turns = self._turns(line) if stamp.precision is Precision.TIME_OF_DAY else 0
        return UNKNOWN_MOMENT, stamp.seconds + turns * _DAY

    def _yearless(self, line: int, stamp: Stamp) -> tuple[Moment, float | None]:
        turns = self._turns(line)
        if self.base_year is None:
            return UNKNOWN_MOMENT, stamp.seconds + turns * _LEAP_YEAR_LENGTH if self.main is stamp.precision else None
        local = stamps.date_of(stamp, self.base_year + turns)
        return (UNKNOWN_MOMENT, None) if local is None else (self._local(local), local - (self.offset or 0.0))

    def _local(self, seconds: float) -> Moment:
        if self.offset is not None:
            return Moment(seconds - self.offset, seconds - self.offset)
        return Moment(seconds - _EAST_MOST, seconds + _WEST_MOST)

    def _turns(self, line: int) -> int:
        index = bisect_right(self.turn_lines, line)
        return self.turn_counts[index - 1] if index else 0


def calendar(dated: Iterable[tuple[int, Stamp]], pairs: Sequence[Pair], captured: Moment) -> Calendar:
    """Study the stamps seen (in any order of lines) and what calibrates them."""
    ordered = sorted(dated, key=lambda item: item[0])
    counts = Counter(stamp.precision for _, stamp in ordered)
    main = max(counts, key=lambda precision: (counts[precision], precision), default=None)
    turn_lines, turn_counts = _turns(ordered)
    blank = Calendar(None, None, None, None, turn_lines, turn_counts, main)
    if main is None or main >= Precision.ZONED:
        return blank._replace(year="stated" if main else None, zone="stated" if main else None)
    offset = _offset(pairs)
    zone: Known = None if offset is None else "calibrated"
    if main is Precision.LOCAL:
        return blank._replace(year="stated", offset=offset, zone=zone)
    if main is not Precision.YEARLESS:
        return blank
    year, known = _year(ordered, pairs, blank, captured)
    return blank._replace(base_year=year, year=known, offset=offset, zone=zone)


def pairs_in(line: int, text: str, partial: Stamp | None) -> list[Pair]:
    """Complete times that a message prints of the moment it was written, or that the journal prints of its range."""
    found = _NOW.search(text)
    if found is not None and partial is not None and partial.precision in (Precision.LOCAL, Precision.YEARLESS):
        complete = stamps.from_go_time(found["time"])
        return [Pair(line, partial, complete)] if complete is not None else []
    return []


def journal_end(text: str) -> Stamp | None:
    """The end of the journal as its header line states it: no line is later."""
    found = _JOURNAL_BEGINS.match(text)
    return stamps.with_zone_name(stamps.from_iso(found["end"]), found["zone"]) if found else None


def _turns(ordered: Sequence[tuple[int, Stamp]]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where the year or the day began anew: a fall back by more than half the cycle; jitter between writers is less."""
    lines: list[int] = []
    counts: list[int] = []
    last: dict[Precision, float] = {}
    turns = 0
    for line, stamp in ordered:
        cycle = {Precision.YEARLESS: _LEAP_YEAR_LENGTH, Precision.TIME_OF_DAY: _DAY}.get(stamp.precision)
        if cycle is None:
            continue
        before = last.get(stamp.precision, stamp.seconds)
        change = -1 if stamp.seconds - before > cycle / 2 else 1 if before - stamp.seconds > cycle / 2 else 0
        if change and turns + change >= 0:
            turns += change
            lines.append(line)
            counts.append(turns)
        last[stamp.precision] = stamp.seconds
    return tuple(lines), tuple(counts)


def _offset(pairs: Sequence[Pair]) -> float | None:
    """The zone that all pairs agree on."""
    offsets: Counter[float] = Counter()
    for pair in pairs:
        local = pair.partial.seconds
        if pair.partial.precision is Precision.YEARLESS:
            dated = _nearest_year(pair)
            if dated is None:
                continue
            local = dated[1]
        difference = local - pair.complete.seconds
        rounded = round(difference / _QUARTER) * _QUARTER
        if abs(difference - rounded) <= _PRINTING and -_WEST_MOST <= rounded <= _EAST_MOST:
            offsets[rounded] += 1
    return offsets.most_common(1)[0][0] if len(offsets) == 1 else None


def _nearest_year(pair: Pair) -> tuple[int, float] | None:
    """The year that brings the partial time nearest to the complete one, and the local seconds it gives."""
    year = datetime.fromtimestamp(pair.complete.seconds, UTC).year
    options = [(y, local) for y in (year - 1, year, year + 1) if (local := stamps.date_of(pair.partial, y)) is not None]
    best = min(options, key=lambda option: abs(option[1] - pair.complete.seconds), default=None)
    return best if best is not None and abs(best[1] - pair.complete.seconds) <= 2 * _DAY else None


def _year(
    ordered: Sequence[tuple[int, Stamp]], pairs: Sequence[Pair], blank: Calendar, captured: Moment
) -> tuple[int | None, Known]:
    for pair in pairs:
        if pair.partial.precision is Precision.YEARLESS and (dated := _nearest_year(pair)) is not None:
            return dated[0] - blank._turns(pair.line), "calibrated"
    newest = [(line, stamp) for line, stamp in ordered if stamp.precision is Precision.YEARLESS]
    if captured.latest is None or not newest:
        return None, None
    line, stamp = newest[-1]
    limit = captured.latest + _EAST_MOST
    try:
        year = datetime.fromtimestamp(captured.latest, UTC).year + 1
    except (ValueError, OverflowError, OSError):
        return None, None
    while year > 1970:
        local = stamps.date_of(stamp, year)
        if local is not None and local <= limit:
            return year - blank._turns(line), "assumed"
        year -= 1
    return None, None
