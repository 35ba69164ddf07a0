"""What applications said in captures: tables per language, of names that were asked for, and of peers by time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kwhy.facts.dialogues import LANGUAGE_NAMES, Dialogue, NameQuestion
from kwhy.facts.packets import Flow
from kwhy.ingest.reading import Evidence
from kwhy.inspecting.rows import place, shortened
from kwhy.model.document import Document
from kwhy.model.inspection import Part, Row


def dialogue_parts(evidence: Evidence, document: Document, most: int | None) -> list[Part]:
    """The tables of one capture."""
    dialogues = [each for each in evidence.of(Dialogue) if each.at.document is document]
    questions = [each for each in evidence.of(NameQuestion) if each.first.document is document]
    flows = [each for each in evidence.of(Flow) if each.at.document is document]
    made = (
        (f"Calls in {document.source}", _CALLS, _calls(dialogues)),
        (f"Slowest answers in {document.source}", _ANSWERS, _answers(dialogues)),
        (f"Names asked for in {document.source}", _NAMES, _names(questions)),
        (f"Servers by time in {document.source}", _SERVERS, _servers(flows, dialogues, questions)),
    )
    return [shortened(title, header, rows, most) for title, header, rows in made if rows]


_CALLS = ("language", "from", "to", "named", "questions", "waited", "round trip", "caller paused", "remarks", "where")
_ANSWERS = ("waited", "language", "to", "question", "answer", "where")
_NAMES = ("name", "type", "answer", "server", "times", "longest wait", "where")
_SERVERS = ("server", "named", "connections", "bytes", "lasted", "waited", "share of time", "round trip", "sent again")


def _calls(dialogues: Iterable[Dialogue]) -> list[Row]:
    return [
        Row(
            (
                LANGUAGE_NAMES[each.language],
                _end(each.a, each.a_port),
                _end(each.b, each.b_port),
                each.server_name or "",
                str(each.questions),
                f"{each.waited:.3f} s",
                _milliseconds(each.round_trip),
                f"{each.paused:.3f} s",
                "; ".join(_remarks(each)),
                place(each.at),
            )
        )
        for each in sorted(dialogues, key=lambda each: -each.waited)
    ]


def _remarks(dialogue: Dialogue) -> Iterable[str]:
    if dialogue.alert is not None:
        yield f"alert {dialogue.alert}"
    if dialogue.certificates:
        yield f"certificates {', '.join(dialogue.certificates)}"
    if dialogue.open_question is not None and dialogue.open_for > 1:
        yield f"the last question waits {dialogue.open_for:.1f} s for an answer"


def _answers(dialogues: Iterable[Dialogue]) -> list[Row]:
    pairs = [(dialogue, exchange) for dialogue in dialogues for exchange in dialogue.slowest]
    return [
        Row(
            (
                f"{exchange.wait:.3f} s",
                LANGUAGE_NAMES[dialogue.language],
                _end(dialogue.b, dialogue.b_port),
                exchange.question + (" (asks to wait)" if exchange.patient else ""),
                exchange.answer,
                place(exchange.asked.at),
            )
        )
        for dialogue, exchange in sorted(pairs, key=lambda pair: -pair[1].wait)
    ]


def _names(questions: Iterable[NameQuestion]) -> list[Row]:
    return [
        Row(
            (
                each.name,
                each.type,
                ", ".join(each.addresses) or each.code or "no answer",
                each.server + (" (authoritative)" if each.authoritative else ""),
                str(each.count),
                _milliseconds(each.longest),
                place(each.at),
            )
        )
        for each in sorted(questions, key=lambda each: -each.count)
    ]


def _servers(flows: Sequence[Flow], dialogues: Sequence[Dialogue], questions: Sequence[NameQuestion]) -> list[Row]:
    """Whom callers spend their time with: TCP connections by the address that was called."""
    names: dict[str, dict[str, None]] = {}
    for question in questions:
        for address in question.addresses:
            names.setdefault(address, {})[question.name] = None
    for dialogue in dialogues:
        if dialogue.server_name:
            names.setdefault(dialogue.b, {})[dialogue.server_name] = None
    by_server: dict[tuple[str, int], list[Flow]] = {}
    for flow in flows:
        if flow.protocol == "tcp":
            by_server.setdefault((flow.b, flow.b_port), []).append(flow)
    total = sum(flow.duration for flow in flows if flow.protocol == "tcp")
    rows = []
    for (address, port), each in sorted(by_server.items(), key=lambda item: -sum(f.duration for f in item[1])):
        lasted = sum(flow.duration for flow in each)
        trips = [flow.handshake_rtt for flow in each if flow.handshake_rtt is not None]
        again = sum(flow.ab.retransmitted + flow.ba.retransmitted for flow in each)
        rows.append(
            Row(
                (
                    _end(address, port),
                    ", ".join(names.get(address, {})),
                    str(len(each)),
                    str(sum(flow.bytes for flow in each)),
                    f"{lasted:.3f} s",
                    f"{sum(flow.ba.wait for flow in each):.3f} s",
                    f"{lasted / total:.0%}" if total else "",
                    _milliseconds(sorted(trips)[len(trips) // 2] if trips else None),
                    str(again) if again else "",
                )
            )
        )
    return rows


def _end(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1000:.3f} ms"
