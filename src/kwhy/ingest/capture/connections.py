"""Packets of conversations put together, and a conversation cut where its ports were used again.

As Wireshark does (packet-tcp.c, "TCP Port numbers reused"): a SYN with another initial sequence number begins a new
connection of the same addresses and ports.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kwhy.facts.packets import ACK, RST, SYN
from kwhy.ingest.capture.columns import Columns
from kwhy.ingest.capture.records import Int64s

Bools = npt.NDArray[np.bool_]


@dataclass(eq=False)
class Connections:
    """``columns`` ordered by connection, in capture order within each. ``starts``: the first row of each connection;
    ``of``: the connection of each row. ``tcp``: whether the row is TCP."""

    columns: Columns
    starts: Int64s
    of: Int64s
    tcp: Bools

    def __len__(self) -> int:
        return len(self.starts)

    def first_rows(self, mask: Bools) -> Int64s:
        """The first row of each connection for which ``mask`` holds; -1 where it holds for none."""
        rows = np.flatnonzero(mask)
        found = np.full(len(self), -1, dtype=np.int64)
        found[self.of[rows[::-1]]] = rows[::-1]
        return found


def connections(columns: Columns, tcp_conversations: Bools) -> Connections:
    """``tcp_conversations`` says of each conversation whether it is TCP."""
    numbers = columns.conversation
    if len(tcp_conversations) <= 1 << 16:
        numbers = numbers.astype(np.uint16)  # sorted by radix
    ordered = columns.taken(np.argsort(numbers, kind="stable"))
    conversation = ordered.conversation
    tcp = tcp_conversations[conversation] if len(conversation) else np.empty(0, dtype=np.bool_)
    new = np.ones(len(ordered), dtype=np.bool_)
    new[1:] = conversation[1:] != conversation[:-1]
    new[_reused(ordered, tcp, new)] = True
    starts = np.flatnonzero(new)
    return Connections(ordered, starts, np.cumsum(new) - 1, tcp)


def pure_syn(columns: Columns, tcp: Bools) -> Bools:
    return np.asarray(tcp & (columns.flags & (SYN | ACK | RST) == SYN), dtype=np.bool_)


def _reused(columns: Columns, tcp: Bools, new: Bools) -> list[int]:
    """Rows at which a conversation becomes another connection."""
    syn = pure_syn(columns, tcp)
    inside = np.flatnonzero(syn & ~new)
    if len(inside) == 0:
        return []
    suspect = np.zeros(int(columns.conversation.max()) + 1, dtype=np.bool_)
    suspect[columns.conversation[inside]] = True
    rows = np.flatnonzero(syn & suspect[columns.conversation])
    begun = np.flatnonzero(new)
    start_of = begun[np.searchsorted(begun, rows, side="right") - 1]
    others = np.concatenate(([0], np.cumsum(columns.flags & SYN == 0)))  # packets without SYN before each row
    cuts: list[int] = []
    seen: dict[bool, int] = {}
    conversation, start = -1, 0
    for row, of, began, up, sequence in zip(
        rows.tolist(),
        columns.conversation[rows].tolist(),
        start_of.tolist(),
        columns.up[rows].tolist(),
        columns.sequence[rows].tolist(),
        strict=True,
    ):
        if of != conversation:
            conversation, start, seen = of, began, {}
        previous = seen.get(up)
        talked = previous is None and others[row] > others[start]
        if talked or (previous is not None and previous != sequence):
            cuts.append(row)
            start, seen = row, {}
        seen[up] = sequence
    return cuts
