"""What was asked and answered over TCP connections whose language is known.

Questions are the turns that flows count: data of the callee after data of the caller. Pipelined questions are one turn:
the caller waits for them once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from kwhy.facts.dialogues import Dialogue, Exchange, Language
from kwhy.facts.packets import Packet
from kwhy.ingest.capture import hello
from kwhy.ingest.capture.columns import Columns
from kwhy.ingest.capture.flows import Study, Turns, View
from kwhy.ingest.capture.languages import OPENING, languages, openings
from kwhy.ingest.capture.questions import Said, answer, question
from kwhy.ingest.capture.records import Bytes, Int64s

#: The slowest exchanges that are told of one connection.
MOST_EXCHANGES: Final = 40
#: So many bytes of a payload are read for words.
_READ: Final = 4096
#: What a server sends in its hello, certificates included, is looked at so far.
_HELLO: Final = 1 << 16


@dataclass(eq=False)
class Payloads:
    """Where the payload of each row lies in the file, and how much of it was captured."""

    data: Bytes
    start: Int64s
    stored: Int64s

    def of(self, row: int, most: int = _READ) -> bytes:
        begin = int(self.start[row])
        return self.data[begin : begin + min(int(self.stored[row]), most)].tobytes()


def dialogues(
    studied: Study,
    views: Sequence[View],
    payloads: Payloads,
    packets_at: Callable[[Int64s], list[Packet]],
) -> Iterator[Dialogue]:
    """Every connection whose language is known. ``packets_at`` makes the proof packets of rows."""
    grouped = studied.grouped
    columns = grouped.columns
    carries = grouped.tcp & (columns.payload > 0) & (payloads.stored > 0)
    by_caller = columns.up == studied.caller_up[grouped.of]
    asked, said = grouped.first_rows(carries & by_caller), grouped.first_rows(carries & ~by_caller)
    candidates = np.flatnonzero(asked >= 0)
    if len(candidates) == 0:
        return
    spoken = _spoken(candidates, asked, said, payloads, columns.payload)
    ends = np.append(grouped.starts[1:], len(columns))
    for connection, language in zip(candidates.tolist(), spoken, strict=True):
        if language is not None:
            rows = np.arange(grouped.starts[connection], ends[connection])
            yield _dialogue(studied, views, payloads, packets_at, connection, language, rows, rows[carries[rows]])


def _spoken(candidates: Int64s, asked: Int64s, said: Int64s, payloads: Payloads, size: Int64s) -> list[Language | None]:
    first, second = asked[candidates], said[candidates]
    present = np.where(second >= 0, second, first)
    answers = openings(payloads.data, payloads.start[present], np.where(second >= 0, payloads.stored[present], 0))
    questions = openings(payloads.data, payloads.start[first], payloads.stored[first])
    server_first = (second >= 0) & (second < first)
    return languages(questions, answers, size[first], server_first)


def _dialogue(
    studied: Study,
    views: Sequence[View],
    payloads: Payloads,
    packets_at: Callable[[Int64s], list[Packet]],
    connection: int,
    language: Language,
    rows: Int64s,
    data: Int64s,
) -> Dialogue:
    """``rows`` are the connection's, ``data`` those of them with payload."""
    grouped, ends = studied.grouped, studied.traffic.ends
    columns, turns = grouped.columns, studied.turns
    conversation = int(columns.conversation[grouped.starts[connection]])
    up = bool(studied.caller_up[connection])
    low, high = (
        (str(ends.low[conversation]), int(ends.low_port[conversation])),
        (str(ends.high[conversation]), int(ends.high_port[conversation])),
    )
    a, b = (low, high) if up else (high, low)
    begin, end = np.searchsorted(turns.rows, (data[0], data[-1] + 1))
    mine = np.arange(begin, end)
    answering = columns.up[turns.rows[mine]] != up
    answers, pauses = mine[answering], mine[~answering]
    if language != "tls":
        answers = _answering_questions(language, payloads, turns.begun, answers)
    hello_said = _hello(payloads, columns.up[data] == up, data) if language == "tls" else hello.NOTHING
    slowest = np.sort(answers[np.argsort(-turns.gaps[answers], kind="stable")[:MOST_EXCHANGES]])
    words = [_words(language, payloads, turns.begun, turns.rows, turn) for turn in slowest]
    opened = _open_question(columns, up, data)
    proofs = _proofs(studied, packets_at, connection, slowest, hello_said.alert_row, opened)
    last = columns.time[rows]
    trip = _seconds(columns.time, int(studied.last_syn[connection]), int(studied.handshake_end[connection]))
    host = next((said.host for said, _ in words if said.host), None)
    if language == "http" and host is None:
        host = question("http", payloads.of(int(data[columns.up[data] == up][0]))).host
    return Dialogue(
        language,
        views[int(ends.port[conversation])].name,
        *a,
        *b,
        len(answers),
        float(turns.gaps[answers].sum()) / 1e9,
        float(turns.gaps[pauses].sum()) / 1e9,
        max(0.0, float(last.max() - last.min()) / 1e9),
        trip,
        proofs.begin,
        tuple(
            Exchange(said.text, replied, float(turns.gaps[turn]) / 1e9, said.patient, asked, answered)
            for turn, (said, replied), (asked, answered) in zip(slowest.tolist(), words, proofs.exchanges, strict=True)
        ),
        hello_said.server_name if language == "tls" else host,
        hello_said.certificates,
        hello_said.alert,
        proofs.alerted,
        proofs.open_question,
        max(0.0, float(last.max() - columns.time[opened]) / 1e9) if opened is not None else 0.0,
        _acknowledged(columns, turns, slowest, up),
    )


