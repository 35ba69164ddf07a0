"""Evidence of several moments of one trouble: the states before and after each attempt to mend it, kept apart.

Moments are told by the folders (or the days in file names) that somebody sorted the evidence into: "stage-1",
"02_database", "2021-05-03T10-15". Times inside documents do not divide evidence: one capture and one log of one moment
may lie hours apart.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec

from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.fact import Fact

Facts: TypeAlias = Mapping[type, Sequence[Fact]]

#: "stage-1", "stage 2 database", "Step03", "phase_4", "day-2", "round1"
_WORD = expression(r"(?i)^(?:stage|step|phase|round|day|part|incident)[-_. ]?0*(?P<number>\d{1,3})(?:$|[-_. ])")
#: "1", "02", "1-dns", "03_database"
_ORDINAL = expression(r"^0*(?P<number>\d{1,2})(?:$|[-_. ][A-Za-z])")
#: "2021-05-03", "20210503", "2021-05-03T10-15", "2021-05-03_10.15.30-capture", "before-2021-05-03 10:15Z"
_DATE = expression(
    r"(?:^|[^0-9])(?P<year>20\d\d)-?(?P<month>0[1-9]|1[0-2])-?(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:[T_ -]?(?P<hour>[01]\d|2[0-3])[-:.h]?(?P<minute>[0-5]\d)(?:[-:.]?[0-5]\d)?Z?)?(?:$|[^0-9])"
)


#: What was saved minutes apart is of one moment (seconds).
SAME_MOMENT = 900.0


class Stage(msgspec.Struct, frozen=True):
    """The evidence of one moment. ``when`` is the time that its name states (epoch seconds), None where it is a number
    only."""

    name: str
    when: float | None
    documents: tuple[Document, ...]
    facts: Facts


class _Mark(msgspec.Struct, frozen=True, order=True):
    """Where a name stands among the others."""

    place: float
    dated: bool


def stages_of(documents: Sequence[Document], facts: Facts) -> list[Stage]:
    """The evidence by moments, oldest first; one with everything where its names do not divide it.

    Every document must lie in a stage. What is inside a document belongs to its stage.
    """
    marked = _marked(documents)
    if len(marked) < 2:
        return [Stage("", None, tuple(documents), facts)]
    of = {id(document): name for name, (_, members) in marked.items() for document in members}
    return [
        Stage(
            name,
            mark.place if mark.dated else None,
            tuple(members),
            {
                kind: kept
                for kind, each in facts.items()
                if (kept := [fact for fact in each if of.get(id(fact.at.document)) == name])
            },
        )
        for name, (mark, members) in sorted(marked.items(), key=lambda item: item[1][0])
    ]


def _marked(documents: Sequence[Document]) -> dict[str, tuple[_Mark, list[Document]]]:
    """Documents by the first part of their paths that differs, where each such part is a date or each is a number."""
    paths = [document.source.split("/") for document in documents]
    depth = 0
    while all(len(path) > depth + 1 for path in paths) and len({path[depth] for path in paths}) == 1:
        depth += 1
    folders = all(len(path) > depth + 1 for path in paths)
    groups: dict[str, list[Document]] = {}
    for document, path in zip(documents, paths, strict=True):
        groups.setdefault(path[depth], []).append(document)
    for mark_of in (_dated, _numbered, _counted) if folders else (_day,):
        marks = {name: mark for name in groups if (mark := mark_of(name)) is not None}
        if len(marks) == len(groups) and len(groups) > 1:
            return _joined(groups, marks)
    return {}


def _joined(
    groups: Mapping[str, list[Document]], marks: Mapping[str, _Mark]
) -> dict[str, tuple[_Mark, list[Document]]]:
    """Names of one moment together; bare numbers must count from 0 or 1 without a gap."""
    if not all(mark.dated for mark in marks.values()) and any(_WORD.search(name) is None for name in marks):
        places = sorted({mark.place for mark in marks.values()})
        if len(places) < len(marks) or places != [places[0] + n for n in range(len(places))] or places[0] > 1:
            return {}
    joined: dict[str, tuple[_Mark, list[Document]]] = {}
    first, last = "", -math.inf
    for name in sorted(groups, key=lambda name: marks[name]):
        mark = marks[name]
        if mark.place - last > (SAME_MOMENT if mark.dated else 0):
            first = name
        last = mark.place
        joined.setdefault(first, (mark, []))[1].extend(groups[name])
    return joined if len(joined) > 1 else {}


def _numbered(name: str) -> _Mark | None:
    found = _WORD.search(name)
    return _Mark(float(found["number"]), dated=False) if found else None


def _counted(name: str) -> _Mark | None:
    found = _ORDINAL.search(name)
    return _Mark(float(found["number"]), dated=False) if found else None


def _dated(name: str) -> _Mark | None:
    found = _DATE.search(name)
    return _mark(found, with_clock=True) if found else None


def _day(name: str) -> _Mark | None:
    """Files of one day are of one moment: what was saved minutes apart belongs together."""
    found = _DATE.search(name)
    return _mark(found, with_clock=False) if found else None


def _mark(found: re.Match[str], *, with_clock: bool) -> _Mark | None:
    hour, minute = (found["hour"], found["minute"]) if with_clock else (None, None)
    try:
        moment = datetime(
            int(found["year"]), int(found["month"]), int(found["day"]), int(hour or 0), int(minute or 0), tzinfo=UTC
        )
    except ValueError:
        return None
    return _Mark(moment.timestamp(), dated=True)
