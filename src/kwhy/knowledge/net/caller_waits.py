"""A caller waits long for answers. The generic symptom of slow calls, as captures show it."""

from __future__ import annotations

import msgspec

from kwhy.facts.dialogues import LANGUAGE_NAMES, Dialogue, Exchange
from kwhy.knowledge.net.talks import Talk, all_talks, talk_of
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.node import CAPTURE
from kwhy.scene.scene import Scene

CALLER_WAITS = Condition(
    code="net.caller-waits",
    kind="Connection",
    nature=Nature.EFFECT,
    title="Calls from {node} are slow: they wait {waited} s for answers of {server} ({count} questions{share})",
    summary="Answers begin long after the questions, and the caller waits meanwhile.",
)

#: An answer that begins this late is slow (seconds): the lowest that MariaDB's slow log is commonly set to
#: (long_query_time, 10 by default).
SLOW_ANSWER = 1.0
#: Slow answers that take less than this together trouble nobody (seconds).
WORTH_TELLING = 2.0
#: Languages whose questions are answered one after another; what TLS hides is not known to be a question.
_ASKED = ("http", "mysql", "postgresql", "redis")


class Waits(msgspec.Struct, frozen=True):
    """The slow answers of one server in order of time. ``lasted``: seconds of the connections they came over."""

    talk: Talk
    slow: tuple[tuple[Dialogue, Exchange], ...]
    waited: float
    lasted: float

    @property
    def language(self) -> str:
        return LANGUAGE_NAMES[self.slow[0][0].language]


def slow_answers(talk: Talk) -> Waits | None:
    """None where answers are in time. What the question itself asked to wait for is in time."""
    slow = [
        (dialogue, exchange)
        for dialogue in talk.dialogues
        if dialogue.language in _ASKED
        for exchange in dialogue.slowest
        if exchange.wait >= SLOW_ANSWER and not exchange.patient
    ]
    waited = sum(exchange.wait for _, exchange in slow)
    if waited < WORTH_TELLING:
        return None
    slow.sort(key=lambda pair: pair[1].asked.time.earliest or 0.0)
    lasted = sum({id(dialogue): dialogue.lasted for dialogue, _ in slow}.values())
    return Waits(talk, tuple(slow), waited, lasted)


def waits_of(scene: Scene, subject: Subject) -> Waits | None:
    """A capture of the calls with the text of questions and answers (tcpdump -s 0)"""
    talk = talk_of(scene, subject)
    return slow_answers(talk) if talk is not None else None


def _waiting(scene: Scene) -> list[Subject]:
    return [subject for subject, talk in all_talks(scene) if slow_answers(talk) is not None]


@rule(CALLER_WAITS, rows=("E1", "R14"), among=_waiting, symptom=True)
def caller_waits(
    connection: Subject, waits: Waits | None = given(waits_of), talk: Talk | None = given(talk_of)
) -> Verdict:
    """Calls wait for the answers of a server.

    What it means: From the last packet of a question to the first of its answer passes a second or more, question after
    question; whoever called waits for the sum.
    How it shows: A capture of the caller shows the turns; the questions are counted, and the silence before each.
    What looks like it: Questions that ask to wait (BLPOP, a watch, a long poll) are answered in time when they wait;
    silence before the caller's next question is its own; what TLS hides is not known to be a question.
    Source: RFC 9112 (HTTP/1.1), MariaDB and PostgreSQL protocols, RESP; turns as in kwhy's reading of captures.
    """
    if waits is None:
        if talk is None:
            address = connection.name.rpartition(":")[0]
            return unsure("a capture of the calls", CAPTURE.of(node=connection.node, name=address))
        return Absent(tuple(Evidence(flow.at, "answers come in time") for flow in talk.flows[:1]))
    because = tuple(
        Evidence(e.answered.at, f"answered {e.wait:.2f} s after it was asked{': ' + e.question if e.question else ''}")
        for _, e in waits.slow[:3]
    )
    share = f", {waits.waited / waits.lasted:.0%} of the time that the connections lasted" if waits.lasted else ""
    values = {
        "waited": f"{waits.waited:.1f}",
        "server": waits.talk.called,
        "count": len(waits.slow),
        "share": share,
    }
    return Present(because, values, since=by(waits.slow[0][1].asked.time), basis=Basis.RECOMPUTED)
