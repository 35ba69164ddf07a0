"""Events merged over documents: the same event seen in three files adds places, never counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from kwhy.facts.event_batch import EventBatch
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


class Events(Mapping[Subject, Sequence[MergedEvent]]):
    """Events by the subject they regard, equal ones merged, newest first. Merged when asked for.

    Iterating over the merged events of a large cluster takes long: ask for ``of_kinds`` or ``with_reason``.
    """

    def __init__(self, single: Iterable[Event], batches: Sequence[EventBatch] = ()) -> None:
        self._batches = batches
        self._single: dict[Subject, list[Event]] = {}
        self._merged: dict[Subject, list[MergedEvent]] = {}
        for event in single:
            self._single.setdefault(event.about, []).append(event)

    def about(self, subject: Subject) -> Sequence[MergedEvent]:
        """The events that regard the subject; none where there are none."""
        merged = self._merged.get(subject)
        if merged is None:
            events = list(self._single.get(subject, ()))
            for batch in self._batches:
                events += batch.about(subject)
            merged = self._merged[subject] = _merge(events)
        return merged

    def of_kinds(self, *kinds: str) -> list[Subject]:
        """The subjects of these kinds that some event regards."""
        found = dict.fromkeys(subject for subject in self._single if subject.kind in kinds)
        for batch in self._batches:
            found.update(dict.fromkeys(batch.subjects(kinds)))
        return list(found)

    def with_reason(self, *reasons: str) -> list[Subject]:
        """The subjects that some event of these reasons regards."""
        return list(dict.fromkeys(subject for subject, _ in self.said(*reasons)))

    def said(self, *reasons: str) -> Iterator[tuple[Subject, str]]:
        """What the events of these reasons regard, and their messages."""
        for subject, events in self._single.items():
            yield from ((subject, event.message) for event in events if event.reason in reasons)
        for batch in self._batches:
            yield from batch.with_reason(reasons)

    def reporters(self) -> dict[str, Event]:
        """The components that report events, each with an event of its."""
        found: dict[str, Event] = {}
        for events in self._single.values():
            for event in events:
                found.setdefault(event.component, event)
        for batch in self._batches:
            for component, position in batch.reporters.items():
                if component not in found:
                    found[component] = batch.fact_of(position)
        return found

    def __getitem__(self, subject: Subject) -> Sequence[MergedEvent]:
        merged = self.about(subject)
        if not merged:
            raise KeyError(subject)
        return merged

    def __iter__(self) -> Iterator[Subject]:
        yield from self._single
        for number, batch in enumerate(self._batches):
            for subject in batch.subjects():
                seen = subject in self._single or any(earlier.holds(subject) for earlier in self._batches[:number])
                if not seen:
                    yield subject

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _merge(events: Sequence[Event]) -> list[MergedEvent]:
    grouped: dict[tuple[str, str], list[Event]] = {}
    for event in events:
        grouped.setdefault((event.reason, _comparable(event.message)), []).append(event)
    return sorted(map(_merged, grouped.values()), key=_newest_first)


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
