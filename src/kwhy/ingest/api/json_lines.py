"""The lines on which values of JSON documents stand, found only for the few places that a report names.

Reading keeps no positions but marks in long lists: of 150 000 objects a report names twenty. In an indented list the
n-th item is found by its opening line, without looking into the items before it; inside an item its fields are walked
one by one.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from json.decoder import scanstring  # type: ignore[attr-defined]  # C, and not in the stubs
from typing import Final

import msgspec

from kwhy.ingest.api.json_list import LIST_HEAD
from kwhy.ingest.api.json_text import line_of
from kwhy.ingest.storage import released
from kwhy.model.document import Document
from kwhy.model.expressions import expression

#: A document up to this size is walked from its beginning, whatever its shape.
_WALKED: Final = 4 << 20
#: An item is shorter than this (etcd refuses objects above 1.5 MiB; indentation may double them).
_ITEM: Final = 8 << 20
#: "documents[2]." before the path inside the third value of a document.
_NTH: Final = expression(r"documents\[(\d+)\]\.?")
#: "items[3]", "rows[3]", "$[3]": the item of a list, with what follows inside it.
_ITEM_PATH: Final = expression(r"(?:items|rows|\$)\[(\d+)\]\.?")
_SPACE: Final = expression(r"[ \t\r\n,]*(?:---[ \t\r\n]*)?")
_INDEX: Final = expression(r"\[(\d+)\]")
#: Number of the stretch that is a whole document.
_WHOLE: Final = -1
_NAME_END: Final = (".", "[")
_DECODER: Final = json.JSONDecoder()


def line_of_path(document: Document, path: str) -> int | None:
    """The line of the source on which the value at ``path`` begins; of its nearest ancestor where it is not there.

    None where the document is no JSON, or too long and of an unusual shape.
    """
    return Lines().of(document, path)


class Lines:
    """Finds the lines of many places: what it has found out about a stretch of a long list, it keeps."""

    def __init__(self) -> None:
        self._stretches: dict[tuple[Document, int], _Stretch] = {}
        self._found: dict[tuple[Document, str], int | None] = {}

    def of(self, document: Document, path: str) -> int | None:
        """See :func:`line_of_path`."""
        key = document, path
        if key not in self._found:
            try:
                self._found[key] = _line(self, document, path)
            except (ValueError, IndexError, RecursionError):
                self._found[key] = None
        return self._found[key]

    def stretch(self, document: Document, number: int, opening: bytes) -> _Stretch:
        """The items between a mark of the document and the next one."""
        key = (document, number)
        if key not in self._stretches:
            self._stretches[key] = _stretch(document, number, opening)
        return self._stretches[key]

    def whole(self, document: Document, begin: int, opening: bytes) -> _Stretch:
        """The items of a list without marks, whose head ends at ``begin``."""
        key = (document, _WHOLE)
        if key not in self._stretches:
            line = line_of(document.data, begin, document.first_line)
            self._stretches[key] = _between(document, begin, len(document.data), line, opening)
        return self._stretches[key]


class _Stretch(msgspec.Struct, frozen=True):
    """Where each item begins, in bytes from ``begin`` and in lines of the source; and where the last one ends."""

    begin: int
    starts: list[int]
    lines: list[int]
    end: int


def _stretch(document: Document, number: int, opening: bytes) -> _Stretch:
    mark = document.marks[number]
    following = document.marks[number + 1].position if number + 1 < len(document.marks) else len(document.data)
    return _between(document, mark.position, following, mark.line, opening)


def _between(document: Document, begin: int, following: int, line: int, opening: bytes) -> _Stretch:
    """The items between two positions, the first of which lies on ``line``."""
    text = bytes(document.data[begin:following])
    starts, lines, counted = [], [], 0
    found = text.find(opening)
    while found >= 0:
        start = found + 1  # behind the line end
        line += text.count(b"\n", counted, start)
        starts.append(start)
        lines.append(line)
        counted = start
        found = text.find(opening, found + len(opening))
    released(document.data, begin, following)
    return _Stretch(begin, starts, lines, len(text))


def _line(lines: Lines, document: Document, path: str) -> int | None:
    data = document.data
    if _is_one_line(document):
        return document.first_line
    if (line := _in_long_list(lines, document, path)) is not None or len(data) > _WALKED:
        return line
    text = document.text
    position = 0
    if (nth := _NTH.match(path)) is not None:
        path = path[nth.end() :]
    for _ in range(int(nth[1]) if nth is not None else 0):
        position = _DECODER.raw_decode(text, _after(text, position))[1]
    position = _after(text, position)
    if path.startswith("$"):
        path = path[1:]
    if position >= len(text) or text[position] not in "{[":
        return None
    return document.first_line + text.count("\n", 0, _walked(text, position, path))


def _is_one_line(document: Document) -> bool:
    data, start = document.data, 0
    if bytes(data[:1]) not in (b"{", b"["):
        return False
    if document.marks:  # up to the last mark its line tells
        if document.marks[-1].line != document.first_line:
            return False
        start = document.marks[-1].position
    end = data.find(b"\n", start)
    return end < 0 or end >= len(data) - 2


def _in_long_list(lines: Lines, document: Document, path: str) -> int | None:
    item = _ITEM_PATH.match(path)
    head = LIST_HEAD.match(document.data)
    if item is None or head is None:
        return None
    opening = _opening(document, head.end())
    if opening is None:
        return None
    return _in_stretch(lines, document, head.end(), int(item[1]), opening, path[item.end() :])


def _in_stretch(lines: Lines, document: Document, begins: int, item: int, opening: bytes, path: str) -> int | None:
    if document.marks:
        number = bisect_right(document.marks, item, key=lambda mark: mark.item) - 1
        if number < 0:
            return None
        stretch, position = lines.stretch(document, number, opening), item - document.marks[number].item
    else:
        stretch, position = lines.whole(document, begins, opening), item
    start = stretch.begin + stretch.starts[position]
    end = stretch.starts[position + 1] if position + 1 < len(stretch.starts) else stretch.end
    text = document.data[start : stretch.begin + min(end, stretch.starts[position] + _ITEM)].decode("utf-8", "replace")
    begin = len(text) - len(text.lstrip())
    return stretch.lines[position] + text.count("\n", 0, _walked(text, begin, path))


def _opening(document: Document, position: int) -> bytes | None:
    """The line end, indentation and brace with which every item of an indented list begins, and nothing else does."""
    line_end = document.data.find(b"\n", position)
    if line_end < 0 or bytes(document.data[position:line_end]).strip():
        return None
    brace = document.data.find(b"{", line_end, line_end + 64)
    indentation = bytes(document.data[line_end + 1 : brace]) if brace > 0 else b"?"
    return b"\n" + indentation + b"{" if indentation and not indentation.strip(b" \t") else None


def _after(text: str, position: int) -> int:
    matched = _SPACE.match(text, position)
    return matched.end() if matched is not None else position


def _walked(text: str, position: int, path: str) -> int:
    """Where the value at ``path`` below the value at ``position`` begins, its key included."""
    found = position
    while path:
        path = path.removeprefix(".")
        step = _member(text, position, path) if text[position] == "{" else _element(text, position, path)
        if step is None:
            break
        found, position, path = step
    return found


def _element(text: str, position: int, path: str) -> tuple[int, int, str] | None:
    index = _INDEX.match(path)
    if index is None or text[position] != "[":
        return None
    position = _after(text, position + 1)
    for _ in range(int(index[1])):
        if text[position] == "]":
            return None
        position = _after(text, _DECODER.raw_decode(text, position)[1])
    return None if text[position] == "]" else (position, position, path[index.end() :])


def _member(text: str, position: int, path: str) -> tuple[int, int, str] | None:
    """The member whose name ``path`` begins with; the longest one, as names may hold dots ("requests.cpu")."""
    best: tuple[int, int, str] | None = None
    position = _after(text, position + 1)
    while text[position] == '"':
        start = position
        name, position = scanstring(text, position + 1)
        position = _after(text, text.index(":", position) + 1)
        rest = path[len(name) :]
        if name and path.startswith(name) and (not rest or rest.startswith(_NAME_END)):
            if best is None or len(rest) < len(best[2]):
                best = start, position, rest
            if not rest:
                break
        try:
            position = _after(text, _DECODER.raw_decode(text, position)[1])
        except ValueError:
            break  # the text is cut here: what was found before holds
    return best
