"""Events merged over documents: the same event seen in three files adds places, never counts."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.objects import Event
from kwhy.model.document import Locator
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment


class MergedEvent(msgspec.Struct, frozen=True):
    """One event with every place that shows it. ``age`` is seconds before its document, the smallest printed."""

    about: Subject
    reason: str
    message: str
    type: str
    component: str
    host: str | None
    count: int
    first: Moment
    last: Moment
    age: float | None
    places: tuple[Locator, ...]

    @property
    def at(self) -> Locator:
        """The best place: a line of text where there is one, since a reader can open it at once."""
        return next((place for place in self.places if place.line is not None), self.places[0])

    @property
    def warning(self) -> bool:
        return self.type == "Warning"


def merge_events(events: Iterable[Event]) -> dict[Subject, list[MergedEvent]]:
    """Group events by the subject they regard, equal ones merged, newest first."""
    grouped: dict[tuple[Subject, str, str], list[Event]] = {}
    for event in events:
        grouped.setdefault((event.about, event.reason, _comparable(event.message)), []).append(event)
    index: dict[Subject, list[MergedEvent]] = {}
    for (about, _, _), same in grouped.items():
        index.setdefault(about, []).append(_merged(same))
    for merged in index.values():
        merged.sort(key=_newest_first)
    return index


def _comparable(message: str) -> str:
    """Tables fold line ends into spaces and may cut trailing blanks."""
    return " ".join(message.split())


def _merged(same: list[Event]) -> MergedEvent:
    best = max(same, key=lambda event: (event.last.known, event.count))
    ages = [event.age for event in same if event.age is not None]
    return MergedEvent(
        about=best.about,
        reason=best.reason,
        message=best.message,
        type=best.type,
        component=next((event.component for event in same if event.component), ""),
        host=next((event.host for event in same if event.host), None),
        count=max(event.count for event in same),
        first=next((event.first for event in same if event.first.known), UNKNOWN_MOMENT),
        last=next((event.last for event in same if event.last.known), UNKNOWN_MOMENT),
        age=min(ages) if ages else None,
        places=tuple(event.at for event in same),
    )


def _newest_first(event: MergedEvent) -> tuple[float, float]:
    return (-(event.last.latest or 0.0), event.age if event.age is not None else float("inf"))
