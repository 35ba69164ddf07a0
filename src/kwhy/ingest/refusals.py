"""A diagnosis that says which of its gaps come from what the reader of the cluster was refused, and what to ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from kwhy.facts.collection import Collection, NotRead
from kwhy.ingest.kubectl.command import parse_command
from kwhy.model.diagnosis import Diagnosis, NextStep
from kwhy.model.verdict import Gap


def with_refusals(
    diagnosis: Diagnosis, not_read: Sequence[NotRead], collections: Sequence[Collection] = ()
) -> Diagnosis:
    """``diagnosis`` with the missing permission or the error named at each gap that it explains."""
    notes = diagnosis.notes + tuple(_notes(collections))
    if not not_read:
        return msgspec.structs.replace(diagnosis, notes=notes) if collections else diagnosis
    undetermined = tuple(
        msgspec.structs.replace(item, gaps=tuple(_explained(gap, not_read) for gap in item.gaps))
        for item in diagnosis.undetermined
    )
    steps = tuple(_warned(step, not_read) for step in diagnosis.next_steps)
    return msgspec.structs.replace(diagnosis, undetermined=undetermined, next_steps=steps, notes=notes)


def unread_lines(not_read: Iterable[NotRead]) -> tuple[str, ...]:
    """What was not read, for the coverage: "SOURCE: why". What has one reason and one scope stands in one line."""
    lines: dict[tuple[str, str], dict[str, None]] = {}
    for item in not_read:
        why = f"the account may not {item.verb}" if item.forbidden else item.why
        before = f"only a part was read {item.scope}" if item.partly else f"not read {item.scope}"
        name = f" of {item.name}" if item.name else ""
        lines.setdefault((before, why), {})[f"{_resource(item)}{name}"] = None
    return tuple(f"cluster: {before}: {_some(list(names))} ({why})" for (before, why), names in lines.items())


#: So many names stand in one line.
_NAMES_SHOWN = 40


def _some(names: list[str]) -> str:
    rest = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _notes(collections: Sequence[Collection]) -> Iterator[str]:
    for collection in collections:
        if collection.narrowed:
            yield collection.narrowed
        if collection.logs_left_out:
            yield f"{collection.logs_left_out} more logs of suspicious containers were not read: there are too many."


def _warned(step: NextStep, not_read: Sequence[NotRead]) -> NextStep:
    """A step that this account cannot take says so."""
    denied = dict.fromkeys(item.permission for item in not_read if item.forbidden and _supplies(step.command, item))
    return msgspec.structs.replace(step, why=f"{step.why}; needs leave to {', '.join(denied)}") if denied else step


def _explained(gap: Gap, not_read: Sequence[NotRead]) -> Gap:
    reasons = dict.fromkeys(
        _reason(item) for item in not_read if any(_supplies(probe.command, item) for probe in gap.probes)
    )
    return msgspec.structs.replace(gap, what=f"{gap.what} ({'; '.join(reasons)})") if reasons else gap


def _reason(item: NotRead) -> str:
    if item.forbidden:
        return f"the account may not {item.permission}"
    what = "only a part could be read" if item.partly else "could not be read"
    return f"{_resource(item)} {item.scope} {what}: {item.why}"


def _supplies(line: str, item: NotRead) -> bool:
    """Whether what was not read is what the command would show."""
    command = parse_command(line)
    if command is None:
        return False
    same_scope = item.namespace is None or command.namespace in (None, item.namespace)
    if item.resource == "pods/log":
        return command.verb == "logs" and same_scope and (not item.name or item.name in line.split())
    return command.verb in ("get", "describe", "events") and item.kind in command.kinds and same_scope


def _resource(item: NotRead) -> str:
    return f"{item.resource}.{item.group}" if item.group else item.resource
