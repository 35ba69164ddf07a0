"""Logs: who wrote them, what time they span, and what was found in them, condensed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kwhy.facts.logs import AppErrors, LogFile, LogHit, LogSample
from kwhy.inspecting.rows import moment, place, shortened
from kwhy.inspecting.trends import trend
from kwhy.model.inspection import Part, Row
from kwhy.scene.scene import Scene


def log_parts(scene: Scene, most: int | None) -> list[Part]:
    """``most``: rows per part; None shows all."""
    begins = {id(log.document): log.first_clock for log in scene.facts(LogFile)}
    ends = {id(log.document): log.last_clock for log in scene.facts(LogFile)}
    files = [Row(_file(log), place(log.at)) for log in scene.facts(LogFile)]
    hits = sorted(scene.facts(LogHit), key=lambda hit: -hit.count)
    errors = sorted(scene.facts(AppErrors), key=lambda found: -found.count)
    header = ("count", "first", "last", "per minute", "trend", "what")
    parts = [
        shortened("Logs", ("written by", "format", "lines", "from", "to", "host"), files, None),
        shortened(
            "Found in logs",
            header,
            [_hit(hit, begins.get(id(hit.document)), ends.get(id(hit.document))) for hit in hits],
            most,
        ),
        shortened(
            "Errors of applications", ("count", "first", "last", "complaint", "target"), _errors(errors, begins), most
        ),
    ]
    return [part for part in parts if part.rows]


def _file(log: LogFile) -> tuple[str, ...]:
    writer = log.component or "unknown"
    if log.component == "journal":
        writer = f"journal of {', '.join(log.components[:6])}"
    owner = f" of pod {log.pod.pod}" if log.pod is not None else ""
    return (writer + owner, log.format, str(log.lines), moment(log.first), moment(log.last), log.host or "")


def _hit(hit: LogHit, begins: float | None, ends: float | None) -> Row:
    key = " ".join(f"{name}={value}" for name, value in hit.key.items())
    about = "" if hit.exact else "about "
    what = f"{hit.pattern.id} {key}".strip()
    times = _when(hit.first, begins), _when(hit.last, begins)
    goes_on = trend(hit.samples, hit.count, begins, ends)
    cells = (f"{about}{hit.count}", *times, _rate(hit.per_minute), goes_on, what)
    return Row(cells, place(hit.at), (hit.first.excerpt,))


def _rate(per_minute: float | None) -> str:
    if per_minute is None:
        return ""
    return f"{per_minute:.0f}" if per_minute >= 100 else f"{per_minute:.3g}"


def _errors(found: Sequence[AppErrors], begins: Mapping[int, float | None]) -> list[Row]:
    rows: list[Row] = []
    for errors in found:
        first = errors.samples[0]
        over = (f"over since {place(errors.locate(errors.succeeded))}",) if errors.succeeded is not None else ()
        clock = begins.get(id(errors.document))
        times = _when(first, clock), _when(errors.last, clock)
        cells = (str(errors.count), *times, errors.complaint, errors.target or "")
        rows.append(Row(cells, place(errors.at), (first.excerpt, *over)))
    return rows


def _when(sample: LogSample, begins: float | None) -> str:
    """The time, or where only the log's own clock is known the seconds since its first line."""
    if said := moment(sample.when):
        return said
    return f"{sample.clock - begins:.0f} s" if sample.clock is not None and begins is not None else ""
