"""Columns of a kubectl table: where they begin, and how a line is cut into cells.

kubectl aligns cells with text/tabwriter (padding 3 for get, 2 for describe), counted in code points: in an untouched
table every cell begins where its heading begins. Pasted tables were edited, wrapped, retyped or cut; then the cells are
told apart by the gaps between them.

Sources: k8s.io/cli-runtime v0.34.4 pkg/printers/tabwriter.go; tabbedString in k8s.io/kubectl v0.34.4
pkg/describe/describe.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kwhy.ingest.kubectl.collapsed import split_words
from kwhy.model.expressions import expression

_GAP = expression(r" {2,}|\t+")
#: A run of non-gap text: words with single spaces between them.
_PIECE = expression(r"[^ \t]+(?: [^ \t]+)*")
#: A heading of `kubectl get`: capitals, digits and marks ("CPU(cores)", "PORT(S)", "UP-TO-DATE", "NOMINATED NODE").
_HEADING = expression(r"[A-Z][A-Z0-9()%/_.-]*(?:\((?:cores|bytes)\)|\(%\))?(?: [A-Z][A-Z0-9()%/_.-]*)*")
#: Headings that hold a space, for tables whose gaps were collapsed.
_TWO_WORDS = (
    "NOMINATED NODE", "READINESS GATES", "LAST SEEN", "FIRST SEEN", "ACCESS MODES", "RECLAIM POLICY", "NODE SELECTOR",
    "LAST SCHEDULE", "MIN AVAILABLE", "MAX UNAVAILABLE", "ALLOWED DISRUPTIONS", "POD LABELS", "CREATED AT",
)  # fmt: skip
#: Columns of free text, in which gaps belong to the value.
FREE_TEXT = frozenset({"MESSAGE", "Message"})
#: Terminal widths at which tables are cut or wrapped.
_TERMINAL_WIDTHS = frozenset({80, 100, 120, 132, 160, 200})


class Header(NamedTuple):
    """The headings of a table, and the column at which each begins.

    ``gaps``: they stand apart, so that columns can be told; False where all gaps are single blanks. ``tight`` are the
    columns that begin behind a single blank.
    """

    names: tuple[str, ...]
    starts: tuple[int, ...]
    gaps: bool = True
    tight: frozenset[int] = frozenset()


def read_header(line: str) -> Header | None:
    """The header of a `kubectl get`-like table; None if the line is none."""
    if not line or not line[0].isupper() or len(line) > 2000:
        return None
    pieces = [(match.start(), match.group()) for match in _PIECE.finditer(line)]
    if all(_HEADING.fullmatch(text) for _, text in pieces) and len(pieces) > 1:
        return Header(tuple(text.upper() for _, text in pieces), tuple(start for start, _ in pieces))
    words = line.split()
    if "  " in line or "\t" in line or len(words) < 2 or not all(_HEADING.fullmatch(word) for word in words):
        return None
    joined = line
    for two in _TWO_WORDS:
        joined = joined.replace(two, two.replace(" ", "\0"))
    names = tuple(word.replace("\0", " ").upper() for word in joined.split())
    return Header(names, tuple(range(len(names))), gaps=False)


def titled_header(line: str, titles: Sequence[str]) -> Header | None:
    """The header of a describe table, whose headings are among ``titles`` ("Type", "CPU Requests"); None if it is none.

    Tabs of old versions leave single blanks between headings, so that only the titles tell them apart.
    """
    found: list[tuple[int, str]] = []
    position = 0
    while position < len(line):
        if line[position].isspace():
            position += 1
            continue
        title = max((title for title in titles if _stands_at(line, title, position)), key=len, default=None)
        if title is None:
            return None
        found.append((position, title))
        position += len(title)
    if not found:
        return None
    starts = tuple(start for start, _ in found)
    collapsed = len(found) > 1 and "  " not in line.strip()
    tight = frozenset(start for start in starts[1:] if not line[start - 2].isspace())
    return Header(tuple(title for _, title in found), starts, not collapsed, tight)


def _stands_at(line: str, title: str, position: int) -> bool:
    end = position + len(title)
    return line.startswith(title, position) and (end == len(line) or line[end].isspace())


def split_row(line: str, header: Header) -> list[str] | None:
    """The cells of ``line`` under ``header``; None where they cannot be told apart."""
    if "\t" in line:
        return _split_tabs(line, header)
    if not header.gaps:
        return split_words(line, header.names)
    if _aligned(line, header):
        cells = _slice(line, header)
        if not any("  " in cell for cell in cells[:-1]):
            return cells
    return _split_gaps(line, header)


def _split_tabs(line: str, header: Header) -> list[str] | None:
    count = len(header.names)
    cells = [cell.strip() for cell in line.strip("\n").split("\t", count - 1 if header.names[-1] in FREE_TEXT else -1)]
    if len(cells) > count:
        cells = [cell for cell in cells if cell]
    return cells + [""] * (count - len(cells)) if len(cells) <= count else None


def _aligned(line: str, header: Header) -> bool:
    """Whether every column begins after a gap, as in an untouched table."""
    return all(
        start >= len(line) or line[max(0, start - (1 if start in header.tight else 2)) : start].isspace()
        for start in header.starts[1:]
    )


def _slice(line: str, header: Header) -> list[str]:
    ends = (*header.starts[1:], len(line))
    cells = [line[start:end].strip() for start, end in zip(header.starts, ends, strict=True)]
    cells[0] = line[: ends[0]].strip()
    if header.names[-1] not in FREE_TEXT and cells[-1]:
        cells[-1] = _GAP.split(cells[-1], maxsplit=1)[0]  # what people write behind a row
    return cells


def _split_gaps(line: str, header: Header) -> list[str] | None:
    count = len(header.names)
    pieces = [(match.start(), match.group()) for match in _PIECE.finditer(line)]
    if len(pieces) > count:
        if header.names[-1] not in FREE_TEXT:
            return None
        kept = pieces[: count - 1]
        return [text for _, text in kept] + [line[pieces[count - 1][0] :].strip()]
    if len(pieces) == count:
        return [text for _, text in pieces]
    return _nearest(pieces, header)


def _nearest(pieces: list[tuple[int, str]], header: Header) -> list[str] | None:
    """Fewer cells than headings: keep their order and put each as near below its heading as can be."""
    rows, columns = len(pieces), len(header.starts)
    if rows == 0 or columns > 40:
        return None
    infinite = float("inf")
    best = [[infinite] * (columns + 1) for _ in range(rows + 1)]
    best[0] = [0.0] * (columns + 1)
    for row in range(1, rows + 1):
        for column in range(row, columns + 1):
            placed = best[row - 1][column - 1] + abs(pieces[row - 1][0] - header.starts[column - 1])
            best[row][column] = min(best[row][column - 1], placed)
    cells = [""] * columns
    column = columns
    for row in range(rows, 0, -1):
        while column > row and best[row][column] == best[row][column - 1]:
            column -= 1
        column -= 1
        cells[column] = pieces[row - 1][1]
    return cells


def unwrap(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Join the lines of a table that a terminal wrapped; each keeps the number of its first line.

    A table is wrapped where its first line has the terminal's width and the second is nothing but further headings; a
    list of events also where lines of that width are followed by some that begin with no age.
    """
    width = max((len(text) for _, text in lines), default=0)
    if len(lines) < 2 or width not in _TERMINAL_WIDTHS:
        return lines
    height = 1
    while height < len(lines) and height < 5 and _only_headings(lines[height][1]):
        height += 1
    header = "".join(text for _, text in lines[:height])
    if header.removeprefix("NAMESPACE").lstrip().startswith(("LAST SEEN", "LASTSEEN")) and (
        height == 1 or len(lines[0][1]) == width
    ):
        return [(lines[0][0], header), *_joined_events(lines[height:], width)]
    if height == 1 or len(lines) % height:
        return lines
    joined: list[tuple[int, str]] = []
    for first in range(0, len(lines), height):
        parts = [text for _, text in lines[first : first + height]]
        joined.append((lines[first][0], "".join(part.ljust(width) for part in parts[:-1]) + parts[-1]))
    return joined


