"""Packets get lost on the way, some of all sizes."""

from __future__ import annotations

import msgspec

from kwhy.facts.packets import Direction, Flow
from kwhy.knowledge.net.caller_waits import CALLER_WAITS
from kwhy.knowledge.net.slow_transfer import SLOW_TRANSFER
from kwhy.knowledge.net.talks import Talk, all_talks, both, talk_of
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.node import CAPTURE
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

PACKETS_LOST = Condition(
    code="net.packets-lost",
    kind="Connection",
    nature=Nature.EFFECT,
    title="Packets get lost between {node} and {server}: {again} of {data} segments were sent again ({share})",
    summary="Segments of all sizes are sent again, and arrive in the end: the path loses packets.",
)

#: Wide-area networks lose less than one packet in a hundred; at five in a hundred TCP hardly gets on (Mathis et al.,
#: "The macroscopic behavior of the TCP congestion avoidance algorithm", 1997: throughput falls with the root of loss).
HEAVY = 0.05
#: Fewer repetitions may be chance.
LEAST = 10


class Loss(msgspec.Struct, frozen=True):
    """A connection with many repetitions of segments that arrived in the end."""

    flow: Flow
    side: Direction
    share: float


def losses(talk: Talk) -> list[Loss]:
    """Where large segments arrive too: else it is no loss in general."""
    found = []
    for flow in talk.flows:
        if any(error.reason == "fragmentation needed" for error in flow.errors):
            continue  # the burst before the sender learned the path's MTU
        for side in both(flow):
            again = side.retransmitted + side.late
            if again < LEAST or side.largest_acknowledged < side.largest_retransmitted:
                continue
            share = again / max(1, side.packets)
            if share >= HEAVY and not flow.ab.full_time + flow.ba.full_time:
                found.append(Loss(flow, side, share))
    return sorted(found, key=lambda loss: -loss.share)


def _losing(scene: Scene) -> list[Subject]:
    return [subject for subject, talk in all_talks(scene) if losses(talk)]


@rule(
    PACKETS_LOST,
    rows=("R14", "R8"),
    leads=(leads_to(SLOW_TRANSFER, via=ITSELF), leads_to(CALLER_WAITS, via=ITSELF)),
    among=_losing,
    symptom=True,
)
def packets_lost(connection: Subject, talk: Talk | None = given(talk_of)) -> Verdict:
    """Packets get lost on the way.

    What it means: A link, queue or rule between the two ends drops packets now and then; TCP repeats them and
    slows down.
    How it shows: Segments of all sizes are sent again, at least five in a hundred, and are acknowledged in the end.
    What looks like it: A MTU black hole (only large segments, never acknowledged); the same packet captured twice
    (equal IP identification); probes of a full receiver; packets that overtake each other (they fill holes at once).
    Source: RFC 9293, RFC 6298; Mathis et al. 1997.
    """
    if talk is None:
        address = connection.name.rpartition(":")[0]
        return unsure("a capture of the connection", CAPTURE.of(node=connection.node, name=address))
    found = losses(talk)
    if not found:
        sent_again = talk.sent_again
        return Absent(
            tuple(Evidence(flow.at, f"{sent_again} segments were sent again in all") for flow in talk.flows[:1])
        )
    first = found[0]
    again = first.side.retransmitted + first.side.late
    place = first.flow.retransmission or first.flow.begin
    because = [Evidence(place.at, f"{again} of {first.side.packets} packets of this direction were sent again")]
    because.append(Evidence(first.flow.at, f"segments of {first.side.largest_acknowledged} bytes arrive in the end"))
    values = {"server": talk.called, "again": again, "data": first.side.packets, "share": f"{first.share:.0%}"}
    return Present(tuple(because), values, since=by(first.flow.first), basis=Basis.RECOMPUTED)
