"""DNS questions and answers of a capture (RFC 1035, 4; RFC 3596; response codes of the IANA registry)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple

import numpy as np

from kwhy.facts.dialogues import NameQuestion
from kwhy.facts.packets import Packet
from kwhy.ingest.capture.records import NO_TIME, Int64s

PORT: Final = 53
#: A header and the shortest question.
SHORTEST: Final = 17
_TYPES: Final = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV",
                 64: "SVCB", 65: "HTTPS", 255: "ANY"}  # fmt: skip
_CODES: Final = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 9: "NOTAUTH"}
_MOST_LABELS: Final = 128
#: Distinct questions that are kept apart; a capture of a resolver may hold millions.
MOST_QUESTIONS: Final = 100_000


class Message(NamedTuple):
    """A message about one name. ``partial``: the answer section is cut or cannot be read to its end."""

    ident: int
    response: bool
    authoritative: bool
    code: str
    name: str
    type: str
    addresses: tuple[str, ...]
    aliases: tuple[str, ...]
    partial: bool


def message_of(payload: bytes) -> Message | None:
    """The message, or None where this is no DNS message with one question."""
    if len(payload) < SHORTEST:
        return None
    ident, flags, questions, answers = struct.unpack_from(">HHHH", payload)
    if questions != 1 or flags & 0x7800 or answers > 200:
        return None
    named = _name(payload, 12)
    if named is None or len(payload) < named[1] + 4:
        return None
    kind, family = struct.unpack_from(">HH", payload, named[1])
    if family not in (1, 255, 0x8001):
        return None
    addresses, aliases, partial = _records(payload, named[1] + 4, answers)
    return Message(
        ident,
        bool(flags & 0x8000),
        bool(flags & 0x0400),
        _CODES.get(flags & 15, f"code {flags & 15}"),
        named[0],
        _TYPES.get(kind, f"type {kind}"),
        tuple(sorted(addresses)),
        tuple(aliases),
        partial,
    )


def _records(payload: bytes, place: int, count: int) -> tuple[list[str], list[str], bool]:
    addresses: list[str] = []
    aliases: list[str] = []
    for _ in range(count):
        named = _name(payload, place)
        if named is None or len(payload) < named[1] + 10:
            return addresses, aliases, True
        kind, _, _, size = struct.unpack_from(">HHIH", payload, named[1])
        begin, place = named[1] + 10, named[1] + 10 + size
        if place > len(payload):
            return addresses, aliases, True
        if kind == 1 and size == 4:
            addresses.append(str(IPv4Address(payload[begin:place])))
        elif kind == 28 and size == 16:
            addresses.append(str(IPv6Address(payload[begin:place])))
        elif kind == 5:
            alias = _name(payload, begin)
            if alias is not None:
                aliases.append(alias[0])
    return addresses, aliases, False


def _name(payload: bytes, place: int) -> tuple[str, int] | None:
    """A name and where it ends; None where it is cut, loops or holds what no host name holds."""
    labels: list[str] = []
    after = -1
    for _ in range(_MOST_LABELS):
        if place >= len(payload):
            return None
        size = payload[place]
        if size == 0:
            return ".".join(labels) or ".", place + 1 if after < 0 else after
        if size >= 0xC0:
            if place + 1 >= len(payload):
                return None
            after = place + 2 if after < 0 else after
            place = (size & 0x3F) << 8 | payload[place + 1]
            continue
        if size > 63 or place + 1 + size > len(payload):
            return None
        label = payload[place + 1 : place + 1 + size].decode("ascii", "replace").lower()
        labels.append("".join(letter if letter.isprintable() and letter not in " ." else "?" for letter in label))
        place += 1 + size
    return None


class Datagram(NamedTuple):
    """``row`` is known to whoever made it; ``time`` is in nanoseconds."""

    row: int
    time: int
    interface: str | None
    source: str
    source_port: int
    destination: str
    destination_port: int
    payload: bytes


class _Ask(NamedTuple):
    """What ties an answer to its question."""

    interface: str | None
    client: str
    client_port: int
    server: str
    ident: bytes
    name: str
    type: str


class _Asked(NamedTuple):
    row: int
    time: int
    times: int


class _About(NamedTuple):
    """What makes two questions with their answers equal."""

    interface: str | None
    client: str
    server: str
    name: str
    type: str
    code: str | None = None
    addresses: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    authoritative: bool = False


@dataclass(eq=False)
class _Sum:
    count: int = 0
    longest: int = -1
    first: int = -1
    answered: int = -1


@dataclass(eq=False)
class _Ledger:
    sums: dict[_About, _Sum] = field(default_factory=dict)
    pending: dict[_Ask, _Asked] = field(default_factory=dict)
    read: dict[bytes, Message | None] = field(default_factory=dict)

    def take(self, datagram: Datagram, message: Message | None = None) -> None:
        """A datagram with what it says, where that is known already."""
        message = message or self._message(datagram.payload[2:])
        if message is None:
            return
        ident = datagram.payload[:2]
        if not message.response:
            ask = _Ask(
                datagram.interface, datagram.source, datagram.source_port, datagram.destination, ident,
                message.name, message.type,
            )  # fmt: skip
            count = self.pending[ask].times if ask in self.pending else 0
            self.pending[ask] = _Asked(datagram.row, datagram.time, count + 1)
            return
        ask = _Ask(
            datagram.interface, datagram.destination, datagram.destination_port, datagram.source, ident,
            message.name, message.type,
        )  # fmt: skip
        about = _About(
            datagram.interface, datagram.destination, datagram.source, message.name, message.type, message.code,
            message.addresses, message.aliases, message.authoritative,
        )  # fmt: skip
        self._answered(about, self.pending.pop(ask, None), datagram)

    def give_up(self) -> None:
        """What waits still was not answered."""
        for ask, asked in self.pending.items():
            found = self._sum(_About(ask.interface, ask.client, ask.server, ask.name, ask.type))
            if found is not None:
                found.count += asked.times
                found.first = asked.row if found.first < 0 else found.first

    def _message(self, body: bytes) -> Message | None:
        """Equal texts are read once: most of what is asked is asked again."""
        if body not in self.read:
            if len(self.read) >= MOST_QUESTIONS:
                self.read.clear()
            self.read[body] = message_of(b"\0\0" + body)
        return self.read[body]

    def _answered(self, about: _About, asked: _Asked | None, datagram: Datagram) -> None:
        found = self._sum(about)
        if found is None:
            return
        found.count += asked.times if asked else 1
        if asked is not None:
            found.first = asked.row if found.first < 0 else found.first
            if NO_TIME not in (asked.time, datagram.time):
                found.longest = max(found.longest, datagram.time - asked.time)
        found.answered = datagram.row if found.answered < 0 else found.answered

    def _sum(self, about: _About) -> _Sum | None:
        found = self.sums.get(about)
        if found is None and len(self.sums) < MOST_QUESTIONS:
            found = self.sums[about] = _Sum()
        return found


def questions(
    datagrams: Iterable[Datagram | tuple[Datagram, Message]], packets_at: Callable[[Int64s], list[Packet]]
) -> Iterator[NameQuestion]:
    """Equal questions with equal answers, put together in order of appearance."""
    ledger = _Ledger()
    for each in datagrams:
        if isinstance(each, Datagram):
            ledger.take(each)
        else:
            ledger.take(*each)
    ledger.give_up()
    rows = [row for found in ledger.sums.values() for row in (found.first, found.answered) if row >= 0]
    proofs = iter(packets_at(np.array(rows, dtype=np.int64)) if rows else [])
    for about, found in ledger.sums.items():
        asked = next(proofs) if found.first >= 0 else None
        answered = next(proofs) if found.answered >= 0 else None
        first = asked or answered
        longest = found.longest / 1e9 if found.longest >= 0 else None
        if first is not None:
            yield NameQuestion(*about, found.count, longest, first, answered)
