"""Sequence numbers of printed captures made absolute again.

tcpdump (print-tcp.c) prints the numbers of SYNs, and of the first segment with ACK that it sees of a connection, as
they are; afterwards it subtracts those. With -S, or where the beginning of the text is missing, nothing was subtracted:
which of both it is, is decided per connection by what fits the numbers expected next.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from kwhy.facts.packets import ACK, FIN, SYN
from kwhy.ingest.capture.printed_lines import End, Tcp

_MASK: Final = 0xFFFFFFFF


@dataclass(eq=False)
class _Connection:
    """``base`` and ``expected`` by sender. ``recorded``: tcpdump subtracts from now on; ``relative``: it does."""

    base: dict[End, int] = field(default_factory=dict)
    expected: dict[End, int] = field(default_factory=dict)
    recorded: bool = False
    relative: bool | None = None


@dataclass(eq=False)
class Sequences:
    """Remembers the connections of one printed capture, as tcpdump does while it prints."""

    connections: dict[frozenset[End], _Connection] = field(default_factory=dict)

    def absolute(self, source: End, destination: End, tcp: Tcp) -> tuple[int, int]:
        """Sequence number (0 where none is printed) and acknowledgement of a segment."""
        connection = self.connections.setdefault(frozenset((source, destination)), _Connection())
        sequence, ack = tcp.sequence, tcp.acknowledgement
        if tcp.flags & SYN:
            connection.base[source], connection.relative = sequence or 0, None
            connection.recorded = bool(tcp.flags & ACK)
            if ack is not None:
                connection.base[destination] = ack - 1
        elif tcp.flags & ACK and not connection.recorded:
            connection.recorded = True
            connection.base[source] = connection.expected.get(source, 0) if sequence is None else sequence
            connection.base[destination] = ((ack or 0) - 1) & _MASK
        elif tcp.flags & ACK:
            sequence, ack = self._restored(connection, source, destination, sequence, ack)
        if sequence is not None:
            size = tcp.payload + bool(tcp.flags & SYN) + bool(tcp.flags & FIN)
            connection.expected[source] = (sequence + size) & _MASK
        return (sequence or 0) & _MASK, (ack or 0) & _MASK

    @staticmethod
    def _restored(
        connection: _Connection, source: End, destination: End, sequence: int | None, ack: int | None
    ) -> tuple[int | None, int | None]:
        if connection.relative is None:
            connection.relative = _fits_better(connection, source, sequence, destination, ack)
        if not connection.relative:
            return sequence, ack
        return (
            None if sequence is None else (sequence + connection.base.get(source, 0)) & _MASK,
            None if ack is None else (ack + connection.base.get(destination, 0)) & _MASK,
        )


def _fits_better(connection: _Connection, source: End, sequence: int | None, destination: End, ack: int | None) -> bool:
    """Whether the printed numbers come nearer to what is expected once the bases are added."""
    as_printed = shifted = 0
    for end, value in ((source, sequence), (destination, ack)):
        if value is not None and end in connection.base:
            expected = connection.expected.get(end, connection.base[end])
            as_printed += _distance(value, expected)
            shifted += _distance(value + connection.base[end], expected)
    return shifted < as_printed


def _distance(a: int, b: int) -> int:
    apart = (a - b) & _MASK
    return min(apart, _MASK + 1 - apart)
