"""Which TCP segments were sent again, judged by sequence ranges.

A segment that reaches behind the highest sequence sent so far is a retransmission if part of its range was already
seen; if all of it fills a hole, it was reordered on the way, or lost before the capture point and sent again there.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from kwhy.ingest.capture.records import Int64s

NEW, RETRANSMITTED, LATE, TWICE, KEEP_ALIVE = range(5)
_FAR_LEFT: Final = -(1 << 62)


#: A SYN or SYN-ACK is sent again after a second (RFC 6298 2.1) or 200 ms (TCP_RTO_MIN, Linux net/tcp.h), not sooner.
_TOO_SOON: Final = 100_000_000


@dataclass(eq=False)
class Segments:
    """What was sent in one direction of connections, in capture order within each ``group`` (ascending).

    ``size`` counts sequence numbers: payload, SYN and FIN. ``control``: SYN or FIN. ``time`` is in nanoseconds.
    """

    group: Int64s
    sequence: npt.NDArray[np.uint32]
    size: Int64s
    ident: npt.NDArray[np.uint32]
    time: Int64s
    control: npt.NDArray[np.bool_]


def judged(segments: Segments) -> npt.NDArray[np.uint8]:
    """What each segment is.

    Keep-alives (Wireshark, packet-tcp.c TCP_A_KEEP_ALIVE): at most one byte, just before the next sequence expected.
    The same packet captured twice has equal IP identification; a retransmission on Linux gets another.
    """
    group, size = segments.group, segments.size
    codes = np.zeros(len(group), dtype=np.uint8)
    if len(group) < 2:
        return codes
    first = np.ones(len(group), dtype=np.bool_)
    first[1:] = group[1:] != group[:-1]
    begin = _unwrapped(segments.sequence, first)
    reached = _reached_before(begin, begin + size, first)
    behind = ~first & (begin < reached)
    alive = behind & (size <= 1) & ~segments.control & (begin == reached - 1)
    codes[alive] = KEEP_ALIVE
    behind &= ~alive
    if not behind.any():
        return codes
    troubled = np.zeros(int(group[-1]) + 1, dtype=np.bool_)
    troubled[group[behind]] = True
    doubled = _captured_again(segments, np.flatnonzero(_alike(segments, begin, behind)), begin)
    codes[doubled] = TWICE
    behind[doubled] = False
    codes[behind] = RETRANSMITTED
    # Only where something was missed, or came before the first segment seen, a segment from behind may be the first.
    hole = ~first & troubled[group] & (begin > reached)
    missed = np.zeros(len(troubled), dtype=np.bool_)
    missed[group[hole | (behind & (begin < 0))]] = True
    replayed = missed[group] & (behind | hole)
    _fill_holes(codes, np.flatnonzero(replayed), behind, group, begin, begin + size, reached)
    return codes


def _alike(segments: Segments, begin: Int64s, behind: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Segments that may be the same packet as one from behind: a quick sieve by IP identification and sequence."""
    idents, begins = np.zeros(1 << 16, dtype=np.bool_), np.zeros(1 << 16, dtype=np.bool_)
    ident, place = segments.ident & np.uint32(0xFFFF), begin & 0xFFFF
    idents[ident[behind]] = True
    begins[place[behind]] = True
    return np.asarray(idents[ident] & begins[place], dtype=np.bool_)


def _unwrapped(sequence: npt.NDArray[np.uint32], first: npt.NDArray[np.bool_]) -> Int64s:
    """Sequence numbers relative to their group's first, beyond 32 bits."""
    step = np.zeros(len(sequence), dtype=np.int64)
    step[1:] = (sequence[1:] - sequence[:-1]).view(np.int32)
    total = np.cumsum(step)
    starts = np.flatnonzero(first)
    return total - np.repeat(total[starts], np.diff(np.append(starts, len(total))))


def _reached_before(begin: Int64s, end: Int64s, first: npt.NDArray[np.bool_]) -> Int64s:
    """The highest end among the earlier segments of the same group (its own begin for the first)."""
    starts = np.flatnonzero(first)
    lowest, highest = np.minimum.reduceat(begin, starts), np.maximum.reduceat(end, starts)
    span = highest - lowest + 1
    # Every group gets a range of its own above all groups before it, so that one running maximum serves all.
    shift = np.repeat(np.cumsum(span) - span - lowest, np.diff(np.append(starts, len(begin))))
    running = np.maximum.accumulate(end + shift)
    reached = begin.copy()
    reached[1:] = np.where(first[1:], begin[1:], running[:-1] - shift[1:])
    return reached


def _captured_again(segments: Segments, rows: Int64s, begin: Int64s) -> Int64s:
    """Those of ``rows`` that repeat an earlier one's range and IP identification (or, without one, come too soon)."""
    rows = rows[(segments.ident[rows] != 0) | segments.control[rows]]
    if len(rows) < 2:
        return rows[:0]
    group, size, ident = segments.group, segments.size, segments.ident
    rows = rows[np.lexsort((rows, ident[rows], size[rows], begin[rows], group[rows]))]
    same = np.ones(len(rows) - 1, dtype=np.bool_)
    for column in (group, begin, size, ident):
        values = column[rows]
        same &= values[1:] == values[:-1]
    passed = segments.time[rows[1:]] - segments.time[rows[:-1]]
    again = same & ((ident[rows[1:]] != 0) | (np.abs(passed) < _TOO_SOON))
    return np.asarray(rows[1:][again], dtype=np.int64)


def _fill_holes(
    codes: npt.NDArray[np.uint8],
    events: Int64s,
    behind: npt.NDArray[np.bool_],
    group: Int64s,
    begin: Int64s,
    end: Int64s,
    reached: Int64s,
) -> None:
    """Replay the events of each group: holes open, and segments from behind fill them or repeat what was seen."""
    current = -1
    lefts: list[int] = []
    rights: list[int] = []
    for row, of, is_behind, left, right, top in zip(
        events.tolist(),
        group[events].tolist(),
        behind[events].tolist(),
        begin[events].tolist(),
        end[events].tolist(),
        reached[events].tolist(),
        strict=True,
    ):
        if of != current:
            current, lefts, rights = of, [_FAR_LEFT], [0]  # nothing before the first segment was seen
        if not is_behind:
            lefts.append(top)
            rights.append(left)
            continue
        right = min(right, top)
        filled = _take(lefts, rights, left, right)
        codes[row] = LATE if filled == right - left else RETRANSMITTED


def _take(lefts: list[int], rights: list[int], left: int, right: int) -> int:
    """Remove [left, right) from the holes; how much of it was hole."""
    index = bisect_right(rights, left)
    filled = 0
    while index < len(lefts) and lefts[index] < right:
        low, high = max(lefts[index], left), min(rights[index], right)
        filled += high - low
        before, after = (lefts[index], low), (high, rights[index])
        del lefts[index], rights[index]
        for piece_left, piece_right in (after, before):
            if piece_left < piece_right:
                lefts.insert(index, piece_left)
                rights.insert(index, piece_right)
        if before[0] < before[1]:
            index += 1
        if after[0] < after[1]:
            break
    return filled
