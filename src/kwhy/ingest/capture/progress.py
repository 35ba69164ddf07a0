"""Whether data arrived: what was acknowledged of connections in trouble, and for how long receivers were full."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kwhy.facts.packets import ACK, RST
from kwhy.ingest.capture.connections import Connections
from kwhy.ingest.capture.records import NO_TIME, Int64s
from kwhy.ingest.capture.sequences import RETRANSMITTED


def acknowledged_rows(grouped: Connections, again: npt.NDArray[np.uint8]) -> Int64s:
    """Segments with payload whose end the other side acknowledged, in connections where something was sent again."""
    columns = grouped.columns
    pieces: list[Int64s] = [np.empty(0, dtype=np.int64)]
    ends = np.append(grouped.starts[1:], len(columns))
    for connection in np.unique(grouped.of[np.flatnonzero(again == RETRANSMITTED)]).tolist():
        rows = np.arange(grouped.starts[connection], ends[connection])
        answering = (columns.flags[rows] & ACK > 0) & (columns.flags[rows] & RST == 0)
        for up in (True, False):
            data = rows[(columns.up[rows] == up) & (columns.payload[rows] > 0)]
            acks = columns.acknowledgement[rows[(columns.up[rows] != up) & answering]]
            if len(data) == 0 or len(acks) == 0:
                continue
            base = acks[0]
            reached = int((acks - base).view(np.int32).max())
            end = (columns.sequence[data] + columns.payload[data].astype(np.uint32) - base).view(np.int32)
            pieces.append(data[end <= reached])
    return np.concatenate(pieces)


def full_times(grouped: Connections, side: Int64s, zero: npt.NDArray[np.bool_]) -> list[float]:
    """Seconds per side from the first announcement of a full buffer to the next that has room, added up.

    A side that never has room again was full until the connection's last packet.
    """
    columns = grouped.columns
    total = [0.0] * (2 * len(grouped))
    last_rows = np.append(grouped.starts[1:], len(columns)) - 1
    for number in np.unique(side[np.flatnonzero(zero)]).tolist():
        begin, last = int(grouped.starts[number // 2]), int(last_rows[number // 2])
        mine = np.flatnonzero((side[begin : last + 1] == number) & (columns.flags[begin : last + 1] & RST == 0)) + begin
        since: int | None = None
        spent = 0
        for time, full in zip(columns.time[mine].tolist(), zero[mine].tolist(), strict=True):
            if time == NO_TIME:
                continue
            if full and since is None:
                since = time
            elif not full and since is not None:
                spent, since = spent + max(0, time - since), None
        if since is not None:
            spent += max(0, int(columns.time[last]) - since)
        total[number] = spent / 1e9
    return total
