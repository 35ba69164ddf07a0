"""Goroutine dumps of Go programs, whole or in scraps.

Produced by ``curl …/debug/pprof/goroutine?debug=2`` (and ``debug=1``), by SIGQUIT and SIGABRT (the journal then puts a
prefix before every line), by SIGUSR1 of containerd (one log message) and dockerd (a file of its own), by panics. Seen:
Go 1.9 to 1.26. See runtime/traceback.go for the text, runtime/runtime2.go (waitReasonStrings) for the states.

Yields one GoroutineDump per process and moment, then its GoroutineGroups; a dump inside one log message is yielded as
a nested document. A log that merely contains dumps belongs to the log's parser, which calls :func:`dumps_in_log` on the
whole log, or :func:`embedded_dump` for one message that :func:`holds_dump`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kwhy.ingest.goroutines.embedded import BEGIN, ESCAPED_HEADER, embedded_dump, holds_dump
from kwhy.ingest.goroutines.in_logs import dumps_in_log
from kwhy.ingest.goroutines.prefixes import strip_prefix
from kwhy.ingest.goroutines.profile import COUNT, TITLE
from kwhy.ingest.goroutines.reading import SIGNAL, Reader
from kwhy.ingest.goroutines.syntax import CREATED_BY, HEADER, read_calls, read_position
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

__all__ = ["FORMAT", "dumps_in_log", "embedded_dump", "holds_dump", "parse_dump"]

#: Lines of the head that are looked at; enough to pass a panic's message or a shell's greeting.
LOOKED_AT = 400


def parse_dump(document: Document) -> Iterator[Parsed]:
    """All stacks of the document, grouped; lines that belong to no stack are counted and one of them is cited."""
    yield from Reader(document).parse()


def recognise(head: Head) -> float:
    """The share of lines that are lines of a dump; one header at the very beginning is proof enough."""
    beginning = head.text.lstrip()[:4096]
    first = beginning.partition("\n")[0].strip()
    if HEADER.match(first) or TITLE.match(first) or first.startswith(BEGIN):
        return 1.0
    if ESCAPED_HEADER.search(beginning) and BEGIN in first:
        return 0.97
    if "(" not in head.text and " @ 0x" not in head.text and "#\t0x" not in head.text:
        return 0.0
    lines = [line for line in head.lines[:LOOKED_AT] if line.strip()]
    kinds = [_kind(line) for line in lines]
    counted = len(lines) or 1
    stack_lines = sum(kind is not None for kind in kinds)
    if stack_lines < 2 or ("call" not in kinds and "profile" not in kinds):
        return 0.0
    share = stack_lines / counted
    if SIGNAL.match(strip_prefix(lines[0]).body):
        return max(share, 0.9)
    return round(0.95 * share, 3) if share >= 0.5 else 0.0


#: A position line is indented, or (journals drop leading tabs) ends like one: ``/go/src/…/object.go:27 +0xbb``
_POSITION_LINE = expression(r"\s|.{1,2000}\.(?:go|s|c|cc|h):\d{1,9}(?: \+0x[0-9a-f]+)?$")


def _kind(line: str) -> str | None:
    """What a line is in a dump, None if it is no line of one."""
    body = strip_prefix(line[:4096]).body
    text = body.strip()
    if HEADER.match(text) or CREATED_BY.match(text):
        return "header"
    if COUNT.match(text) or text.startswith("#\t0x"):
        return "profile"
    if read_calls(text):
        return "call"
    if _POSITION_LINE.match(body.rstrip()) and read_position(text):
        return "position"
    return None


FORMAT = Format("goroutine-dump", recognise, parse_dump)
