"""Flow facts from the columns of a capture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from kwhy.facts.packets import ACK, FIN, RST, SYN, Direction, Flow, Packet
from kwhy.ingest.capture.columns import Traffic
from kwhy.ingest.capture.connections import Connections, connections, pure_syn
from kwhy.ingest.capture.progress import acknowledged_rows, full_times
from kwhy.ingest.capture.records import NO_TIME, Int64s
from kwhy.ingest.capture.sequences import LATE, RETRANSMITTED, TWICE, Segments, judged
from kwhy.model.time import Moment

T = TypeVar("T")
Bools = npt.NDArray[np.bool_]
#: Linux net.ipv4.ip_local_port_range: 32768 to 60999; only the lower bound separates clients from servers.
FIRST_EPHEMERAL_PORT: Final = 32_768
_SECOND: Final = 1e-9


class View(NamedTuple):
    """An interface as facts name it."""

    name: str | None
    number: int | None
    hint: str | None


@dataclass(eq=False)
class _Marks:
    """Rows of the packets that prove something, one array per kind, -1 where there is none."""

    syn: Int64s
    syn_ack: Int64s
    handshake_end: Int64s
    rst: Int64s
    fin: Int64s
    retransmission: Int64s
    zero_window: Int64s
    slowest_answer: Int64s
    after_rst: Int64s


@dataclass(eq=False)
class Turns:
    """Turns per connection and direction (2 × connection + direction).

    ``rows`` are the first packets of the turns that follow another's, ``gaps`` the silence before them, and ``begun``
    the first packet of the turn that each answers.
    """

    count: Int64s
    wait: npt.NDArray[np.float64]
    longest: npt.NDArray[np.float64]
    rows: Int64s
    gaps: Int64s
    begun: Int64s


@dataclass(eq=False)
class Study:
    """The connections of a capture, who called in each, and who spoke when.

    ``side``: 2 × connection, and 1 more where the high end sent the row. ``caller_up``: the low end called.
    """

    traffic: Traffic
    grouped: Connections
    side: Int64s
    caller_up: Bools
    opened: Bools
    syn: Int64s
    syn_ack: Int64s
    last_syn: Int64s
    handshake_end: Int64s
    turns: Turns


def study(traffic: Traffic) -> Study | None:
    """The packets by connection; None where there are none."""
    if len(traffic.columns) == 0:
        return None
    grouped = connections(traffic.columns, traffic.ends.tcp)
    columns = grouped.columns
    side = grouped.of * 2 + ~columns.up
    syn = grouped.first_rows(pure_syn(columns, grouped.tcp))
    syn_ack = grouped.first_rows(grouped.tcp & (columns.flags & (SYN | ACK | RST) == SYN | ACK))
    caller_up, opened = _callers(grouped, traffic, syn, syn_ack)
    last_syn, handshake_end = _handshakes(grouped, caller_up, syn_ack)
    turns = _turns(grouped, side)
    return Study(traffic, grouped, side, caller_up, opened, syn, syn_ack, last_syn, handshake_end, turns)


def flows(studied: Study, views: Sequence[View], moments: Callable[[Int64s], list[Moment]]) -> Iterator[Flow]:
    """Every flow, in order of its first packet. ``moments`` turns times of the columns into moments."""
    traffic, grouped, side, caller_up, turns = (
        studied.traffic,
        studied.grouped,
        studied.side,
        studied.caller_up,
        studied.turns,
    )
    columns = grouped.columns
    again = _sent_again(grouped)
    zero = grouped.tcp & (columns.window == 0) & (columns.flags & (SYN | FIN | RST) == 0) & (columns.flags & ACK > 0)
    rst = grouped.first_rows(grouped.tcp & (columns.flags & RST > 0))
    resets = _resets(grouped, rst, studied.last_syn, studied.syn_ack)
    marks = _Marks(
        studied.syn,
        studied.syn_ack,
        studied.handshake_end,
        rst,
        grouped.first_rows(grouped.tcp & (columns.flags & FIN > 0)),
        grouped.first_rows(again == RETRANSMITTED),
        grouped.first_rows(zero),
        _slowest(grouped, turns, caller_up),
        resets.spoke_after,
    )
    sent = _directions(grouped, side, again, zero, turns)
    order = np.argsort(columns.number[grouped.starts], kind="stable")
    of = columns.conversation[grouped.starts][order]
    up = caller_up[order]
    ends = traffic.ends
    yield from map(
        Flow,
        *(_chosen([view[part] for view in views], ends.port[of]) for part in range(len(View._fields))),
        ends.protocol[of].tolist(),
        np.where(up, ends.low[of], ends.high[of]).tolist(),
        np.where(up, ends.low_port[of], ends.high_port[of]).tolist(),
        np.where(up, ends.high[of], ends.low[of]).tolist(),
        np.where(up, ends.high_port[of], ends.low_port[of]).tolist(),
        studied.opened[order].tolist(),
        _chosen(sent, 2 * order + ~up),
        _chosen(sent, 2 * order + up),
        *_bounds(grouped, order, moments),
        *_proofs(traffic, grouped, marks, order),
        _elapsed(columns.time, studied.last_syn[order], studied.syn_ack[order]),
        _elapsed(columns.time, studied.last_syn[order], studied.handshake_end[order]),
        _elapsed(columns.time, resets.spoke_before[order], rst[order]),
        resets.data[order].tolist(),
    )


def _chosen(values: Sequence[T], index: Int64s) -> list[T]:
    """values[index]; for a single value, repeated."""
    return [values[0]] * len(index) if len(values) == 1 else [values[place] for place in index.tolist()]


def _sent_again(grouped: Connections) -> npt.NDArray[np.uint8]:
    """For each row, what its segment is (constants of ``sequences``)."""
    columns = grouped.columns
    again = np.zeros(len(columns), dtype=np.uint8)
    control = columns.flags & (SYN | FIN) > 0
    size = columns.payload + (columns.flags & SYN > 0) + (columns.flags & FIN > 0)
    # Without any flag (tcpdump -q) no sequence number is known either.
    carries = grouped.tcp & (size > 0) & (columns.flags & RST == 0) & (columns.flags > 0)
    for direction in (columns.up, ~columns.up):
        rows = np.flatnonzero(carries & direction)
        again[rows] = judged(
            Segments(
                grouped.of[rows],
                columns.sequence[rows],
                size[rows],
                columns.ident[rows],
                columns.time[rows],
                control[rows],
            )
        )
    return again


def _callers(grouped: Connections, traffic: Traffic, syn: Int64s, syn_ack: Int64s) -> tuple[Bools, Bools]:
    """Whether the conversation's low end called, and whether the capture shows it."""
    columns = grouped.columns
    up = columns.up
    caller_up = up[grouped.starts].copy()
    of = columns.conversation[grouped.starts]
    low, high = (port[of] >= FIRST_EPHEMERAL_PORT for port in (traffic.ends.low_port, traffic.ends.high_port))
    caller_up = np.where(low != high, low, caller_up)
    opened = ~grouped.tcp[grouped.starts] & (caller_up == up[grouped.starts])
    caller_up = np.where(syn_ack >= 0, ~up[syn_ack], caller_up)
    caller_up = np.where(syn >= 0, up[syn], caller_up)
    return caller_up, opened | (syn >= 0) | (syn_ack >= 0)


