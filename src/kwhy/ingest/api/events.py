"""Event objects of either API group as facts."""

from __future__ import annotations

from datetime import datetime

from kwhy.facts.objects import Event
from kwhy.ingest.api.kinds import ApiEvent
from kwhy.model.document import Locator
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
    component = event.reporting_component or event.reporting_controller or (source.component if source else "")
    return Event(
        about=Subject(about.kind, about.name, about.namespace or None),
        reason=event.reason or "",
        message=event.message or event.note or "",
        type=event.type or "",
        component=component or "",
        at=at,
        host=(source.host if source else None) or None,
        count=max(count, 1),
        first=moment_of(first),
        last=moment_of(last or event.event_time or first),
    )


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
