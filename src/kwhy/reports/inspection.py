"""What was read from documents, fact by fact: the answer of `kwhy inspect`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

import msgspec

from kwhy.facts.goroutines import GoroutineDump, GoroutineGroup
from kwhy.facts.objects import Event, Observation
from kwhy.model.diagnosis import Coverage
from kwhy.model.document import Document, Locator, Unparsed
from kwhy.model.fact import Fact
from kwhy.model.subject import Subject
from kwhy.model.time import Moment
from kwhy.reports.json import Json
from kwhy.reports.wording import counted, one_line, place, printable, since, size

#: Shown of each type of fact unless all are asked for.
FACTS_SHOWN = 8
#: Characters of one fact on one line.
LINE = 300
FRAMES_SHOWN = 6

Facts = Mapping[type, Sequence[Fact]]


Hide = Callable[[str], str]


def render_text(coverage: Coverage, facts: Facts, unparsed: Sequence[Unparsed], *, every: bool, hide: Hide) -> str:
    """``every``: list all facts, not only the first of each type. ``hide`` masks secrets in a line."""
    return "".join(f"{hide(line)}\n" for line in _text(coverage, facts, unparsed, None if every else FACTS_SHOWN))


def render_json(coverage: Coverage, facts: Facts, unparsed: Sequence[Unparsed], *, hide: Hide) -> str:
    """Everything that was read. ``hide`` masks secrets in a text."""
    report: Json = {
        "documents": [
            {"source": printable(each.source), "format": each.format, "facts": each.facts, "unparsed": each.unparsed}
            for each in coverage.documents
        ],
        "unrecognised": [printable(entry) for entry in coverage.unrecognised],
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


def _text(coverage: Coverage, facts: Facts, unparsed: Sequence[Unparsed], limit: int | None) -> Iterator[str]:
    for document in coverage.documents:
        yield f"{one_line(document.source)}: {document.format}, {counted(document.facts, 'fact')}"
    for entry in coverage.unrecognised:
        yield f"not recognised: {one_line(entry)}"
    yield f"{size(coverage.bytes_read)} read"
    for kind, same in facts.items():
        yield ""
        yield f"{kind.__name__}: {len(same)}"
        ordered = _by_weight(same)
        for fact in ordered[:limit]:
            yield from _fact(fact)
        if limit is not None and len(ordered) > limit:
            yield f"  and {len(ordered) - limit} more (--all lists them)"
    yield from _listed("Not understood", (f"{place(each.at)}: {one_line(each.why)}" for each in unparsed), limit)
    yield from _listed("Failed inside kwhy", map(one_line, coverage.failed_rules), None)


def _listed(heading: str, lines: Iterable[str], limit: int | None) -> Iterator[str]:
    every = tuple(lines)
    if every:
        yield from ("", f"{heading}: {len(every)}")
        yield from (f"  {line}" for line in every[:limit])


def _by_weight(facts: Sequence[Fact]) -> list[Fact]:
    """The groups that hold most goroutines, and wait longest, first; other facts as they stand in the document."""
    return sorted(
        facts,
        key=lambda fact: (-(fact.longest_minutes or 0), -fact.count) if isinstance(fact, GoroutineGroup) else (0, 0),
    )


def _fact(fact: Fact) -> Iterator[str]:
    if isinstance(fact, GoroutineGroup):
        yield from _group(fact)
        return
    words = " ".join(f"{name}={_short(value)}" for name, value in _fields(fact))
    yield f"  {place(fact.at)}  {words}"[:LINE]


def _group(group: GoroutineGroup) -> Iterator[str]:
    waited = f", longest {group.longest_minutes} min" if group.longest_minutes is not None else ""
    locked = ", locked to thread" if group.locked_to_thread else ""
    yield f"  {place(group.at)}  {counted(group.count, 'goroutine')} [{one_line(group.state)}{waited}{locked}]"
    for frame in group.frames[:FRAMES_SHOWN]:
        yield "      " + one_line(f"{frame.package}.{frame.name}")
    if len(group.frames) > FRAMES_SHOWN:
        yield f"      … {len(group.frames) - FRAMES_SHOWN} more frames"


def _short(value: Json) -> str:
    if isinstance(value, str):
        return one_line(value)
    return one_line(msgspec.json.encode(value).decode())


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
