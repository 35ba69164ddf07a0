"""The server itself cuts connections off."""

from __future__ import annotations

from kwhy.knowledge.net.connection_cut import CONNECTION_CUT, Cut, cut_off
from kwhy.knowledge.net.connection_fails import CONNECTION_FAILS
from kwhy.knowledge.net.talks import Talk, talk_of
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.node import CAPTURE
from kwhy.scene.relations import ITSELF

ABORTED_BY_PEER = Condition(
    code="net.aborted-by-peer",
    kind="Connection",
    nature=Nature.EFFECT,
    title="{server} itself cuts the connections of {node} off with a RST {when}",
    summary="The RST comes over the same hops as the server's other packets: its application or kernel sent it.",
)


@rule(
    ABORTED_BY_PEER,
    rows=("R9",),
    leads=(leads_to(CONNECTION_CUT, via=ITSELF), leads_to(CONNECTION_FAILS, via=ITSELF)),
)
def aborted_by_peer(
    connection: Subject, cuts: list[Cut] = given(cut_off), talk: Talk | None = given(talk_of)
) -> Verdict:
    """The server itself cuts connections off.

    What it means: The process at the other end died, closed with unread data or with linger 0, was restarted and no
    longer knows the connection, or has its own idle time-out.
    How it shows: The RST arrives with the TTL of the server's other packets.
    What looks like it: A device on the way that resets in the server's name: its RST comes over fewer or more hops; one
    right beside the server may not differ.
    Source: Linux net/ipv4/tcp.c (tcp_close: data was not read, or SO_LINGER with 0), tcp_ipv4.c (tcp_v4_send_reset).
    """
    if talk is None:
        return unsure(
            "a capture of a connection that is cut off",
            CAPTURE.of(node=connection.node, name=connection.name.rpartition(":")[0]),
        )
    if not cuts:
        return Absent(tuple(Evidence(flow.at, "no RST cuts it off after it opened") for flow in talk.flows[:1]))
    own = [cut for cut in cuts if cut.foreign is False]
    if not own:
        known = tuple(cut.why for cut in cuts if cut.why is not None)
        if known:
            return Absent(known[:2])
        return unsure("who sent the RST: the capture shows no TTL", CAPTURE.of(node=connection.node, name=talk.address))
    first = own[0]
    silent = first.flow.silent_before_rst or 0.0
    when = "in the middle of its answer" if first.flow.ba.payload else "before it answers"
    because = tuple(cut.why for cut in own[:2] if cut.why is not None)
    last = Evidence(first.rst.at, f"{first.flow.ba.payload} bytes of it came before; {silent:.2f} s of silence")
    return Present(
        (*because, last), {"server": talk.called, "when": when}, since=by(first.rst.time), basis=Basis.RECOMPUTED
    )
