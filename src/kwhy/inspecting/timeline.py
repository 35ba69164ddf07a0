"""One timeline over all sources: when each thing that logs and events tell began and ended, in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from kwhy.facts.logs import AppErrors, LogFile, LogHit, LogSample
from kwhy.inspecting.rows import moment, place, shortened
from kwhy.model.document import Document, Locator
from kwhy.model.inspection import Part, Row
from kwhy.model.time import Moment
from kwhy.scene.scene import Scene

#: So many objects' events are looked at: a large cluster has a hundred thousand of them.
OBJECTS = 2000
#: What is known only within more than this has no place in an order (seconds).
VAGUE = 3600.0
#: An order needs more rows than a list: so many times those of other parts.
LONGER = 5


class _Entry(NamedTuple):
    when: Moment
    at: Locator
    what: str

    @property
    def order(self) -> tuple[float, float]:
        known = [bound for bound in (self.when.earliest, self.when.latest) if bound is not None]
        return (min(known), max(known))

    @property
    def placed(self) -> bool:
        return self.when.known and self.order[1] - self.order[0] <= VAGUE


def timeline_parts(scene: Scene, most: int | None) -> list[Part]:
    """``most``: rows of other parts; None shows all, events of the type Normal too.

    Nothing where only one document has times: that order is its own.
    """
    entries = sorted((one for one in _entries(scene, every=most is None) if one.placed), key=lambda one: one.order)
    if len({id(one.at.document) for one in entries}) < 2:
        return []
    rows = [Row((moment(one.when), one.what), place(one.at)) for one in entries]
    return [shortened("Timeline", ("UTC", "what"), rows, None if most is None else most * LONGER)]


def _entries(scene: Scene, *, every: bool) -> Iterator[_Entry]:
    for log in scene.facts(LogFile):
        writer = log.component or "a program"
        yield _Entry(log.first, log.at, f"the log of {writer} begins")
        yield _Entry(log.last, log.at, f"the log of {writer} ends")
    for hit in scene.facts(LogHit):
        key = " ".join(f"{name}={value}" for name, value in hit.key.items() if value)
        yield from _span(hit.document, hit.first, hit.last, hit.count, f"{hit.pattern.id} {key}".strip())
    for errors in scene.facts(AppErrors):
        what = f"errors of {errors.program or 'an application'}: {errors.complaint} {errors.target or ''}".strip()
        yield from _span(errors.document, errors.samples[0], errors.last, errors.count, what)
    for subject in islice(scene.events, OBJECTS):
        for event in scene.events_about(subject):
            if not (every or event.warning or subject.kind == "Node"):
                continue
            what = f"{event.reason} of {subject.kind} {subject.name}"
            yield _Entry(event.first, event.at, what)
            if event.count > 1 and event.last != event.first:
                yield _Entry(event.last, event.at, f"{what}, for the last of {event.count} times")


def _span(document: Document, first: LogSample, last: LogSample, count: int, what: str) -> Iterator[_Entry]:
    yield _Entry(first.when, document.at(line=first.line), what)
    if count > 1 and last.when != first.when:
        yield _Entry(last.when, document.at(line=last.line), f"{what}, for the last of {count} times")
