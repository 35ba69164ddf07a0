"""From printed times to moments: year and zone are proven by the document's own lines where they are not printed."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from kwhy.facts.logs import Known
from kwhy.ingest.logs import stamps
from kwhy.ingest.logs.stamps import Precision, Stamp
from kwhy.model.expressions import expression
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
_NOW = expression(
    r'(?:timeStamp="|as of |watchObservedRunningTime="|Machine: \{Timestamp:)'
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,9} [+-]\d{4}) [A-Z+-][\w+-]{1,5} m=\+"
)
#: -- Logs begin at Fri 2019-07-26 10:12:06 CST, end at Mon 2019-07-29 17:11:43 CST. -- (journalctl, systemd < 250)
_JOURNAL_BEGINS = expression(
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
    ``main`` is the most frequent of the most complete stamps of the lines.
    """

    base_year: int | None
    year: Known
    offset: float | None
    zone: Known
    turn_lines: tuple[int, ...]
    turn_counts: tuple[int, ...]
    main: Precision | None

    def place(self, line: int, printed: Sequence[Stamp]) -> tuple[Moment, float | None]:
        """The moment and the document's clock at a line that prints these stamps, the outermost first."""
        best = best_of(printed)
        if best is None:
            return UNKNOWN_MOMENT, None
        if best.precision is Precision.ZONED:
            seconds = self._refined(best.seconds, printed)
            return _moment(seconds), seconds
        if best.precision is Precision.LOCAL:
            return self._local(best.seconds), best.seconds - (self.offset or 0.0)
        if best.precision is Precision.YEARLESS and (self.base_year is not None or self.main is Precision.YEARLESS):
            return self._yearless(line, best)
        # Clocks of different kinds in one document cannot be subtracted; only the main kind keeps its clock.
        kept = next((stamp for stamp in printed if stamp.precision is self.main), None)
        if kept is None:
            return UNKNOWN_MOMENT, None
        turns = self._turns(line) if kept.precision is Precision.TIME_OF_DAY else 0
        return UNKNOWN_MOMENT, kept.seconds + turns * _DAY

    def _refined(self, seconds: float, printed: Sequence[Stamp]) -> float:
        """The program's own finer time, where a journal prints whole seconds around it and the zone is known."""
        fine = printed[-1]
        if self.offset is None or fine.precision not in (Precision.LOCAL, Precision.YEARLESS):
            return seconds
        local = fine.seconds
        if fine.precision is Precision.YEARLESS:
            dated = _nearest_year(Pair(0, fine, Stamp(Precision.ZONED, seconds)))
            if dated is None:
                return seconds
            local = dated[1]
        own = local - self.offset
        return own if abs(own - seconds) <= _PRINTING else seconds

    def _yearless(self, line: int, stamp: Stamp) -> tuple[Moment, float | None]:
        turns = self._turns(line)
        if self.base_year is None:
            return UNKNOWN_MOMENT, stamp.seconds + turns * _LEAP_YEAR_LENGTH
        local = stamps.date_of(stamp, self.base_year + turns)
        return (UNKNOWN_MOMENT, None) if local is None else (self._local(local), local - (self.offset or 0.0))

    def _local(self, seconds: float) -> Moment:
        if self.offset is not None:
            return _moment(seconds - self.offset)
        return Moment(seconds - _EAST_MOST, seconds + _WEST_MOST + 1.0)

    def _turns(self, line: int) -> int:
        index = bisect_right(self.turn_lines, line)
        return self.turn_counts[index - 1] if index else 0


def best_of(printed: Sequence[Stamp]) -> Stamp | None:
    """The most complete stamp; of equally complete ones the innermost."""
    return max(reversed(printed), key=lambda stamp: stamp.precision, default=None)


def _moment(seconds: float) -> Moment:
    """Whole seconds have their fraction cut away."""
    return Moment(seconds, seconds + 1.0 if seconds == int(seconds) else seconds)


def calendar(dated: Iterable[tuple[int, Stamp]], pairs: Sequence[Pair], captured: Moment) -> Calendar:
    """Study the most complete stamps of the lines (in any order) and what calibrates them."""
    ordered = sorted(dated, key=lambda item: item[0])
    counts = Counter(stamp.precision for _, stamp in ordered)
    main = max(counts, key=lambda precision: (counts[precision], precision), default=None)
    turn_lines, turn_counts = _turns(ordered)
    offset = _offset(pairs)
    zone: Known = "stated" if main is Precision.ZONED else None if offset is None else "calibrated"
    known = Calendar(None, None, offset, zone, turn_lines, turn_counts, main)
    if main in (Precision.ZONED, Precision.LOCAL):
        known = known._replace(year="stated")
    if Precision.YEARLESS not in counts:
        return known
    year, how = _year(ordered, pairs, known, captured)
    return known._replace(base_year=year, year=known.year or how)


def pairs_in(line: int, text: str, printed: Sequence[Stamp]) -> list[Pair]:
    """Complete times beside incomplete ones: of the wrapping, or of the message where it prints the present whole."""
    partial = [stamp for stamp in printed if stamp.precision in (Precision.LOCAL, Precision.YEARLESS)]
    if not partial:
        return []
    best = best_of(printed)
    if best is not None and best.precision is Precision.ZONED:
        return [Pair(line, stamp, best) for stamp in partial]
    found = _NOW.search(text)
    complete = stamps.from_go_time(found["time"]) if found is not None else None
    return [Pair(line, partial[-1], complete)] if complete is not None else []


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
