"""Bounded series of samples: the first, the last, and lines spread evenly between, however many there are."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kwhy.ingest.logs.stamps import Stamp


class Draft(NamedTuple):
    """A sample before its time is known."""

    line: int
    nth: int
    stamps: tuple[Stamp, ...]
    fields: Mapping[str, str]
    excerpt: str
    program: str | None
    pid: int | None
    host: str | None


class Series:
    """Keeps up to ``ends`` samples at each end and up to ``middle`` between; ``count`` grows with every hit."""

    __slots__ = ("_ends", "_first", "_last", "_middle", "_room", "_step", "_until_next", "count", "exact")

    def __init__(self, ends: int, middle: int) -> None:
        self._ends = ends
        self._first: list[Draft] = []
        self._last: deque[Draft] = deque(maxlen=ends)
        self._middle: list[Draft] = []
        self._room = middle
        self._step = 1
        self._until_next = 1
        self.count = 0
        self.exact = True

    def add(self, draft: Draft) -> None:
        if len(self._first) < self._ends:
            self._first.append(draft)
            return
        if len(self._last) == self._ends:
            self._keep_between(self._last[0])
        self._last.append(draft)

    def _keep_between(self, draft: Draft) -> None:
        self._until_next -= 1
        if self._until_next:
            return
        self._middle.append(draft)
        if len(self._middle) > self._room:
            # Twice as sparse from here on: what is kept stays evenly spread.
            self._middle = self._middle[::2]
            self._step *= 2
        self._until_next = self._step

    def __iter__(self) -> Iterator[Draft]:
        yield from self._first
        yield from self._middle
        yield from self._last

    def __bool__(self) -> bool:
        return bool(self._first)
