"""From hits to condensed series: confirm by regular expression, count, sample; past a flood limit, sample only."""

from __future__ import annotations

import mmap
from collections import Counter, deque
from typing import NamedTuple

from kwhy.facts.logs import Complaint
from kwhy.ingest.logs.anchors import Compiled, anchors
from kwhy.ingest.logs.components import Writer, component_of
from kwhy.ingest.logs.dating import Pair, pairs_in
from kwhy.ingest.logs.error_lines import ErrorSeries, complaint_of, is_error
from kwhy.ingest.logs.lines import Line, read_line
from kwhy.ingest.logs.scanner import Chunk, chunks
from kwhy.ingest.logs.series import Draft, Series
from kwhy.ingest.logs.stamps import Stamp
from kwhy.ingest.redact import redacted

#: Hits of one anchor that are all read; past it, every n-th is, n doubling with every _DOUBLING lines read.
FLOOD = 400
_DOUBLING = 100
#: The last hits of a flooding anchor are read too, so that the last sample is the last hit.
_TAIL = 8
#: Series per pattern: lines of further keys are counted in one series without key.
_MOST_KEYS = 200
_LONGEST_FIELD = 1000
_EXCERPT = 390
#: Goroutine headers this near to each other are of one dump: a stack prints at most 100 frames (runtime/traceback.go).
_SAME_DUMP = 64 << 10
#: Samples at each end of a series and between: enough for a trend where a pattern has one series, few where it has many.
_ROOMY, _NARROW = (24, 48), (6, 12)
_ERROR_FIELDS: dict[str, str] = {}


class Dump(NamedTuple):
    """A range of the document with goroutine headers: the first one's line number and offset, the last one's offset."""

    line: int
    start: int
    last: int


class SeriesKey(NamedTuple):
    """What separates the series of one document."""

    compiled: Compiled
    key: tuple[tuple[str, str], ...]
    writer: Writer


class Flood:
    """What happened so far to the hits of one anchor. ``tail``: (index of the chunk, end of the anchor in it)."""

    __slots__ = ("count", "pending", "read", "step", "tail", "until")

    def __init__(self) -> None:
        self.until = -1
        self.count = 0
        self.pending = 0
        self.read = 0
        self.step = 1
        self.tail: deque[tuple[int, int]] = deque(maxlen=_TAIL)

    def weight(self) -> int:
        """How many hits this one stands for, now that it came; 0: it is not to be read."""
        self.count += 1
        if self.count <= FLOOD:
            return 1
        self.pending += 1
        if self.pending < self.step:
            return 0
        weight, self.pending = self.pending, 0
        self.read += 1
        if self.read % _DOUBLING == 0:
            self.step *= 2
        self.tail.clear()
        return weight


