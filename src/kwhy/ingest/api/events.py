"""Event objects of either API group as facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

from kwhy.facts.event_batch import About, EventBatch
from kwhy.facts.objects import Event
from kwhy.ingest.api.kinds import ApiEvent
from kwhy.ingest.redact import redacted
from kwhy.model.document import Document, Locator
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment


def event_fact(event: ApiEvent, at: Locator) -> Event | None:
    """The fact that an Event object states; None where it does not say what it is about."""
    about = event.involved_object or event.regarding
    if about is None or not about.kind:
        return None
    series = event.series
    source = event.source or event.deprecated_source
    first = event.first_timestamp or event.deprecated_first_timestamp or event.event_time
    last = (series.last_observed_time if series else None) or event.last_timestamp or event.deprecated_last_timestamp
    first = first or event.metadata.creation_timestamp
    count = (series.count if series else None) or event.count or event.deprecated_count or 1
    return Event(
        about=Subject(about.kind, about.name, about.namespace or None),
        reason=event.reason or "",
        message=event.message or event.note or "",
        type=event.type or "",
        component=_component(event),
        at=at,
        host=(source.host if source else None) or None,
        count=max(count, 1),
        first=moment_of(first),
        last=moment_of(last or event.event_time or first),
    )


def _component(event: ApiEvent) -> str:
    source = event.source or event.deprecated_source
    return event.reporting_component or event.reporting_controller or (source.component if source else None) or ""


def says_about(event: ApiEvent) -> bool:
    """Whether the event says which object it is about."""
    about = event.involved_object or event.regarding
    return about is not None and bool(about.kind)


def event_batch(served: Sequence[ApiEvent], document: Document, path: str, path_of: Callable[[int], str]) -> EventBatch:
    """Events that all say what they are about, indexed; ``path_of`` gives the JSON path of a position."""
    by_about: dict[About, list[int]] = defaultdict(list)
    by_reason: dict[str, list[int]] = defaultdict(list)
    reporters: dict[str, int] = {}
    newest, odd = "", []
    for position, event in enumerate(served):
        about = event.involved_object or event.regarding
        if about is None:
            raise ValueError("an event that does not say what it is about stands in no batch")
        by_about[about.kind, about.namespace, about.name].append(position)
        by_reason[event.reason or ""].append(position)
        reporters.setdefault(_component(event), position)
        last = event.last_timestamp or event.event_time
        if event.series is not None or not isinstance(last, str) or not last.endswith("Z"):
            odd.append(position)
        elif last > newest:
            newest = last

    def fact_of(position: int) -> Event:
        event = served[position]
        at = document.at(path=path_of(position), excerpt=redacted(event.message or event.note or ""))
        fact = event_fact(event, at)
        if fact is None:
            raise ValueError("an event that does not say what it is about stands in no batch")
        return fact

    moments = [moment_of(newest), *(fact_of(position).last for position in odd)]
    latest = max(moments, key=lambda moment: moment.latest or 0.0)
    return EventBatch(served, document, path, dict(by_about), dict(by_reason), reporters, fact_of, latest)


def moment_of(text: object) -> Moment:
    """A metav1.Time ("2026-11-21T21:41:48Z": the second in which it was, fractions cut off) or a metav1.MicroTime."""
    if not isinstance(text, str) or not text:
        return UNKNOWN_MOMENT
    try:
        moment = datetime.fromisoformat(text)
        epoch = moment.timestamp() if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return UNKNOWN_MOMENT
    if epoch is None:
        return UNKNOWN_MOMENT
    return Moment(epoch, epoch if "." in text else epoch + 1.0)
