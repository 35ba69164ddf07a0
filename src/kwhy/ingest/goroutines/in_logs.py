"""Dumps in the midst of a log: a process died, or was asked for its stacks, and went on logging."""

from __future__ import annotations

import mmap
from collections.abc import Iterator

from kwhy.ingest.goroutines.reading import Reader
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Parsed

#: A goroutine's header anywhere in a line, behind a prefix or inside an escaped message.
HEADER_ANYWHERE = expression(rb"goroutine \d{1,19}(?: gp=\S{1,40} m=\S{1,40}(?: mp=\S{1,40})?)? \[[^\]\n]{1,200}\]:")
#: Bytes after a header in which the next one must follow, or the dump is over; a stack rarely exceeds 20 KiB.
REACH = 64 << 10
#: Lines before the first header that may say why the process dumped ("SIGABRT: abort", "PC=…", a blank line).
LINES_BEFORE = 4
_BLOCK = 8 << 20


def dumps_in_log(document: Document) -> Iterator[Parsed]:
    """The goroutine facts of every dump in a log, located in the log; nothing where there is none."""
    counted_to, line = 0, document.first_line
    for start, end in _regions(document.data):
        line += _newlines(document.data, counted_to, start)
        counted_to = start
        part = Document(
            document.source,
            bytes(document.data[start:end]),
            line,
            document.command,
            document.host,
            document.captured,
            document,
        )
        yield from (item for item in Reader(part).parse() if not isinstance(item, Unparsed))


def _regions(data: bytes | mmap.mmap) -> Iterator[tuple[int, int]]:
    """Where dumps begin and end, at line boundaries, in order and without overlap."""
    first = last = -1
    end = 0
    for found in HEADER_ANYWHERE.finditer(data):
        if last >= 0 and found.start() - last > REACH:
            end = _line_end(data, last + REACH)
            yield _lines_before(data, first), end
            first = -1
        if first < 0:
            first = max(found.start(), end)
        last = found.start()
    if last >= 0:
        yield _lines_before(data, first), _line_end(data, last + REACH)


def _lines_before(data: bytes | mmap.mmap, position: int) -> int:
    for _ in range(LINES_BEFORE + 1):
        position = data.rfind(b"\n", 0, position)
        if position < 0:
            return 0
    return position + 1


def _line_end(data: bytes | mmap.mmap, position: int) -> int:
    end = data.find(b"\n", min(position, len(data)))
    return len(data) if end < 0 else end


def _newlines(data: bytes | mmap.mmap, start: int, end: int) -> int:
    return sum(data[block : min(block + _BLOCK, end)].count(b"\n") for block in range(start, end, _BLOCK))
