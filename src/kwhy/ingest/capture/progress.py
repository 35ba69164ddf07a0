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
    troubled = np.zeros(len(grouped), dtype=np.bool_)
    troubled[grouped.of[np.flatnonzero(again == RETRANSMITTED)]] = True
    if not troubled.any():
        return np.empty(0, dtype=np.int64)
    rows = np.flatnonzero(troubled[grouped.of])
    up, flags = columns.up[rows], columns.flags[rows]
    answering = (flags & ACK > 0) & (flags & RST == 0)
    carries = columns.payload[rows] > 0
    pieces = []
    for direction in (up, ~up):
        acks, data = rows[~direction & answering], rows[direction & carries]
        if len(acks) == 0 or len(data) == 0:
            continue
        of = grouped.of[acks]
        starts = np.flatnonzero(np.concatenate(([True], of[1:] != of[:-1])))
        base = np.zeros(len(grouped), dtype=np.uint32)
        base[of[starts]] = columns.acknowledgement[acks[starts]]
        reached = np.full(len(grouped), np.iinfo(np.int32).min, dtype=np.int64)
        ahead = (columns.acknowledgement[acks] - base[of]).view(np.int32)
        reached[of[starts]] = np.maximum.reduceat(ahead, starts)
        mine = grouped.of[data]
        end = columns.sequence[data] + columns.payload[data].astype(np.uint32) - base[mine]
        pieces.append(data[end.view(np.int32) <= reached[mine]])
    return np.concatenate(pieces) if pieces else np.empty(0, dtype=np.int64)


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