def _handshakes(grouped: Connections, caller_up: Bools, syn_ack: Int64s) -> tuple[Int64s, Int64s]:
    """The SYN that was answered and the ACK that completes the handshake, as rows; -1 where not seen."""
    columns = grouped.columns
    numbers = np.arange(len(grouped))
    answered = np.where(syn_ack >= 0, syn_ack, 0)
    syn_rows = np.flatnonzero(pure_syn(columns, grouped.tcp) & (columns.up == caller_up[grouped.of]))
    last_syn = _neighbour(syn_rows, np.searchsorted(syn_rows, answered) - 1)
    expected = columns.acknowledgement[answered] - np.uint32(1)
    good = (
        (syn_ack >= 0) & (last_syn >= 0) & (grouped.of[last_syn] == numbers) & (columns.sequence[last_syn] == expected)
    )
    plain = grouped.tcp & (columns.flags & (SYN | RST) == 0) & (columns.flags & ACK > 0)
    ack_rows = np.flatnonzero(plain & (columns.up == caller_up[grouped.of]))
    completing = _neighbour(ack_rows, np.searchsorted(ack_rows, answered, side="right"))
    ahead = (columns.acknowledgement[completing] - columns.sequence[answered] - np.uint32(1)).view(np.int32)
    complete = (syn_ack >= 0) & (completing >= 0) & (grouped.of[completing] == numbers) & (ahead >= 0)
    return np.where(good, last_syn, -1), np.where(complete, completing, -1)