def _acknowledged(columns: Columns, turns: Turns, slowest: Int64s, up: bool) -> float | None:
    """The shortest time from the last packet of a question to the callee's next one, where that is not the answer."""
    shortest: int | None = None
    for turn in slowest.tolist():
        answered = int(turns.rows[turn])
        between = np.arange(int(turns.begun[turn]), answered)
        asked = between[(columns.up[between] == up) & (columns.payload[between] > 0)][-1]
        replies = between[(between > asked) & (columns.up[between] != up)]
        if len(replies):
            passed = int(columns.time[replies[0]] - columns.time[asked])
            shortest = passed if shortest is None else min(shortest, passed)
    return None if shortest is None else max(0, shortest) / 1e9


def _answering_questions(language: Language, payloads: Payloads, begun: Int64s, answers: Int64s) -> Int64s:
    """Without the answers to what is no question of the language: a log-in, a negotiation of TLS."""
    if language not in ("mysql", "postgresql"):
        return answers
    kinds = openings(payloads.data, payloads.start[begun[answers]], payloads.stored[begun[answers]])
    asks = kinds[:, 3] == 0 if language == "mysql" else np.isin(kinds[:, 0], tuple(b"QPBEFC"))
    return answers[asks]


def _words(language: Language, payloads: Payloads, begun: Int64s, rows: Int64s, turn: np.int64) -> tuple[Said, str]:
    return (
        question(language, payloads.of(int(begun[turn]))),
        answer(language, payloads.of(int(rows[turn]), OPENING * 8)),
    )


def _hello(payloads: Payloads, by_caller: npt.NDArray[np.bool_], data: Int64s) -> hello.Hello:
    """What both sides say before they encipher."""
    sides = []
    for mine in (data[by_caller], data[~by_caller]):
        pieces, size = [], 0
        for row in mine.tolist():
            if size > _HELLO:
                break
            pieces.append((row, payloads.of(row, _HELLO)))
            size += len(pieces[-1][1])
        sides.append(pieces)
    return hello.read(*sides)


@dataclass(eq=False)
class _Proofs:
    begin: Packet
    exchanges: list[tuple[Packet, Packet]]
    alerted: Packet | None
    open_question: Packet | None


def _open_question(columns: Columns, up: bool, data: Int64s) -> int | None:
    """The first row of the caller's last turn, where nothing answers it."""
    by_caller = columns.up[data] == up
    if not by_caller[-1]:
        return None
    answers = np.flatnonzero(~by_caller)
    return int(data[answers[-1] + 1 if len(answers) else 0])


def _proofs(
    studied: Study,
    packets_at: Callable[[Int64s], list[Packet]],
    connection: int,
    slowest: Int64s,
    alert: int | None,
    opened: int | None,
) -> _Proofs:
    turns = studied.turns
    rows = [int(studied.grouped.starts[connection])]
    for turn in slowest.tolist():
        rows += [int(turns.begun[turn]), int(turns.rows[turn])]
    extra = [row for row in (alert, opened) if row is not None]
    made = packets_at(np.array(rows + extra, dtype=np.int64))
    pairs, rest = made[1 : len(rows)], made[len(rows) :]
    return _Proofs(
        made[0],
        list(zip(pairs[::2], pairs[1::2], strict=True)),
        rest[0] if alert is not None else None,
        rest[-1] if opened is not None else None,
    )


def _seconds(time: Int64s, begin: int, end: int) -> float | None:
    return float(time[end] - time[begin]) / 1e9 if begin >= 0 and end >= 0 else None
