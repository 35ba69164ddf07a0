"""From hits to condensed series: confirm by regular expression, count, sample; past a flood limit, sample only."""

from __future__ import annotations

import mmap
from collections import Counter
from typing import NamedTuple

from kwhy.facts.logs import LogPattern
from kwhy.ingest.logs.anchors import anchors, regex_of
from kwhy.ingest.logs.components import SYSTEM, Writer, component_of
from kwhy.ingest.logs.dating import Pair, best_of, pairs_in
from kwhy.ingest.logs.error_lines import ErrorKey, ErrorSeries, is_error, told_by
from kwhy.ingest.logs.lines import Line, read_line
from kwhy.ingest.logs.records import Record, record_at
from kwhy.ingest.logs.scanner import LITERAL_BITS, Chunk, chunks, give_back
from kwhy.ingest.logs.series import Draft, Series
from kwhy.ingest.logs.stamps import Stamp

#: So many hits of one anchor are all read, as long as the document has few; fewer once it had many lines to read.
FLOOD, _FLOOD_WHEN_MANY, _MANY = 400, 32, 4_000
#: Past it, every n-th hit is read, n doubling with every so many lines read.
_DOUBLING = 8
_LITERAL_MASK = (1 << LITERAL_BITS) - 1
#: Series per pattern: lines of further keys are counted in one series without key.
_MOST_KEYS = 200
_LONGEST_FIELD = 1000
#: Characters of an excerpt.
EXCERPT = 390
#: Goroutine headers this near to each other are of one dump: a stack prints at most 100 frames (runtime/traceback.go).
_SAME_DUMP = 64 << 10
#: Samples at each end of a series and between: enough for a trend where a pattern has one series, few where it has
#: many.
_ROOMY, _NARROW = (16, 32), (6, 12)
#: Pairs of times that calibrate the zone; more say nothing new.
_MOST_PAIRS = 500
_ERROR_FIELDS: dict[str, str] = {}


class Dump(NamedTuple):
    """A range of the document with goroutine headers: the first one's line number and offset, the last one's offset."""

    line: int
    start: int
    last: int


class SeriesKey(NamedTuple):
    """What separates the series of one document."""

    pattern: LogPattern
    key: tuple[tuple[str, str], ...]
    writer: Writer


