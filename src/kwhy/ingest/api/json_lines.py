"""The lines on which values of JSON documents stand, found only for the few places that a report names.

Reading keeps no positions: of 150 000 objects a report names twenty. In an indented list the n-th item is found by its
opening line, without looking at the items before it; inside an item its fields are walked one by one.
"""

from __future__ import annotations

import json
from json.decoder import scanstring  # type: ignore[attr-defined]  # C, and not in the stubs
from typing import Final

from kwhy.ingest.api.json_list import LIST_HEAD
from kwhy.ingest.api.json_text import line_of
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
_NAME_END: Final = (".", "[")
_DECODER: Final = json.JSONDecoder()


def line_of_path(document: Document, path: str) -> int | None:
    """The line of the source on which the value at ``path`` begins; of its nearest ancestor where it is not there.

    None where the document is no JSON, or too long and of an unusual shape.
    """
    try:
        return _line(document, path)
    except (ValueError, IndexError, RecursionError):
        return None


def _line(document: Document, path: str) -> int | None:
    data = document.data
    if _is_one_line(document):
        return document.first_line
    if (line := _in_long_list(document, path)) is not None or len(data) > _WALKED:
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
    data = document.data
    end = data.find(b"\n")
    return bytes(data[:1]) in (b"{", b"[") and (end < 0 or end >= len(data) - 2)


def _in_long_list(document: Document, path: str) -> int | None:
    item = _ITEM_PATH.match(path)
    head = LIST_HEAD.match(document.data)
    if item is None or head is None:
        return None
    opening = _opening(document, head.end())
    if opening is None:
        return None
    start = document.data.find(opening, head.end())
    for _ in range(int(item[1])):
        start = document.data.find(opening, start + len(opening))
        if start < 0:
            return None
    start += 1  # behind the line end
    end = document.data.find(opening, start)
    text = document.data[start : end if 0 <= end <= start + _ITEM else start + _ITEM].decode("utf-8", "replace")
    begin = len(text) - len(text.lstrip())
    inside = text.count("\n", 0, _walked(text, begin, path[item.end() :]))
    return line_of(document.data, start, document.first_line) + inside


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
