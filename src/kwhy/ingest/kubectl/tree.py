"""The grammar of `kubectl describe`: entries "Key: value", what stands below them, and small tables.

    entries := entry*                 all at one depth of indentation
    entry   := key ":" value? line-end more* below*
    more    := a line that begins at or right of the value: further lines of the value (labels, taints, tolerations)
    below   := a line deeper than the key: further entries, a table or free text, as the reader of the key knows

A line that fits nowhere (a message with line ends of its own) belongs to the entry above it.

Source: k8s.io/kubectl v0.34.4 pkg/describe/describe.go (PrefixWriter, tabbedString: two spaces per level).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kwhy.ingest.kubectl.columns import split_row, titled_header
from kwhy.ingest.kubectl.outermost import FREE_SECTIONS, OUTERMOST_KEYS
from kwhy.model.expressions import expression

Lines = Sequence[tuple[int, str]]

#: "Node-Selectors:   disktype=ssd", "  Non-terminated Pods:  (4 in total)", "    Limits:".
_ENTRY = expression(r"(?P<indent> *)(?P<key>[^\s:][^:]{0,120}?):(?:(?P<gap>[ \t]+)(?P<value>.*))?")


class Entry(NamedTuple):
    """One "Key: value".

    ``values`` are the lines of the value, blanks at their ends kept: kubelet's own messages end in one. ``below`` are
    the deeper lines, as they stand.
    """

    key: str
    values: tuple[str, ...]
    line: int
    below: tuple[tuple[int, str], ...]

    @property
    def value(self) -> str:
        return self.values[0].rstrip() if self.values else ""

    @property
    def text(self) -> str:
        """The whole value, its line ends kept."""
        return "\n".join(self.values)


class Entries:
    """The entries of one object or section by key.

    Of equal keys the first wins: later ones are text that looks alike.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.all = tuple(entries)
        self._by_key: dict[str, Entry] = {}
        for entry in entries:
            self._by_key.setdefault(entry.key, entry)

    def __contains__(self, key: object) -> bool:
        return key in self._by_key

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.all)

    def get(self, *keys: str) -> Entry | None:
        """The first of ``keys`` that is there: a key was named differently in other versions."""
        return next((self._by_key[key] for key in keys if key in self._by_key), None)

    def value(self, *keys: str) -> str | None:
        entry = self.get(*keys)
        return None if entry is None else entry.value


def indentation(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def read_entries(lines: Lines) -> Entries:
    """The entries at the depth of the first line that is not blank."""
    return Entries(list(_entries(lines)))


def read_scrap_entries(lines: Lines) -> Entries:
    """The entries of a text that may begin deeper than it goes on: those of each depth, outermost last."""
    found: list[Entry] = []
    start = 0
    depth = _depth(lines)
    for position, (_, line) in enumerate(lines):
        if line.strip() and indentation(line) < depth and _ENTRY.fullmatch(line):
            found.extend(_entries(lines[start:position]))
            start, depth = position, indentation(line)
    return Entries([*found, *_entries(lines[start:])])


def _depth(lines: Lines) -> int:
    return next((indentation(line) for _, line in lines if line.strip()), 0)


def _entries(lines: Lines) -> Iterator[Entry]:
    depth: int | None = None
    current: _Open | None = None
    for number, line in lines:
        if not line.strip():
            if current is not None:
                current.below.append((number, line))
            continue
        deep = indentation(line)
        if depth is None:
            depth = deep
        matched = _ENTRY.fullmatch(line) if deep == depth else None
        if matched is not None and current is not None and depth == 0 and current.key in FREE_SECTIONS:
            matched = matched if matched["key"] in OUTERMOST_KEYS else None
        if matched is not None:
            if current is not None:
                yield current.close()
            current = _Open(matched, number)
        elif current is not None:
            current.add(number, line, deep, depth)
    if current is not None:
        yield current.close()


class _Open:
    """An entry that is being read."""

    def __init__(self, matched: re.Match[str], line: int) -> None:
        value = matched["value"] or ""
        self.key = matched["key"]
        self.line = line
        self.column = matched.start("value") + len(value) - len(value.lstrip()) if matched["value"] is not None else -1
        self.values = [value.lstrip()] if value.strip() else []
        self.below: list[tuple[int, str]] = []

    def add(self, number: int, line: str, deep: int, depth: int) -> None:
        stray = deep <= depth
        if self.values and not self.below and (stray or 0 < self.column <= deep):
            self.values.append(line.lstrip())
        else:
            self.below.append((number, line))

    def close(self) -> Entry:
        while self.below and not self.below[-1][1].strip():
            self.below.pop()
        return Entry(self.key, tuple(self.values), self.line, tuple(self.below))


class TableRow(NamedTuple):
    line: int
    cells: dict[str, str]

    def get(self, *titles: str) -> str:
        return next((self.cells[title] for title in titles if title in self.cells), "")


_RULE = expression(r"[\s-]+")


def read_rows(lines: Lines, titles: Sequence[str]) -> list[TableRow]:
    """The rows of a table below an entry, headed by some of ``titles`` and a rule of dashes; a blank line ends it."""
    header = None
    rows: list[TableRow] = []
    for number, line in lines:
        if not line.strip() and rows:
            break
        if not line.strip() or _RULE.fullmatch(line):
            continue
        if header is None:
            header = titled_header(line, titles)
            continue
        cells = split_row(line.rstrip(), header)
        if cells is not None:
            rows.append(TableRow(number, dict(zip(header.names, cells, strict=True))))
    return rows
