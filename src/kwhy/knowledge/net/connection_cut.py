"""A connection opens and is cut off. A generic symptom, as captures show it."""

from __future__ import annotations

import msgspec

from kwhy.facts.dialogues import Dialogue
from kwhy.facts.packets import Flow, Packet
from kwhy.knowledge.net.talks import Talk, all_talks, certainly_before, talk_of
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.node import CAPTURE
from kwhy.scene.scene import Scene

CONNECTION_CUT = Condition(
    code="net.connection-cut",
    kind="Connection",
    nature=Nature.EFFECT,
    title="Connections from {node} to {server} are cut off in the middle by a RST ({count} of {all})",
    summary="The handshake completes, and a RST in the server's name ends the connection before it was finished.",
)


class Cut(msgspec.Struct, frozen=True):
    """A connection that a RST ended. ``foreign``: the RST was not sent by the server (None: not known), because of
    ``why``. ``dialogue``: what was said over it, if it is known."""

    flow: Flow
    rst: Packet
    foreign: bool | None
    why: Evidence | None
    dialogue: Dialogue | None


def cuts_of(talk: Talk) -> list[Cut]:
    """Connections that a RST in the server's name ended after the caller had said something, and before any FIN."""
    found = []
    for flow in talk.flows:
        rst = flow.rst
        if rst is None or rst.source != flow.b or not flow.syn_ack or not flow.data_before_rst:
            continue
        if flow.fin is not None and (flow.fin.number < rst.number or certainly_before(flow.fin.time, rst.time)):
            continue
        foreign, why = origin_of(flow, rst, talk)
        found.append(Cut(flow, rst, foreign, why, talk.dialogue_of(flow)))
    return found


def origin_of(flow: Flow, rst: Packet, talk: Talk) -> tuple[bool | None, Evidence | None]:
    """Whether something other than the server sent the RST: it came over other hops, or the server talked on.

    The connection's own packets are compared where it has some: behind one address several servers may stand.
    """
    if flow.after_rst is not None and flow.after_rst.flags & 0x02 == 0:
        return True, Evidence(flow.after_rst.at, "the server goes on talking after the RST in its name")
    own = {hop for hop in flow.ba.hops if hop}
    hops = own or talk.hops
    if not rst.hops or not hops:
        return None, None
    usual = " or ".join(map(str, sorted(hops)))
    if rst.hops not in hops:
        return True, Evidence(rst.at, f"the RST arrives with TTL {rst.hops}, the server's other packets with {usual}")
    return False, Evidence(rst.at, f"the RST arrives with TTL {rst.hops}, as the server's other packets do")


def cut_off(scene: Scene, subject: Subject) -> list[Cut]:
    """A capture of the connections that are cut off"""
    talk = talk_of(scene, subject)
    return cuts_of(talk) if talk is not None else []


def _cut(scene: Scene) -> list[Subject]:
    return [subject for subject, talk in all_talks(scene) if cuts_of(talk)]


@rule(CONNECTION_CUT, rows=("R9", "R15"), among=_cut, symptom=True)
def connection_cut(
    connection: Subject, cuts: list[Cut] = given(cut_off), talk: Talk | None = given(talk_of)
) -> Verdict:
    """A connection is cut off in the middle.

    What it means: A RST ends the connection at once; what was on its way is lost, and the caller reads "connection
    reset by peer". It carries the server's address, whoever sent it.
    How it shows: After a complete handshake and data of the caller, a RST comes from the server's side before any FIN.
    What looks like it: A RST in answer to the SYN (nothing listens, or a firewall rejects); a RST after a FIN, which
    programs send when they close with unread data; the caller's own RST.
    Source: RFC 9293, 3.5.2 and 3.10.7; Linux net/ipv4/tcp_ipv4.c (tcp_v4_send_reset), net/ipv4/netfilter/ipt_REJECT.c.
    """
    if not cuts:
        if talk is None:
            address = connection.name.rpartition(":")[0]
            return unsure("a capture of the connection", CAPTURE.of(node=connection.node, name=address))
        return Absent(tuple(Evidence(flow.at, "no RST of the server's side cuts it off") for flow in talk.flows[:1]))
    because = tuple(
        Evidence(cut.rst.at, f"RST after {cut.flow.data_before_rst} bytes of the caller") for cut in cuts[:3]
    )
    server = talk.called if talk is not None else connection.name
    count = len(talk.flows) if talk is not None else len(cuts)
    values = {"server": server, "count": len(cuts), "all": count}
    return Present(because, values, since=by(cuts[0].rst.time))
