"""What a parser is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import msgspec

from kwhy.model.document import Document, Unparsed
from kwhy.model.fact import Fact

Parsed: TypeAlias = Fact | Document | Unparsed


class Head(msgspec.Struct, frozen=True):
    """The beginning of a document (up to 64 KiB), for recognition by content."""

    text: str
    size: int
    command: str | None


class Format(msgspec.Struct, frozen=True):
    """A document format: how it is recognised and parsed.

    ``recognise`` scores a head from 0.0 (no) to 1.0 (certain); the best format wins. ``parse`` is a pure generator: it
    never raises on content, what it does not understand becomes :class:`Unparsed`, and it may yield nested documents.
    """

    name: str
    recognise: Callable[[Head], float]
    parse: Callable[[Document], Iterator[Parsed]]
