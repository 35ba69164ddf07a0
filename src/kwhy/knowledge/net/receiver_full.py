"""A receiver does not read what it is sent."""

from __future__ import annotations

from kwhy.knowledge.net.connection_stalls import CONNECTION_STALLS, Stall, standing_of
from kwhy.knowledge.net.talks import Talk, talk_of
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.node import CAPTURE
from kwhy.scene.relations import ITSELF

RECEIVER_FULL = Condition(
    code="net.receiver-full",
    kind="Connection",
    nature=Nature.EFFECT,
    title="The program at {reader} does not read what {writer} sends: its receive buffer was full for {seconds} s",
    summary="The receiver announces a window of 0: its program is stuck, stopped, or slower than the sender.",
)


@rule(RECEIVER_FULL, rows=("R14", "R8"), leads=(leads_to(CONNECTION_STALLS, via=ITSELF),))
def receiver_full(
    connection: Subject, stalls: list[Stall] = given(standing_of), talk: Talk | None = given(talk_of)
) -> Verdict:
    """A receiver does not read.

    What it means: The network delivers, and the program on the other side does not take the data out of its socket.
    How it shows: The receiver acknowledges everything and announces a window of 0 until it reads again.
    What looks like it: Loss or a MTU black hole (nothing is acknowledged); a slow answer (nothing is being sent).
    Source: RFC 9293, 3.8.6 (zero-window probes); Linux net/ipv4/tcp_output.c (tcp_select_window).
    """
    if talk is None:
        return unsure(
            "a capture of the connection",
            CAPTURE.of(node=connection.node, name=connection.name.rpartition(":")[0]),
        )
    full = [(stall, stall.full) for stall in stalls if stall.full is not None]
    if not full:
        return Absent(tuple(Evidence(flow.at, "receive buffers have room") for flow in talk.flows[:2]))
    stall, side = full[0]
    flow = stall.flow
    caller = side is flow.ab
    because = [Evidence(flow.at, f"{(flow.ba if caller else flow.ab).payload} bytes were sent")]
    if flow.zero_window is not None:
        because.insert(0, Evidence(flow.zero_window.at, f"window 0, {side.zero_windows} times"))
    ends = (f"{flow.a}:{flow.a_port}", talk.called)
    reader, writer = ends if caller else ends[::-1]
    values = {"reader": reader, "writer": writer, "seconds": f"{side.full_time:.1f}"}
    return Present(tuple(because), values, since=by(flow.first))