class Collector:
    """One pass over one document; its public attributes are the result.

    ``error_lines``: whether lines that only look like errors are collected (of programs without patterns).
    ``default``: the component of lines that do not say theirs.
    """

    def __init__(self, data: bytes | mmap.mmap, *, error_lines: bool, default: str | None) -> None:
        self.series: dict[SeriesKey, Series] = {}
        self.errors: dict[tuple[Complaint, str | None, Writer], ErrorSeries] = {}
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
        self._floods = [Flood() for _ in self._anchors.literals]
        self._keys: Counter[str] = Counter()
        self._matched: dict[str, int] = {}
        self._chunks: list[tuple[int, int]] = []
        self._run()

    def _run(self) -> None:
        number = 1
        for chunk in chunks(self._data):
            self._chunks.append((chunk.offset, number))
            number = self._chunk(chunk, number)
        self._read_tails()
        ends_open = len(self._data) > 0 and self._data[len(self._data) - 1] != 10
        self.lines = number - 1 + ends_open

    def _chunk(self, chunk: Chunk, number: int) -> int:
        """Read what is to be read of a chunk whose first line is ``number``; the number of the next chunk's first."""
        text, index = chunk.text, len(self._chunks) - 1
        floods, ignored = self._floods, frozenset() if self._error_lines else self._anchors.errors
        special = (self._anchors.goroutine, self._anchors.dump_message)
        for flood in floods:
            flood.until = -1
        position = 0
        line: Line | None = None
        for anchor, literal in chunk.hits:
            flood = floods[literal]
            if anchor <= flood.until or literal in ignored:
                continue
            end = text.find(b"\n", anchor)
            flood.until = end = len(text) if end < 0 else end
            weight = 1 if literal in special else flood.weight()
            if weight == 0:
                flood.tail.append((index, anchor))
                continue
            start = text.rfind(b"\n", 0, anchor) + 1
            if start > position:
                number += text.count(b"\n", position, start)
                position = start
            if literal == special[0]:
                self._goroutine_header(text, chunk.offset + start, number, anchor)
            elif literal == special[1]:
                self.dump_messages.append((number, chunk.offset + start))
            else:
                if line is None or line.offset != chunk.offset + start or line.cut:
                    line = self._read(text, chunk.offset, number, start, end, anchor)
                self._line(literal, line, weight)
        self._sample_time(text, number, position)
        return number + text.count(b"\n", position)

    def _sample_time(self, text: bytes, number: int, position: int) -> None:
        """One time per chunk, so that the calendar sees New Year and midnight where nothing was hit."""
        end = text.find(b"\n", position)
        line = read_line(text, 0, number, position, len(text) if end < 0 else end, position)
        if line.frame.stamp is not None:
            self.stamps.append((number, line.frame.stamp))

    def _read(self, text: bytes, base: int, number: int, start: int, end: int, anchor: int) -> Line:
        line = read_line(text, base, number, start, end, anchor)
        if line.cut and self.cut_line is None:
            self.cut_line = number
        if line.frame.stamp is not None:
            self.stamps.append((number, line.frame.stamp))
            self.pairs += [Pair(number, partial, complete) for partial, complete in line.frame.pairs]
        return line

    def _read_tails(self) -> None:
        """The last hits of every anchor that flooded."""
        for literal, flood in enumerate(self._floods):
            for nth, (index, anchor) in enumerate(flood.tail):
                offset, number = self._chunks[index]
                limit = self._chunks[index + 1][0] if index + 1 < len(self._chunks) else len(self._data)
                text = self._data[offset:limit]
                start = text.rfind(b"\n", 0, anchor) + 1
                end = text.find(b"\n", anchor)
                number += text.count(b"\n", 0, start)
                line = self._read(text, offset, number, start, len(text) if end < 0 else end, anchor)
                weight = max(1, flood.pending - len(flood.tail) + 1) if nth == 0 else 1
                self._line(literal, line, weight)

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
            self.pairs += pairs_in(line.number, line.text, line.frame.stamp)
            return
        writer = Writer(component_of(line.frame) or self._default, line.frame.program, line.frame.host)
        self.writers[writer, line.frame.pid] += 1
        for compiled in self._anchors.owners[literal]:
            self._confirm(compiled, line, writer, weight)
        if literal in self._anchors.errors:
            self._error(line, writer, weight)

    def _confirm(self, compiled: Compiled, line: Line, writer: Writer, weight: int) -> None:
        pattern = compiled.pattern
        if self._matched.get(pattern.id) == line.number:
            return
        found = compiled.regex.search(line.frame.text)
        if found is None:
            return
        self._matched[pattern.id] = line.number
        fields = {
            name: redacted(value[:_LONGEST_FIELD]) for name, value in found.groupdict().items() if value is not None
        }
        key = SeriesKey(compiled, tuple((name, fields[name]) for name in pattern.key if name in fields), writer)
        series = self.series.get(key)
        if series is None:
            if self._keys[pattern.id] >= _MOST_KEYS:
                key = SeriesKey(compiled, (), Writer(writer.component, None, None))
            self._keys[pattern.id] += 1
            series = self.series.setdefault(key, Series(*(_NARROW if pattern.key else _ROOMY)))
        if pattern.id == "kernel.hung-task":
            self.stack_starts.append((line.number, line.offset))
        self._add(series, line, fields, weight, found.start())

    def _error(self, line: Line, writer: Writer, weight: int) -> None:
        if self._matched.get("") == line.number or not is_error(line.frame):
            return
        self._matched[""] = line.number
        complaint, target = complaint_of(line.frame.text)
        place = (complaint, target, writer)
        found = self.errors.get(place)
        if found is None:
            if len(self.errors) >= _MOST_KEYS:
                place = (complaint, None, Writer(writer.component, None, None))
            found = self.errors.setdefault(place, ErrorSeries(Series(*_NARROW)))
        self._add(found.series, line, _ERROR_FIELDS, weight, 0)
        found.last_offset = max(found.last_offset, line.offset)

    def _add(self, series: Series, line: Line, fields: dict[str, str], weight: int, position: int) -> None:
        series.count += weight
        series.exact = series.exact and weight == 1
        frame = line.frame
        excerpt = excerpt_of(line.text, frame.text, position)
        series.add(Draft(line.number, series.count, frame.stamp, fields, excerpt, frame.program, frame.pid, frame.host))


def excerpt_of(line: str, message: str, position: int) -> str:
    """What the report shows of a line: its beginning, and the place of the match where that is farther on."""
    text = message if line.startswith("{") else line
    if position > _EXCERPT - 40:
        text = f"{text[:80]} … {message[position : position + 300]}"
    return redacted(text[: _EXCERPT + 100]).strip()[:_EXCERPT]