def _neighbour(rows: Int64s, index: Int64s) -> Int64s:
    """rows[index], -1 where the index is outside."""
    if len(rows) == 0:
        return np.full(len(index), -1, dtype=np.int64)
    inside = (index >= 0) & (index < len(rows))
    return np.where(inside, rows[np.clip(index, 0, len(rows) - 1)], -1)


def _turns(grouped: Connections, side: Int64s) -> Turns:
    """Silence between data of one side and data of the other."""
    columns = grouped.columns
    rows = np.flatnonzero((columns.payload > 0) & (columns.time != NO_TIME))
    turn = np.zeros(len(rows), dtype=np.bool_)
    turn[1:] = (grouped.of[rows[1:]] == grouped.of[rows[:-1]]) & (side[rows[1:]] != side[rows[:-1]])
    index = np.flatnonzero(turn)
    gaps = np.maximum(columns.time[rows[index]] - columns.time[rows[index - 1]], 0)
    fresh = turn.copy()
    fresh[:1] = True
    fresh[1:] |= grouped.of[rows[1:]] != grouped.of[rows[:-1]]
    begins = np.flatnonzero(fresh)  # the first packet of every turn, those that answer nothing included
    begun = rows[begins[np.searchsorted(begins, index) - 1]] if len(index) else index
    rows = rows[index]
    sides = side[rows]
    size = 2 * len(grouped)
    longest = np.zeros(size, dtype=np.float64)
    np.maximum.at(longest, sides, gaps * _SECOND)
    wait = np.bincount(sides, weights=gaps * _SECOND, minlength=size).astype(np.float64)
    return Turns(np.bincount(sides, minlength=size), wait, longest, rows, gaps, begun)


def _slowest(grouped: Connections, answers: Turns, caller_up: Bools) -> Int64s:
    """The row of the callee's slowest answer in each connection."""
    of = grouped.of[answers.rows]
    called = grouped.columns.up[answers.rows] != caller_up[of]
    rows, gaps, of = answers.rows[called], answers.gaps[called], of[called]
    longest = np.zeros(len(grouped), dtype=np.int64)
    np.maximum.at(longest, of, gaps)
    slowest = np.flatnonzero(gaps == longest[of])[::-1]  # of equal ones the first stays
    found = np.full(len(grouped), -1, dtype=np.int64)
    found[of[slowest]] = rows[slowest]
    return found


def _directions(
    grouped: Connections, side: Int64s, again: npt.NDArray[np.uint8], zero: Bools, answers: Turns
) -> list[Direction]:
    """Per connection, what its low end sent (at 2 × its number), and what its high end sent."""
    columns = grouped.columns
    size = 2 * len(grouped)

    def count(mask: Bools) -> list[int]:
        rows = np.flatnonzero(mask)
        counted: list[int] = np.bincount(side[rows], minlength=size).tolist() if len(rows) else [0] * size
        return counted

    def total(values: Int64s) -> list[int]:
        added: list[int] = np.bincount(side, weights=values, minlength=size).astype(np.int64).tolist()
        return added

    def largest(rows: Int64s) -> list[int]:
        most = np.zeros(size, dtype=np.int64)
        np.maximum.at(most, side[rows], columns.payload[rows])
        found: list[int] = most.tolist()
        return found

    def smallest(rows: Int64s) -> list[int]:
        least = np.full(size, np.iinfo(np.int64).max, dtype=np.int64)
        np.minimum.at(least, side[rows], columns.payload[rows])
        least[least == np.iinfo(np.int64).max] = 0
        found: list[int] = least.tolist()
        return found

    lowest, highest = np.full(size, 255, dtype=np.uint8), np.zeros(size, dtype=np.uint8)
    natural = np.flatnonzero(~(grouped.tcp & (columns.flags & RST > 0)))
    np.minimum.at(lowest, side[natural], columns.hops[natural])
    np.maximum.at(highest, side[natural], columns.hops[natural])
    lowest[highest == 0] = 0
    tcp, flags = grouped.tcp, columns.flags
    stated = bool((columns.heading >= 0).any())  # by cooked captures only
    return list(
        map(
            Direction,
            np.bincount(side, minlength=size).tolist(),
            total(columns.length),
            total(columns.payload),
            count(tcp & (flags & (SYN | ACK) == SYN)),
            count(tcp & (flags & (SYN | ACK) == SYN | ACK)),
            count(tcp & (flags & FIN > 0)),
            count(tcp & (flags & RST > 0)),
            count(again == RETRANSMITTED),
            count(again == LATE),
            count(again == TWICE),
            count(zero),
            count(columns.heading == 1) if stated else [0] * size,
            count(columns.heading == 0) if stated else [0] * size,
            zip(lowest.tolist(), highest.tolist(), strict=True),
            answers.count.tolist(),
            answers.wait.tolist(),
            answers.longest.tolist(),
            largest(np.arange(len(columns))),
            largest(np.flatnonzero(again == RETRANSMITTED)),
            largest(acknowledged_rows(grouped, again)),
            full_times(grouped, side, zero),
            smallest(np.flatnonzero((again == RETRANSMITTED) & (columns.payload > 0))),
        )
    )


