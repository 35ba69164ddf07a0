"""One file, or one command's output inside a file, and places in it."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import msgspec

from kwhy.model.time import UNKNOWN_MOMENT, Moment

#: A proof line longer than this is cut in reports (characters).
EXCERPT_LENGTH = 400


class Mark(msgspec.Struct, frozen=True, gc=False):
    """Where reading came past in a long list: the item that begins next, the byte and the line."""

    item: int
    position: int
    line: int


@dataclass(eq=False)
class Document:
    """Evidence as handed to a parser.

    ``data`` is UTF-8 (ingest transcodes UTF-16 and GB18030 and drops terminal colour codes and carriage returns, never
    a line), so line numbers are those of the original. Compared by identity: two files may have equal contents.

    ``source`` is the path as reports print it: relative to the SOURCE argument, the member path inside an archive.
    ``first_line`` is the 1-based line of ``source`` at which ``data`` begins (a command's output inside a session).
    ``command`` is the command line that produced the document, where the evidence itself says so (prompt echo,
    manifest); None where it does not. ``host`` likewise is the host name that the evidence states (prompt, journal).
    ``captured`` is when the output was taken, where stated. ``marks`` are left in long lists, in order, so that an item
    is found again without looking at all before it.
    """

    source: str
    data: bytes | mmap.mmap = field(repr=False)
    first_line: int = 1
    command: str | None = None
    host: str | None = None
    captured: Moment = UNKNOWN_MOMENT
    parent: Document | None = field(default=None, repr=False)
    format: str = "unrecognised"
    marks: list[Mark] = field(default_factory=list, repr=False)

    @cached_property
    def text(self) -> str:
        """The whole document decoded; for documents of moderate size (streaming parsers read ``data``)."""
        return bytes(self.data).decode("utf-8", "replace")

    def lines(self) -> Iterator[tuple[int, str]]:
        """Each line with its number in ``source``, without the line end."""
        number = self.first_line
        start, size = 0, len(self.data)
        while start < size:
            end = self.data.find(b"\n", start)
            if end < 0:
                end = size
            yield number, self.data[start:end].decode("utf-8", "replace")
            number += 1
            start = end + 1

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer(rb"\n", self.data))]

    def line(self, number: int) -> str:
        """The text of the line with this number in ``source``; "" where there is none."""
        starts, index = self._line_starts, number - self.first_line
        if not 0 <= index < len(starts):
            return ""
        end = starts[index + 1] - 1 if index + 1 < len(starts) else len(self.data)
        return self.data[starts[index] : end].decode("utf-8", "replace")

    def at(self, line: int | None = None, path: str | None = None, excerpt: str = "") -> Locator:
        """A place in this document."""
        return Locator(self, line, path, excerpt if len(excerpt) <= EXCERPT_LENGTH else excerpt[:EXCERPT_LENGTH] + " …")


class Locator(msgspec.Struct, frozen=True, gc=False):
    """Where a fact stands: a line, or a path inside a structured document, with what is written there."""

    document: Document
    line: int | None = None
    path: str | None = None
    excerpt: str = ""

    @property
    def source(self) -> str:
        return self.document.source

    def quoting(self, excerpt: str, within: str = "") -> Locator:
        """The part ``within`` a structured place, with what stands there. A line of text speaks for itself."""
        if self.path is None:
            return self
        return self.document.at(path=self.path + within, excerpt=excerpt)


class Unparsed(msgspec.Struct, frozen=True, gc=False):
    """A part of a document that its parser did not understand; the report lists it. ``why`` is a plain sentence."""

    at: Locator
    why: str
