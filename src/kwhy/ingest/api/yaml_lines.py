"""The lines on which the fields of a YAML object stand, found only for objects that are quoted as proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kwhy.model.document import Document


class LinesOnDemand(Mapping[str, int]):
    """Field path below an object ("status.conditions[2]") → line in the source; computed when first asked.

    ``first`` and ``end`` are lines of the source. A path that is not there has the line of its nearest ancestor.
    """

    __slots__ = ("_document", "_known", "end", "first")

    def __init__(self, document: Document, first: int, end: int) -> None:
        self._document = document
        self._known: dict[str, int] | None = None
        self.first = first
        self.end = end

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return len(self._lines())

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines())

    def __getitem__(self, path: str) -> int:
        known = self._lines()
        while path:
            if path in known:
                return known[path]
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.first

    def _lines(self) -> dict[str, int]:
        if self._known is None:
            text = lines_between(self._document, self.first, self.end)
            self._known = {path: line + self.first for path, line in field_lines(text).items()}
        return self._known


def lines_between(document: Document, first: int, end: int) -> bytes:
    """The lines ``first`` up to, not including, ``end`` (lines of the source)."""
    data = document.data
    start = 0
    for _ in range(first - document.first_line):
        start = data.find(b"\n", start) + 1
    stop = start
    for _ in range(end - first):
        newline = data.find(b"\n", stop)
        if newline < 0:
            return bytes(data[start:])
        stop = newline + 1
    return bytes(data[start:stop])


def field_lines(text: bytes) -> dict[str, int]:
    """Path → 0-based line of every field of one object, which may stand as an element of a sequence ("- kind: …")."""
    found: dict[str, int] = {}
    stack: list[_Place] = []
    depth_of_object: int | None = None
    import yaml  # takes 20 ms, and most evidence quotes no YAML
    from yaml._yaml import CParser

    parser = CParser(text)
    try:
        while True:
            event: Any = parser.get_event()
            kind = event.__class__
            if kind is yaml.StreamEndEvent:
                break
            if kind is yaml.MappingStartEvent and depth_of_object is None:
                depth_of_object = len(stack)
                stack.append(_Place("", is_map=True))
            elif kind is yaml.SequenceStartEvent and depth_of_object is None:
                stack.append(_Place("", is_map=False))
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                path = _next(stack, None, event.start_mark.line, found)
                stack.append(_Place(path, is_map=kind is yaml.MappingStartEvent))
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                stack.pop()
                if depth_of_object == len(stack):
                    break
            elif (kind is yaml.ScalarEvent or kind is yaml.AliasEvent) and stack:
                _next(stack, event.value if kind is yaml.ScalarEvent else None, event.start_mark.line, found)
    except yaml.YAMLError:
        # The object was cut there; the lines before are right.
        return found
    return found


class _Place:
    __slots__ = ("index", "is_map", "key", "key_line", "path")

    def __init__(self, path: str, *, is_map: bool) -> None:
        self.path = path
        self.is_map = is_map
        self.key: str | None = None
        self.key_line = 0
        self.index = 0


def _next(stack: list[_Place], text: str | None, line: int, found: dict[str, int]) -> str:
    """Register the node that begins at ``line``; returns its path."""
    place = stack[-1]
    if not place.is_map:
        path = f"{place.path}[{place.index}]"
        place.index += 1
        found[path] = line
        return path
    if place.key is None:
        place.key, place.key_line = text or "", line
        return place.path
    path = f"{place.path}.{place.key}" if place.path else place.key
    place.key = None
    found[path] = place.key_line
    return path
