"""Control messages of a capture, added up: pings, ICMP errors, questions for neighbours.

Fed packet by packet, by captured and printed captures alike; few packets of a capture pass here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from kwhy.facts.packets import EchoExchange, IcmpError, IcmpReason, NeighbourQuestion, Packet
from kwhy.ingest.capture.flows import View
from kwhy.ingest.capture.records import NO_TIME

#: Requests of one ping that wait for a reply; beyond, the oldest is given up (memory stays bounded).
_MOST_PENDING = 4096


class Quoted(NamedTuple):
    """What an ICMP error says about the packet that failed; None and 0 where it does not."""

    protocol: str | None
    source: str
    source_port: int
    destination: str
    destination_port: int


@dataclass(eq=False)
class _Echo:
    first: Packet
    requests: int = 0
    replies: int = 0
    stray: int = 0
    lost: int = 0
    first_lost: Packet | None = None
    pending: dict[int, tuple[int, Packet]] = field(default_factory=dict)
    pairs: int = 0
    total: int = 0
    shortest: int = 0
    longest: int = 0


@dataclass(eq=False)
class _Question:
    first: Packet
    requests: int = 0
    replies: int = 0
    hardware: dict[str, None] = field(default_factory=dict)


@dataclass(eq=False)
class _Error:
    first: Packet
    count: int = 0


@dataclass(eq=False)
class Ledger:
    """Sums by what they are about. The keys hold everything that makes two messages equal."""

    views: list[View]
    _echoes: dict[tuple[int, str, str, int], _Echo] = field(default_factory=dict)
    _errors: dict[tuple[int, IcmpReason, str, str, Quoted, int | None], _Error] = field(default_factory=dict)
    _questions: dict[tuple[int, Literal["arp", "ndp"], str, str], _Question] = field(default_factory=dict)
    _targets: dict[tuple[int, str], list[_Question]] = field(default_factory=dict)

    def request(
        self, view: int, source: str, destination: str, identifier: int, sequence: int, time: int, p: Packet
    ) -> None:
        echo = self._echoes.setdefault((view, source, destination, identifier), _Echo(p))
        echo.requests += 1
        self._give_up(echo, echo.pending.pop(sequence, None))
        if len(echo.pending) >= _MOST_PENDING:
            self._give_up(echo, echo.pending.pop(next(iter(echo.pending))))
        echo.pending[sequence] = (time, p)

    def reply(
        self, view: int, source: str, destination: str, identifier: int, sequence: int, time: int, p: Packet
    ) -> None:
        """``source`` is who replies."""
        echo = self._echoes.setdefault((view, destination, source, identifier), _Echo(p))
        echo.replies += 1
        asked = echo.pending.pop(sequence, None)
        if asked is None:
            echo.stray += 1
            return
        if asked[0] == NO_TIME or time == NO_TIME:
            return
        trip = time - asked[0]
        echo.shortest = trip if echo.pairs == 0 else min(trip, echo.shortest)
        echo.longest = max(trip, echo.longest)
        echo.total += trip
        echo.pairs += 1

    @staticmethod
    def _give_up(echo: _Echo, asked: tuple[int, Packet] | None) -> None:
        if asked is not None:
            echo.lost += 1
            echo.first_lost = echo.first_lost or asked[1]

    def error(
        self, view: int, reason: IcmpReason, reporter: str, told: str, quoted: Quoted, mtu: int | None, p: Packet
    ) -> None:
        self._errors.setdefault((view, reason, reporter, told, quoted, mtu), _Error(p)).count += 1

    def question(self, view: int, protocol: Literal["arp", "ndp"], asker: str, target: str, p: Packet) -> None:
        key = (view, protocol, asker, target)
        asked = self._questions.get(key)
        if asked is None:
            asked = self._questions[key] = _Question(p)
            self._targets.setdefault((view, target), []).append(asked)
        asked.requests += 1

    def answer(self, view: int, target: str, hardware: str) -> None:
        """``target`` is there, at ``hardware`` ("" where not shown); an answer that nobody asked for is not counted."""
        for asked in self._targets.get((view, target), ()):
            asked.replies += 1
            if hardware:
                asked.hardware[hardware] = None

    def errors(self) -> list[IcmpError]:
        return [
            IcmpError(self.views[view].name, reason, reporter, told, *quoted, seen.count, seen.first, mtu)
            for (view, reason, reporter, told, quoted, mtu), seen in self._errors.items()
        ]

    def pings(self) -> Iterator[EchoExchange]:
        for (view, source, destination, identifier), echo in self._echoes.items():
            for asked in echo.pending.values():
                self._give_up(echo, asked)
            yield EchoExchange(
                *self.views[view],
                source,
                destination,
                identifier,
                echo.requests,
                echo.replies,
                echo.lost,
                echo.stray,
                echo.shortest / 1e9 if echo.pairs else None,
                echo.total / echo.pairs / 1e9 if echo.pairs else None,
                echo.longest / 1e9 if echo.pairs else None,
                echo.first,
                echo.first_lost,
            )

    def questions(self) -> Iterator[NeighbourQuestion]:
        for (view, protocol, asker, target), asked in self._questions.items():
            hardware = tuple(asked.hardware)
            yield NeighbourQuestion(
                *self.views[view], protocol, asker, target, asked.requests, asked.replies, hardware, asked.first
            )
