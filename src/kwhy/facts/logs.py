"""What log files say, condensed: ten thousand equal lines are one fact with a count and a bounded series of samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from kwhy.model.document import Document, Locator
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment

#: Who prints a line. Programs that are no part of Kubernetes or the node keep their own name.
Component: TypeAlias = str

#: How a document's year, or its zone, is known. "stated": printed in the lines themselves. "calibrated": computed from
#: lines that carry a second, complete time. "assumed": the capture time of the document decides. None: unknown.
Known: TypeAlias = Literal["stated", "calibrated", "assumed"] | None


class LogPattern(msgspec.Struct, frozen=True, gc=False):
    """A message that some program prints.

    ``anchors``: at least one of these stands verbatim in every matching line, whatever the line is wrapped in: they
    hold
    no quote, backslash or other character that JSON or Go's %q would escape. ``regex`` is searched in the unwrapped
    message; its named groups are the fields. ``key`` names the fields that separate facts: one :class:`LogHit` per
    different values. ``examples`` are real lines. ``source`` cites the printing function and version.
    """

    id: str
    component: Component
    anchors: tuple[str, ...]
    regex: str
    examples: tuple[str, ...]
    source: str
    key: tuple[str, ...] = ()

    def __hash__(self) -> int:
        return hash(self.id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LogPattern) and other.id == self.id


class LogSample(msgspec.Struct, frozen=True, gc=False):
    """One line of a condensed series. ``nth`` counts the hits of its series from 1, so samples show the rate too.

    ``clock``: seconds on the document's own clock, for differences within one document only (a time of day, or the
    seconds since boot, where no more is printed); it grows through midnight and New Year. None: the line has no time.
    """

    line: int
    nth: int
    when: Moment
    clock: float | None
    fields: Mapping[str, str]
    excerpt: str
    program: str | None = None
    pid: int | None = None
    host: str | None = None


class LogHit(msgspec.Struct, frozen=True, gc=False):
    """All lines of one document that match one pattern with the same key fields, printed by the same program and host.

    ``samples`` are in the order of the lines and hold the first, the last, and lines spread between. ``exact``: every
    counted line was matched whole; otherwise lines past a flood limit were counted by their anchor alone.
    ``component`` is who printed the lines, as the document shows it, which may differ from the pattern's expectation.
    """

    pattern: LogPattern
    document: Document
    key: Mapping[str, str]
    component: Component | None
    count: int
    exact: bool
    samples: tuple[LogSample, ...]
    host: str | None = None

    @property
    def at(self) -> Locator:
        return self.locate(self.samples[0])

    @property
    def first(self) -> LogSample:
        return self.samples[0]

    @property
    def last(self) -> LogSample:
        return self.samples[-1]

    @property
    def span(self) -> float | None:
        """Seconds from the first hit to the last."""
        if self.first.clock is None or self.last.clock is None:
            return None
        return self.last.clock - self.first.clock

    @property
    def per_minute(self) -> float | None:
        """Mean rate over the span; None for a single hit or where lines have no time."""
        span = self.span
        return (self.last.nth - 1) * 60 / span if span else None

    def locate(self, sample: LogSample) -> Locator:
        return self.document.at(line=sample.line, excerpt=sample.excerpt)


class PodHint(msgspec.Struct, frozen=True, gc=False):
    """Whose container printed a log, as the file's name or the lines' prefixes say: a hint, not proof."""

    pod: str
    namespace: str | None = None
    container: str | None = None
    uid: str | None = None
    previous: bool = False

    @property
    def subject(self) -> Subject:
        return Subject("Pod", self.pod, self.namespace)


class LogFile(msgspec.Struct, frozen=True, gc=False):
    """A log as a whole.

    ``component`` is who wrote it ("kubelet", "containerd", "kernel", "kube-scheduler", "application" …), "journal"
    where
    several programs did (``components``), None where nothing says. ``named_after`` is the program that the file's name
    suggests. ``hosts`` are stated in the lines; ``host`` is the only one, or the document's. ``pids`` of the component
    are listed in order of appearance among the lines that were looked at (a restart shows as a new one).
    """

    document: Document
    format: str
    component: Component | None
    components: tuple[Component, ...]
    named_after: str | None
    host: str | None
    hosts: tuple[str, ...]
    pids: tuple[int, ...]
    lines: int
    first: Moment = UNKNOWN_MOMENT
    last: Moment = UNKNOWN_MOMENT
    first_clock: float | None = None
    last_clock: float | None = None
    year: Known = None
    zone: Known = None
    pod: PodHint | None = None

    @property
    def at(self) -> Locator:
        return self.document.at(line=self.document.first_line)


#: What an application's error line complains of.
Complaint: TypeAlias = Literal[
    "connection refused",
    "no route",
    "connection reset",
    "timeout",
    "name resolution",
    "tls",
    "denied",
    "not found",
    "server error",
    "access refused",
    "unknown database",
    "too many connections",
    "pool exhausted",
    "read-only",
    "unavailable",
    "out of memory",
    "disk",
    "crash",
    "other",
]


class CallPattern(msgspec.Struct, frozen=True):
    """What a client library or a server says of a failed call.

    ``word`` stands verbatim in every matching record and is found before ``regex`` is tried. Named groups of ``regex``
    are fields of :class:`FailedCall`. ``complaint`` is None where the words beside it tell what went wrong.
    ``examples`` are real records; ``source`` cites what prints them.
    """

    word: str
    regex: str
    examples: tuple[str, ...]
    source: str
    complaint: Complaint | None = None
    protocol: str | None = None


class FailedCall(msgspec.Struct, frozen=True, gc=False):
    """What a failing call was made to and as whom, as the log writes it; None: not written. Never a password.

    ``host`` is a name, ``address`` an IP address; ``protocol`` "mysql", "postgresql", "redis", "http", "grpc" …;
    ``client`` is who the server saw calling. ``password``: whether the client sent one. ``detail`` is what else tells.
    """

    protocol: str | None = None
    host: str | None = None
    address: str | None = None
    port: int | None = None
    user: str | None = None
    database: str | None = None
    client: str | None = None
    password: bool | None = None
    detail: str | None = None


class AppErrors(msgspec.Struct, frozen=True, gc=False):
    """Error records of an application that complain of the same thing about the same target.

    A record is a line with the stack trace or printed object below it; a sample is the line of it that tells most.
    ``target`` is the URL, path or host:port of the failing call, None where the record names none; ``call`` is all that
    it says of the call. ``succeeded`` is a line after the last error in which the same call succeeds: then the symptom
    is over. ``silent_after`` is how long the log went on after the last error (seconds), None where lines have no time;
    ``lines_after`` counts those lines. ``served``: the program complains of its clients' calls, as a server.
    """

    document: Document
    complaint: Complaint
    target: str | None
    count: int
    exact: bool
    samples: tuple[LogSample, ...]
    succeeded: LogSample | None
    silent_after: float | None
    lines_after: int
    program: str | None = None
    host: str | None = None
    pod: PodHint | None = None
    call: FailedCall | None = None
    served: bool = False

    @property
    def at(self) -> Locator:
        return self.locate(self.samples[0])

    @property
    def last(self) -> LogSample:
        return self.samples[-1]

    def locate(self, sample: LogSample) -> Locator:
        return self.document.at(line=sample.line, excerpt=sample.excerpt)
