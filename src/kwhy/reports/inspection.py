"""What was read from documents: the answer of `kwhy inspect`."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, TypeAlias

import msgspec

from kwhy.facts.goroutines import GoroutineDump
from kwhy.facts.objects import Event, Observation
from kwhy.model.diagnosis import Coverage
from kwhy.model.document import Document, Locator, Unparsed
from kwhy.model.fact import Fact
from kwhy.model.inspection import Part, Row
from kwhy.model.subject import Subject
from kwhy.model.time import Moment
from kwhy.reports.json import Json
from kwhy.reports.wording import counted, one_line, place, printable, since, size

#: Shown of each type of fact, and of the documents, unless all are asked for.
FACTS_SHOWN = 8
#: Characters of one fact.
LINE = 300
#: Below this, text beside an indent is no longer readable.
NARROWEST = 40

Facts: TypeAlias = Mapping[type, Sequence[Fact]]
Hide: TypeAlias = Callable[[str], str]


def render_text(
    coverage: Coverage,
    parts: Sequence[Part],
    facts: Facts,
    unparsed: Sequence[Unparsed],
    *,
    every: bool,
    hide: Hide,
    width: int = 80,
) -> str:
    """``facts`` are those that no part shows. ``every``: list all of them. ``hide`` masks secrets in a text."""
    limit = None if every else FACTS_SHOWN
    lines = [*_documents(coverage, limit)]
    for part in parts:
        lines += ["", *_part(part, hide, max(width, NARROWEST))]
    lines += _facts(facts, limit, max(width, NARROWEST))
    lines += _listed("Not understood", (f"{place(each.at)}: {one_line(each.why)}" for each in unparsed), limit)
    lines += _listed("Failed inside kwhy", map(one_line, coverage.failed_rules), None)
    return "".join(f"{hide(line)}\n" for line in lines)


def render_json(
    coverage: Coverage, parts: Sequence[Part], facts: Facts, unparsed: Sequence[Unparsed], *, hide: Hide
) -> str:
    """Everything that was read. ``hide`` masks secrets in a text."""
    report: Json = {
        "documents": [
            {"source": printable(each.source), "format": each.format, "facts": each.facts, "unparsed": each.unparsed}
            for each in coverage.documents
        ],
        "unrecognised": [printable(entry) for entry in coverage.unrecognised],
        "parts": [
            {
                "title": printable(part.title),
                "rows": [_row_as_json(part, row) for row in part.rows],
                "left_out": part.left_out,
            }
            for part in parts
        ],
        "facts": {
            kind.__name__: [{"at": _value(fact.at), **dict(_fields(fact))} for fact in same]
            for kind, same in facts.items()
        },
        "unparsed": [{"at": _value(each.at), "why": printable(each.why)} for each in unparsed],
        "failed": [printable(failure) for failure in coverage.failed_rules],
    }
    return msgspec.json.format(msgspec.json.encode(_hidden(report, hide)), indent=2).decode() + "\n"


def _hidden(value: Json, hide: Hide) -> Json:
    """``hide`` sees each text with its name, so that "password: x" is known by either."""
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, Mapping):
        return {key: _hidden_field(key, each, hide) for key, each in value.items()}
    return [_hidden(each, hide) for each in value] if isinstance(value, Sequence) else value


def _hidden_field(name: str, value: Json, hide: Hide) -> Json:
    if not isinstance(value, str):
        return _hidden(value, hide)
    prefix = f"{name}="
    named = hide(prefix + value)
    return named.removeprefix(prefix) if named.startswith(prefix) else hide(value)


def _row_as_json(part: Part, row: Row) -> Json:
    cells: dict[str, Json]
    if any(part.header):
        cells = {name or "is": printable(cell) for name, cell in zip(part.header, row.cells, strict=True) if cell}
    elif part.header:
        cells = {printable(row.cells[0]): printable(" ".join(row.cells[1:]))}
    else:
        cells = {"says": printable(" ".join(row.cells))}
    where: dict[str, Json] = {"at": printable(row.place)} if row.place else {}
    below: dict[str, Json] = {"below": [printable(line) for line in row.below]} if row.below else {}
    return {**cells, **where, **below}


# --- text ---------------------------------------------------------------------------------------------------------


def _documents(coverage: Coverage, limit: int | None) -> Iterator[str]:
    for document in coverage.documents[:limit]:
        yield f"{one_line(document.source)}: {document.format}, {counted(document.facts, 'fact')}"
    if limit is not None and len(coverage.documents) > limit:
        yield f"and {counted(len(coverage.documents) - limit, 'more document')} (--all lists them)"
    for entry in coverage.unrecognised:
        yield f"not recognised: {one_line(entry)}"
    yield f"{size(coverage.bytes_read)} read"


def _part(part: Part, hide: Hide, width: int) -> Iterator[str]:
    yield one_line(part.title)
    rows = [_clean(row, hide) for row in part.rows]
    if any(part.header):
        yield from _table(part.header, rows, width)
    elif part.header:
        yield from _pairs(rows, width)
    else:
        for row in rows:
            yield from _sentence(row, width)
    if part.left_out:
        yield f"  and {part.left_out} more (--all lists them)"


def _clean(row: Row, hide: Hide) -> Row:
    """Secrets are masked before lines are wrapped, which could cut them in two."""
    return Row(
        tuple(hide(one_line(cell)) for cell in row.cells),
        one_line(row.place),
        tuple(hide(one_line(line)) for line in row.below),
    )


def _sentence(row: Row, width: int) -> Iterator[str]:
    text = " ".join(row.cells)
    yield from _wrapped(f"{row.place}  {text}" if row.place else text, "  ", "    ", width)
    for line in row.below:
        yield from _wrapped(line, "      ", "        ", width)


def _pairs(rows: Sequence[Row], width: int) -> Iterator[str]:
    column = max((len(row.cells[0]) for row in rows), default=0)
    for row in rows:
        yield from _wrapped(" ".join(row.cells[1:]), f"  {row.cells[0]:<{column}}  ", " " * (column + 4), width)


def _table(header: Sequence[str], rows: Sequence[Row], width: int) -> Iterator[str]:
    """Columns where they fit, else one paragraph for each row, in which every value has its name before it."""
    lines = [(*header, ""), *((*row.cells, row.place) for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(header) + 1)]
    used = [index for index, length in enumerate(widths) if any(line[index] for line in lines[1:]) and length]
    if 2 + sum(widths[index] for index in used) + 2 * (len(used) - 1) > width:
        for row in rows:
            named = [f"{name} {cell}".strip() for name, cell in zip(header, row.cells, strict=True) if cell]
            yield from _sentence(Row((", ".join(named),), row.place, row.below), width)
        return
    for line, below in zip(lines, ((), *(row.below for row in rows)), strict=True):
        yield "  " + "  ".join(line[index].ljust(widths[index]) for index in used).rstrip()
        for each in below:
            yield from _wrapped(each, "      ", "        ", width)


def _wrapped(text: str, first: str, others: str, width: int) -> list[str]:
    """Words are never cut: they are names and places to be copied."""
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [first.rstrip()]


def _facts(facts: Facts, limit: int | None, width: int) -> Iterator[str]:
    for kind, same in facts.items():
        yield ""
        yield f"{kind.__name__}: {len(same)}"
        for fact in same[:limit]:
            words = " ".join(f"{name}={_short(value)}" for name, value in _fields(fact))
            yield from _wrapped(f"{place(fact.at)}  {words}"[:LINE], "  ", "    ", width)
        if limit is not None and len(same) > limit:
            yield f"  and {len(same) - limit} more (--all lists them)"


def _listed(heading: str, lines: Iterable[str], limit: int | None) -> Iterator[str]:
    every = tuple(lines)
    if every:
        yield from ("", f"{heading}: {len(every)}")
        yield from (f"  {line}" for line in every[:limit])


def _short(value: Json) -> str:
    if isinstance(value, str):
        return one_line(value)
    return one_line(msgspec.json.encode(value).decode())


# --- facts, field by field ----------------------------------------------------------------------------------------


def _fields(fact: object) -> Iterator[tuple[str, Json]]:
    """The fields that differ from their defaults. Of API objects only what names them: values may be secret."""
    if isinstance(fact, Observation):
        yield "object", one_line(str(fact.subject))
        yield "whole", fact.whole
        if fact.printed:
            yield "printed", {key: printable(value) for key, value in fact.printed.items()}
        return
    if isinstance(fact, Event):
        yield "about", one_line(str(fact.about))
    if not isinstance(fact, msgspec.Struct):
        yield "value", printable(str(fact))
        return
    for field in msgspec.structs.fields(fact):
        value = getattr(fact, field.name)
        if field.name in ("at", "about") or isinstance(value, Document | GoroutineDump) or value == field.default:
            continue
        yield field.name, _value(value)


def _value(value: Any) -> Json:
    match value:
        case Locator():
            return {"source": printable(value.source), "line": value.line, "path": value.path}
        case Moment():
            return since(value)
        case Subject():
            return one_line(str(value))
        case Enum():
            return str(value.value)
        case None | bool() | int() | float():
            return value
        case str():
            return printable(value)
        case bytes():
            return value.hex()
        case Mapping():
            return {printable(str(key)): _value(each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_value(each) for each in value]
        case msgspec.Struct():
            return dict(_fields(value))
        case _:
            return printable(str(value))
