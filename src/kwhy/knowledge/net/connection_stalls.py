"""A connection opens and then stands still. A generic symptom, as captures show it."""

from __future__ import annotations

import msgspec

from kwhy.facts.dialogues import Dialogue
from kwhy.facts.packets import Direction, Flow
from kwhy.knowledge.net.talks import Talk, all_talks, talk_of
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.node import CAPTURE
from kwhy.scene.scene import Scene

CONNECTION_STALLS = Condition(
    code="net.connection-stalls",
    kind="Connection",
    nature=Nature.EFFECT,
    title="Connections from {node} to {server} open and then stand still ({how})",
    summary="The handshake completes; what is sent afterwards is not acknowledged, not read, or not answered.",
)

#: A question without an answer at the end of a capture stands open if the capture went on so long (seconds).
OPEN_QUESTION = 2.0
#: Segments that were sent again so often are not only late: the third repetition comes after a second or more
#: (RFC 6298, 5.5: the time-out doubles from 200 ms on, TCP_RTO_MIN in Linux net/tcp.h).
REPEATED = 3
#: A receive buffer that was full for so long delays people (seconds).
LONG_FULL = 2.0


class Stall(msgspec.Struct, frozen=True):
    """One connection that stands still. ``mute``: the side whose data is not acknowledged; ``full``: whose buffer is
    full; ``dialogue``: whose last question nobody answers. Exactly one of them is set."""

    flow: Flow
    mute: Direction | None = None
    full: Direction | None = None
    dialogue: Dialogue | None = None

    @property
    def how(self) -> str:
        if self.mute is not None:
            return "data is sent again and again and never acknowledged"
        return "the receive buffer is full" if self.full is not None else "a question is not answered"


def stalls_of(talk: Talk) -> list[Stall]:
    """The connections that stand still, for the first reason that shows."""
    found = []
    for flow in talk.flows:
        if not flow.handshake_complete or flow.rst is not None:
            continue
        full = next((side for side in (flow.ab, flow.ba) if side.full_time >= LONG_FULL), None)
        mute = next((side for side in (flow.ab, flow.ba) if _unheard(side)), None)
        dialogue = talk.dialogue_of(flow)
        if full is not None:
            found.append(Stall(flow, full=full))
        elif mute is not None:
            found.append(Stall(flow, mute=mute))
        elif dialogue is not None and dialogue.open_question is not None and dialogue.open_for >= OPEN_QUESTION:
            found.append(Stall(flow, dialogue=dialogue))
    return found


def _unheard(side: Direction) -> bool:
    """Whether everything that was sent again is larger than anything that arrived."""
    return side.retransmitted >= REPEATED and side.largest_acknowledged < side.smallest_retransmitted


def standing_of(scene: Scene, subject: Subject) -> list[Stall]:
    """A capture of the connections that hang"""
    talk = talk_of(scene, subject)
    return stalls_of(talk) if talk is not None else []


def _standing(scene: Scene) -> list[Subject]:
    return [subject for subject, talk in all_talks(scene) if stalls_of(talk)]


@rule(CONNECTION_STALLS, rows=("R8", "R14"), among=_standing, symptom=True)
def connection_stalls(
    connection: Subject, stalls: list[Stall] = given(standing_of), talk: Talk | None = given(talk_of)
) -> Verdict:
    """A connection opens and stands still.

    What it means: The handshake completes, so the server is reachable and listens; what follows does not get through,
    is not read, or is not answered.
    How it shows: Segments are sent again and never acknowledged; the receiver announces a window of 0 for seconds; the
    last thing said is a question.
    What looks like it: A connection that ends with a RST was cut, it does not stand still; a slow answer comes in the
    end; a push connection (watch, subscription) is silent by design, and its last question was answered.
    Source: RFC 9293 (3.8), RFC 6298.
    """
    if not stalls:
        if talk is None:
            address = connection.name.rpartition(":")[0]
            return unsure("a capture of the connection", CAPTURE.of(node=connection.node, name=address))
        return Absent(tuple(Evidence(flow.at, "what is sent is acknowledged and answered") for flow in talk.flows[:1]))
    because = tuple(_proof(stall) for stall in stalls[:3])
    called = talk.called if talk is not None else connection.name
    values = {"server": called, "how": stalls[0].how}
    return Present(because, values, since=by(stalls[0].flow.first), basis=Basis.RECOMPUTED)


def _proof(stall: Stall) -> Evidence:
    flow = stall.flow
    if stall.full is not None and flow.zero_window is not None:
        return Evidence(flow.zero_window.at, f"window 0 for {stall.full.full_time:.1f} s")
    if stall.mute is not None and flow.retransmission is not None:
        size, times = stall.mute.largest_retransmitted, stall.mute.retransmitted
        return Evidence(
            flow.retransmission.at, f"{times} segments of up to {size} bytes sent again, never acknowledged"
        )
    if stall.dialogue is not None and stall.dialogue.open_question is not None:
        return Evidence(stall.dialogue.open_question.at, f"not answered within {stall.dialogue.open_for:.1f} s")
    return Evidence(flow.at, stall.how)
