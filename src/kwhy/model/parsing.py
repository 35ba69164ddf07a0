"""What a parser is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TypeAlias

import msgspec

from kwhy.model.document import Document, Unparsed
from kwhy.model.fact import Fact

Parsed: TypeAlias = Fact | Document | Unparsed


class Head(msgspec.Struct, frozen=True, dict=True):
    """The beginning of a document (up to 64 KiB), for recognition by content.

    Dozens of recognisers look at each head, so what they share is computed once; nobody changes these lists.
    """

    text: str
    size: int
    command: str | None

    @cached_property
    def lines(self) -> list[str]:
        """All lines; the last one may be cut."""
        return self.text.split("\n")

    @cached_property
    def whole_lines(self) -> list[str]:
        """The lines that are not blank, without the last one where the head cuts it."""
        is_cut = len(self.lines) > 1 and len(self.text.encode()) < self.size
        return [line for line in (self.lines[:-1] if is_cut else self.lines) if line.strip()]


class Format(msgspec.Struct, frozen=True):
    """A document format: how it is recognised and parsed.

    ``recognise`` scores a head from 0.0 (no) to 1.0 (certain); the best format wins. ``parse`` is a pure generator: it
    never raises on content, what it does not understand becomes :class:`Unparsed`, and it may yield nested documents.
    """

    name: str
    recognise: Callable[[Head], float]
    parse: Callable[[Document], Iterator[Parsed]]
