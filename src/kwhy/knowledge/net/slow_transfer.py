"""Data comes slowly, and a call spends its time on it."""

from __future__ import annotations

import msgspec

from kwhy.facts.packets import Direction, Flow
from kwhy.knowledge.net.talks import Talk, all_talks, talk_of, talks_of
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.node import CAPTURE
from kwhy.scene.scene import Scene

SLOW_TRANSFER = Condition(
    code="net.slow-transfer",
    kind="Connection",
    nature=Nature.EFFECT,
    title="Data comes slowly between {node} and {server}: {size} kB in {seconds} s ({rate} kB/s){share}",
    summary="A transfer of some size takes seconds at a rate far below that of a cluster's network.",
)

#: Below this rate (bytes per second) a transfer within or near a data centre is slow: a hundredth of 1 Gbit/s is 1.25
#: MB/s.
SLOW_RATE = 1_000_000
#: Smaller transfers end before a rate can be told; shorter ones trouble nobody.
LEAST_BYTES, LEAST_SECONDS = 100_000, 2.0
#: Packets per second of a transfer that goes on; a subscription or a log that is followed comes in drops.
LEAST_PACKETS = 10.0


class Transfer(msgspec.Struct, frozen=True):
    """A slow transfer: ``seconds`` without the pauses of the caller and the waits for answers."""

    flow: Flow
    side: Direction
    seconds: float

    @property
    def rate(self) -> float:
        return self.side.payload / self.seconds


def transfers_of(scene: Scene, subject: Subject) -> list[Transfer] | None:
    """A capture of the transfer"""
    talk = talk_of(scene, subject)
    return None if talk is None else slow_transfers(talk)


def slow_transfers(talk: Talk) -> list[Transfer]:
    found = []
    for flow in talk.flows:
        side = max((flow.ab, flow.ba), key=lambda each: each.payload)
        seconds = flow.duration - flow.ab.wait - flow.ba.wait
        if side.payload < LEAST_BYTES or seconds < LEAST_SECONDS or side.packets / seconds < LEAST_PACKETS:
            continue
        if side.payload / seconds < SLOW_RATE:
            found.append(Transfer(flow, side, seconds))
    return sorted(found, key=lambda transfer: -transfer.seconds)


def _transferring(scene: Scene) -> list[Subject]:
    return [subject for subject, talk in all_talks(scene) if slow_transfers(talk)]


def share_of_time(scene: Scene, subject: Subject) -> float | None:
    """Which part of all the time that the host's connections lasted those to this server took"""
    node = Subject("Node", subject.node or "")
    total = scene.derive(_time_of_all, node)
    mine = scene.derive(talks_of, node).get(subject.name)
    return sum(flow.duration for flow in mine.flows) / total if mine is not None and total else None


def _time_of_all(scene: Scene, node: Subject) -> float:
    """Seconds that all connections of a host lasted, added up."""
    return sum(flow.duration for talk in scene.derive(talks_of, node).values() for flow in talk.flows)


@rule(SLOW_TRANSFER, rows=("E2", "R14"), among=_transferring, symptom=True)
def slow_transfer(
    connection: Subject,
    transfers: list[Transfer] | None = given(transfers_of),
    talk: Talk | None = given(talk_of),
    share: float | None = given(share_of_time),
) -> Verdict:
    """Data comes slowly.

    What it means: A call spends seconds on the transfer itself, after the answer has begun.
    How it shows: Packets come all the time and the sum is small; the table of peers shows where bytes and time go.
    What looks like it: A slow answer (silence, then everything at once); a subscription or a followed log (drops over a
    long time); a pause of the caller.
    Source: RFC 9293; field experience: look at all peers of the pod, not only at the suspected one.
    """
    if transfers is None or talk is None:
        address = connection.name.rpartition(":")[0]
        return unsure("a capture of the transfer", CAPTURE.of(node=connection.node, name=address))
    if not transfers:
        return Absent(tuple(Evidence(flow.at, "no slow transfer") for flow in talk.flows[:1]))
    first = transfers[0]
    trip = talk.round_trip
    because = [
        Evidence(first.flow.at, f"{first.side.payload} bytes in {first.seconds:.1f} s, {first.side.packets} packets")
    ]
    if trip is not None and first.flow.handshake_end is not None:
        because.append(Evidence(first.flow.handshake_end.at, f"the round trip takes {trip * 1000:.1f} ms"))
    values = {
        "server": talk.called,
        "size": round(first.side.payload / 1000),
        "seconds": f"{first.seconds:.1f}",
        "rate": round(first.rate / 1000),
        "share": f", {share:.0%} of the time of all its connections" if share is not None else "",
    }
    return Present(tuple(because), values, since=by(first.flow.first), basis=Basis.RECOMPUTED)
