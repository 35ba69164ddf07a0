"""The answer of `kwhy trace` for programs: the contract ``kwhy/trace/v1``, described by ``trace.schema.json``."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy import __version__
from kwhy.model.document import Locator
from kwhy.model.trace import Trace, TraceEnd, TraceNeed, TraceStep, TraceWay
from kwhy.reports.json import Json
from kwhy.reports.wording import printable

SCHEMA = "kwhy/trace/v1"


def render(trace: Trace) -> str:
    return msgspec.json.format(msgspec.json.encode(_trace(trace)), indent=2).decode() + "\n"


def _trace(trace: Trace) -> Json:
    question = trace.question
    return {
        "schema": SCHEMA,
        "kwhy": __version__,
        "from": _end(question.source),
        "to": _end(question.target),
        "protocol": question.protocol,
        "verdict": trace.verdict,
        "says": printable(trace.says),
        "by": _place(trace.by),
        "checks": _steps(trace.checks),
        "ways": [_way(way) for way in trace.ways],
        "depends_on": _needs(trace.depends_on),
        "not_checked": _needs(trace.not_checked),
    }


def _end(end: TraceEnd) -> Json:
    return {"kind": end.kind, "namespace": end.namespace, "name": printable(end.name), "port": end.port}


def _way(way: TraceWay) -> Json:
    return {
        "to": printable(way.to),
        "verdict": way.verdict,
        "why": printable(way.why),
        "by": _place(way.by),
        "share": round(way.share, 6),
        "sent": printable(way.sent),
        "seen": printable(way.seen),
        "there": _steps(way.there),
        "back": _steps(way.back),
        "depends_on": _needs(way.depends_on),
        "size": printable(way.fits) or None,
    }


def _steps(steps: Iterable[TraceStep]) -> Json:
    return [
        {"where": printable(each.where), "stage": each.stage, "says": printable(each.says), "at": _place(each.at)}
        for each in steps
    ]


def _needs(needs: Iterable[TraceNeed]) -> Json:
    return [
        {"what": printable(each.what), "command": printable(each.command), "where": printable(each.where)}
        for each in needs
    ]


def _place(at: Locator | None) -> Json:
    if at is None:
        return None
    return {"source": printable(at.source), "line": at.line, "path": at.path, "excerpt": printable(at.excerpt)}