#: "3m7s  ", "<unknown>  ", "shop  8s (x3 over 10s)  ": how a row of `kubectl get events` begins, with -A or without.
_EVENT_START = expression(
    r"(?:[a-z0-9][-a-z0-9]{0,62}\s{2,})?(?:(?:\d{1,9}[smhdy])+|<unknown>|<invalid>)(?: \(x\d+ over \S+\))?\s{2,}"
)


def _joined_events(lines: list[tuple[int, str]], width: int) -> list[tuple[int, str]]:
    """Each event on one line: a line of the terminal's full width goes on in the next, unless that begins an event."""
    joined: list[tuple[int, str]] = []
    full = False
    for number, text in lines:
        if full and joined and _EVENT_START.match(text) is None:
            joined[-1] = joined[-1][0], joined[-1][1] + text
        else:
            joined.append((number, text))
        full = len(text) == width
    return joined


def _only_headings(line: str) -> bool:
    words = line.split()
    return bool(words) and all(_HEADING.fullmatch(word) for word in words)


def cut_at(lines: list[str]) -> int | None:
    """The width at which a terminal cut the table, so that cells that end there are incomplete; None if it did not."""
    width = max((len(line) for line in lines), default=0)
    if width not in _TERMINAL_WIDTHS or sum(len(line) == width for line in lines) < 2:
        return None
    return width