class Collector:
    """One pass over one document; its public attributes are the result.

    ``error_lines``: whether lines that only look like errors are collected (of programs without patterns).
    ``default``: the component of lines that do not say theirs.
    """

    def __init__(self, data: bytes | mmap.mmap, *, error_lines: bool, default: str | None) -> None:
        self.series: dict[SeriesKey, Series] = {}
        self.errors: dict[ErrorKey, ErrorSeries] = {}
        self.dumps: list[Dump] = []
        self.dump_messages: list[tuple[int, int]] = []
        self.stack_starts: list[tuple[int, int]] = []
        self.stamps: list[tuple[int, Stamp]] = []
        self.pairs: list[Pair] = []
        self.writers: Counter[tuple[Writer, int | None]] = Counter()
        self.lines = 0
        self.cut_line: int | None = None
        self._data = data
        self._error_lines = error_lines
        self._default = default
        self._anchors = anchors()
        size = len(self._anchors.literals)
        # Per anchor: hits so far, the count up to which they were read, the count at which the next is, the lines read
        # since it floods, and the last unread hit as (offset of a line before it, that line's number, anchor's end).
        self._counts, self._covered, self._next, self._flooding = [0] * size, [0] * size, [1] * size, [0] * size
        self._unread: dict[int, tuple[int, int, int]] = {}
        self._reads = 0
        self._keys: Counter[str] = Counter()
        self._matched: dict[str, int] = {}
        # The lines of the last record that was read: further error words in them are part of it.
        self._record = range(0)
        self._run()

    def _run(self) -> None:
        number = 1
        for chunk in chunks(self._data, error_words=self._error_lines):
            number = self._chunk(chunk, number)
        self._read_tails()
        ends_open = len(self._data) > 0 and self._data[len(self._data) - 1] != 10
        self.lines = number - 1 + ends_open

    def _chunk(self, chunk: Chunk, number: int) -> int:
        """Read what is to be read of a chunk whose first line is ``number``; the number of the next chunk's first."""
        base, text = chunk.offset, chunk.text
        counts, due, find, size = self._counts, self._next, text.find, len(chunk.text)
        first = (base, number)
        # Where the line of each anchor's last hit ends: further hits in the same line do not count.
        lines_hit = [-1] * len(counts)
        unread: dict[int, int] = {}
        position = 0
        end = -1
        line: Line | None = None
        for hit in chunk.hits:
            anchor, literal = hit >> LITERAL_BITS, hit & _LITERAL_MASK
            if anchor > end:
                end = find(b"\n", anchor)
                end = size if end < 0 else end
            if lines_hit[literal] == end:
                continue
            lines_hit[literal] = end
            counts[literal] += 1
            if counts[literal] < due[literal]:
                unread[literal] = anchor
                continue
            start = text.rfind(b"\n", 0, anchor) + 1
            if start > position:
                number += text.count(b"\n", position, start)
                position = start
            if literal == self._anchors.goroutine:
                due[literal] += 1
                self._goroutine_header(text, base + start, number, anchor)
            elif literal == self._anchors.dump_message:
                due[literal] += 1
                self.dump_messages.append((number, base + start))
            else:
                if line is None or line.offset != base + start or line.cut:
                    line = self._read(text, base, number, start, end, anchor)
                unread.pop(literal, None)
                self._line(literal, line, self._weight(literal))
        for literal, anchor in unread.items():
            self._unread[literal] = (*first, base + anchor)
        self._sample_time(text, number, position)
        return number + text.count(b"\n", position)

    def _weight(self, literal: int) -> int:
        """How many hits the one that is read now stands for; decides which is read next."""
        count = self._counts[literal]
        weight = count - self._covered[literal]
        self._covered[literal] = count
        self._unread.pop(literal, None)
        if count >= (FLOOD if self._reads < _MANY else _FLOOD_WHEN_MANY):
            self._flooding[literal] += 1
        self._next[literal] = count + (1 << self._flooding[literal] // _DOUBLING)
        return weight

    def _sample_time(self, text: bytes, number: int, position: int) -> None:
        """One time per chunk, so that the calendar sees New Year and midnight where nothing was hit."""
        end = text.find(b"\n", position)
        line = read_line(text, 0, number, position, len(text) if end < 0 else end, position)
        best = best_of(line.frame.stamps)
        if best is not None:
            self.stamps.append((number, best))

    def _read(self, text: bytes, base: int, number: int, start: int, end: int, anchor: int) -> Line:
        line = read_line(text, base, number, start, end, anchor)
        self._reads += 1
        if line.cut and self.cut_line is None:
            self.cut_line = number
        best = best_of(line.frame.stamps)
        if best is not None:
            self.stamps.append((number, best))
            if len(line.frame.stamps) > 1 and len(self.pairs) < _MOST_PAIRS:
                self.pairs += pairs_in(number, "", line.frame.stamps)
        return line

    def _read_tails(self) -> None:
        """The last hit of every anchor that flooded, line by line, so that the last sample is the last hit."""
        tails = sorted(
            (anchor, position, number, literal) for literal, (position, number, anchor) in self._unread.items()
        )
        for anchor, position, number, literal in tails:
            end = self._data.find(b"\n", anchor)
            text = self._data[position : len(self._data) if end < 0 else end]
            start = text.rfind(b"\n") + 1
            line = self._read(text, position, number + text.count(b"\n"), start, len(text), anchor - position)
            give_back(self._data, position, position + len(text))
            # It stands for all unread hits before it, too.
            self._line(literal, line, self._counts[literal] - self._covered[literal])

    def _goroutine_header(self, text: bytes, offset: int, number: int, anchor: int) -> None:
        """``goroutine 34 [running]:`` extends the dump before it or begins one."""
        if not text[anchor : anchor + 1].isdigit() or b" [" not in text[anchor : anchor + 100]:
            return
        if self.dumps and offset - self.dumps[-1].last <= _SAME_DUMP:
            self.dumps[-1] = self.dumps[-1]._replace(last=offset)
        else:
            self.dumps.append(Dump(number, offset, offset))

    def _line(self, literal: int, line: Line, weight: int) -> None:
        if literal == self._anchors.complete_time:
            self.pairs += pairs_in(line.number, line.text, line.frame.stamps)
            return
        writer = Writer(component_of(line.frame) or self._default, line.frame.program, line.frame.host)
        self.writers[writer, line.frame.pid] += 1
        for pattern in self._anchors.owners[literal]:
            self._confirm(pattern, line, writer, weight)
        if literal >= self._anchors.first_error and writer.component not in SYSTEM:
            self._error(line, writer, weight)

    def _confirm(self, pattern: LogPattern, line: Line, writer: Writer, weight: int) -> None:
        if self._matched.get(pattern.id) == line.number:
            return
        found = regex_of(pattern).search(line.frame.text)
        if found is None:
            return
        self._matched[pattern.id] = line.number
        fields = {name: value[:_LONGEST_FIELD] for name, value in found.groupdict().items() if value is not None}
        key = SeriesKey(pattern, tuple((name, fields[name]) for name in pattern.key if name in fields), writer)
        series = self.series.get(key)
        if series is None:
            if self._keys[pattern.id] >= _MOST_KEYS:
                key = SeriesKey(pattern, (), Writer(writer.component, None, None))
            self._keys[pattern.id] += 1
            series = self.series.setdefault(key, Series(*(_NARROW if pattern.key else _ROOMY)))
        if pattern.id == "kernel.hung-task":
            self.stack_starts.append((line.number, line.offset))
        self._add(series, line, fields, weight, found.start())

    def _error(self, line: Line, writer: Writer, weight: int) -> None:
        if line.offset in self._record:
            return
        record = record_at(self._data, line.offset)
        self._record = range(record.offsets[0], record.end + 1)
        if not (is_error(record.head) or (record.head.level is None and is_error(line.frame))):
            return
        told = told_by(record)
        call = told.call
        key = ErrorKey(
            told.complaint,
            told.target,
            call.user if call else None,
            call.database if call else None,
            told.served,
            writer,
        )
        found = self.errors.get(key)
        if found is None:
            if len(self.errors) >= _MOST_KEYS:
                writer = Writer(writer.component, None, None)
                key, call = ErrorKey(told.complaint, None, None, None, told.served, writer), None
            found = self.errors.setdefault(key, ErrorSeries(Series(*_NARROW), call))
        offset = record.offsets[told.line]
        self._add(found.series, self._telling(line, record, told.line), _ERROR_FIELDS, weight, 0)
        found.last_offset = max(found.last_offset, offset)

    def _telling(self, line: Line, record: Record, index: int) -> Line:
        """The line of the record that tells most, with the record's time."""
        offset = record.offsets[index]
        if offset == line.offset and index == 0:
            return line
        low, high = sorted((offset, line.offset))
        between = self._data[low:high].count(b"\n")
        number = line.number + (between if offset > line.offset else -between)
        frame = record.head._replace(text=record.texts[index])
        return Line(number, offset, record.texts[index], frame, False)

    def _add(self, series: Series, line: Line, fields: dict[str, str], weight: int, position: int) -> None:
        series.count += weight
        series.exact = series.exact and weight == 1
        frame = line.frame
        excerpt = excerpt_of(line.text, frame.text, position)
        series.add(
            Draft(line.number, series.count, frame.stamps, fields, excerpt, frame.program, frame.pid, frame.host)
        )


def excerpt_of(line: str, message: str, position: int) -> str:
    """What the report shows of a line: its beginning, and the place of the match where that is farther on.

    Longer than it will be shown, so that a secret that is cut by the end is still recognised as one.
    """
    text = message if line.startswith("{") else line
    if position > EXCERPT - 40:
        text = f"{text[:80]} … {message[position : position + 300]}"
    return text[: EXCERPT + 100]
