"""Many Events of one document, of which a diagnosis asks for few: facts are made of those that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeAlias

import msgspec

from kwhy.facts.objects import Event
from kwhy.model.document import Document, Locator
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment

#: Kind, namespace ("" for none) and name of what an event is about.
About: TypeAlias = tuple[str, str, str]


class _Reference(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def namespace(self) -> str: ...


class ServedEvent(Protocol):
    """An Event as the API serves it, under either API group's names."""

    @property
    def involved_object(self) -> _Reference | None: ...
    @property
    def regarding(self) -> _Reference | None: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def message(self) -> str | None: ...
    @property
    def note(self) -> str | None: ...


class EventBatch(msgspec.Struct, frozen=True, gc=False):
    """Events of one document by position. ``by_about`` and ``by_reason`` hold positions in document order.

    ``reporters`` holds the position of the first event of each component. ``fact_of`` makes the Event at a position.
    ``newest`` is when the last of them was last seen.
    """

    served: Sequence[ServedEvent]
    document: Document
    path: str
    by_about: Mapping[About, Sequence[int]]
    by_reason: Mapping[str, Sequence[int]]
    reporters: Mapping[str, int]
    fact_of: Callable[[int], Event]
    newest: Moment = UNKNOWN_MOMENT

    @property
    def at(self) -> Locator:
        return self.document.at(path=self.path)

    def __len__(self) -> int:
        return len(self.served)

    def holds(self, subject: Subject) -> bool:
        return (subject.kind, subject.namespace or "", subject.name) in self.by_about

    def about(self, subject: Subject) -> list[Event]:
        """The events that regard the subject."""
        positions = self.by_about.get((subject.kind, subject.namespace or "", subject.name), ())
        return [self.fact_of(position) for position in positions]

    def subjects(self, kinds: Iterable[str] | None = None) -> Iterator[Subject]:
        """Everything that some event regards; of these kinds alone where they are given."""
        wanted = None if kinds is None else frozenset(kinds)
        for kind, namespace, name in self.by_about:
            if wanted is None or kind in wanted:
                yield Subject(kind, name, namespace or None)

    def with_reason(self, reasons: Iterable[str]) -> Iterator[tuple[Subject, str]]:
        """What events of these reasons are about, and their messages."""
        for reason in reasons:
            for position in self.by_reason.get(reason, ()):
                event = self.served[position]
                about = event.involved_object or event.regarding
                if about is not None:
                    message = event.message or event.note or ""
                    yield Subject(about.kind, about.name, about.namespace or None), message

    def facts(self) -> Iterator[Event]:
        """Every one of them as a fact."""
        return map(self.fact_of, range(len(self.served)))
