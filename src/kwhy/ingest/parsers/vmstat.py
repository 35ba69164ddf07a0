"""`vmstat [DELAY [COUNT]]`: where a machine's processor time goes, the first row averaged since it booted.

Source: procps-ng 4.0 src/vmstat.c (3.3 prints the same columns).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kwhy.facts.usage import CpuTime
from kwhy.ingest.net.output import content_lines, head_lines, not_understood
from kwhy.model.document import Document
from kwhy.model.parsing import Format, Head, Parsed

#: procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----
_GROUPS: Final = "procs --"


def _columns(line: str) -> list[str] | None:
    """The columns of the second line of heading; None for any other line."""
    words = line.split()
    return words if words[:2] == ["r", "b"] and {"us", "sy", "id", "wa"} <= set(words) else None


def recognise(head: Head) -> float:
    lines = head_lines(head)
    return 0.96 if any(_columns(line) for line in lines[:2]) else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    columns: list[str] | None = None
    first = True
    for number, line in content_lines(document):
        words = line.split()
        if line.startswith(_GROUPS):
            continue
        if heading := _columns(line):
            columns = heading
        elif columns and len(words) >= len(columns) and all(word.isascii() and word.isdigit() for word in words[:17]):
            shown = dict(zip(columns, words, strict=False))
            yield CpuTime(
                user=float(shown["us"][:9]),
                system=float(shown["sy"][:9]),
                idle=float(shown["id"][:9]),
                iowait=float(shown["wa"][:9]),
                steal=float(shown.get("st", "0")[:9]),
                at=document.at(number, excerpt=line.strip()),
                since_boot=first,
                observed=document.captured,
            )
            first = False
        else:
            yield not_understood(document, number, line, "a row of vmstat's columns")


FORMAT: Final = Format("vmstat", recognise, parse)
