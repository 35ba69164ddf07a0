"""Tables whose columns begin where their header words begin (Go's text/tabwriter; crictl, docker, ctr)."""

from __future__ import annotations

from kwhy.model.expressions import expression

#: A header word: capitals, single blanks within (`POD ID`, `CPU %`).
_HEADER_CELL = expression(r"[A-Z%][A-Z%/]*(?: [A-Z%][A-Z%/]*)*")
_GAP = expression(r"\s{2,}|\t")


def header_cells(line: str) -> list[tuple[str, int]]:
    """The words of a header line with their offsets; empty where the line is no header."""
    line = line.rstrip()
    if line != line.upper():
        return []
    cells = [(match[0], match.start()) for match in _HEADER_CELL.finditer(line)]
    bare = _GAP.split(line.strip())
    return cells if len(cells) > 1 and [word for word, _ in cells] == bare else []


def row_cells(line: str, header: list[tuple[str, int]]) -> dict[str, str] | None:
    """A row's values by header word; None where its cells do not stand below the header's words."""
    parts = _GAP.split(line.strip())
    if len(parts) == len(header):
        return {word: part for (word, _), part in zip(header, parts, strict=True)}
    ends = [start for _, start in header[1:]] + [len(line)]
    values: dict[str, str] = {}
    for (word, start), end in zip(header, ends, strict=True):
        if start > 0 and line[start - 1 : start].strip():
            return None
        values[word] = line[start:end].strip()
    return values