@dataclass(eq=False)
class _Resets:
    """Around the first RST of each connection: rows (-1: none) of what its sender sent before and long after it, and
    the payload that the other side had sent."""

    spoke_before: Int64s
    spoke_after: Int64s
    data: Int64s


#: What follows a RST in its sender's name within this time may have been on its way already (nanoseconds).
_ON_ITS_WAY: Final = 1_000_000


def _resets(grouped: Connections, rst: Int64s, last_syn: Int64s, syn_ack: Int64s) -> _Resets:
    columns = grouped.columns
    none = np.full(len(grouped), -1, dtype=np.int64)
    found = _Resets(none.copy(), none.copy(), np.zeros(len(grouped), dtype=np.int64))
    if (rst < 0).all():
        return found
    ends = np.append(grouped.starts[1:], len(columns))
    for connection in np.flatnonzero(rst >= 0).tolist():
        row, begin, end = int(rst[connection]), int(grouped.starts[connection]), int(ends[connection])
        by_sender = columns.up[begin:end] == columns.up[row]
        rows = np.arange(begin, end)
        before = np.flatnonzero(by_sender & (rows < row))
        if len(before):
            found.spoke_before[connection] = begin + before[-1]
        trip = _ON_ITS_WAY
        if last_syn[connection] >= 0 and syn_ack[connection] >= 0:
            trip += int(columns.time[syn_ack[connection]] - columns.time[last_syn[connection]])
        later = (columns.time[begin:end] > columns.time[row] + trip) & (columns.flags[begin:end] & RST == 0)
        after = np.flatnonzero(by_sender & (rows > row) & later)
        if len(after):
            found.spoke_after[connection] = begin + after[0]
        found.data[connection] = columns.payload[begin:row][~by_sender[: row - begin]].sum()
    return found


def _proofs(traffic: Traffic, grouped: Connections, marks: _Marks, order: Int64s) -> list[list[Packet | None]]:
    """The first packets of the connections, then one list per kind of mark. One packet may prove several."""
    table = np.stack((grouped.starts, *vars(marks).values()))[:, order]
    rows, place = np.unique(table, return_inverse=True)
    missing = int(len(rows) > 0 and rows[0] < 0)
    packets: list[Packet | None] = [None] * missing
    packets += traffic.packets_at(grouped.columns.taken(rows[missing:]))
    return [[packets[index] for index in kind.tolist()] for kind in place.reshape(table.shape)]


def _bounds(
    grouped: Connections, order: Int64s, moments: Callable[[Int64s], list[Moment]]
) -> tuple[list[Moment], list[Moment], list[float]]:
    """First and last moment of each connection, and the seconds between."""
    time = grouped.columns.time
    last = np.maximum.reduceat(time, grouped.starts)[order]
    known = np.where(time == NO_TIME, np.iinfo(np.int64).max, time)
    first = np.minimum.reduceat(known, grouped.starts)[order]
    first = np.where(last == NO_TIME, NO_TIME, first)
    return moments(first), moments(last), ((last - first) * _SECOND).tolist()


def _elapsed(time: Int64s, begin: Int64s, end: Int64s) -> list[float | None]:
    """Seconds between two rows; None where one is missing or undated."""
    known = (begin >= 0) & (end >= 0) & (time[begin] != NO_TIME) & (time[end] != NO_TIME)
    seconds = np.where(known, time[end] - time[begin], 0) * _SECOND
    return [value if ok else None for value, ok in zip(seconds.tolist(), known.tolist(), strict=True)]
