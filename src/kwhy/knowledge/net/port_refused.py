"""A connection attempt is answered with a RST: by the server, or by somebody else in its name."""

from __future__ import annotations

import msgspec

from kwhy.facts.packets import Flow
from kwhy.knowledge.net.connection_cut import origin_of
from kwhy.knowledge.net.connection_fails import CONNECTION_FAILS
from kwhy.knowledge.net.talks import Talk, talk_of
from kwhy.knowledge.service.consumers import service_at
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.node import CAPTURE
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

PORT_CLOSED = Condition(
    code="net.port-closed",
    kind="Connection",
    nature=Nature.EFFECT,
    title="Nothing listens on {server}: the host itself refuses the connections of {node}",
    summary="The RST that answers the SYN comes over the same hops as the host's other packets.",
)
PORT_REJECTED = Condition(
    code="net.port-rejected",
    kind="Connection",
    nature=Nature.ROOT,
    title="A device between {node} and {server} rejects the connections with a RST in the server's name",
    summary="The RST that answers the SYN comes over other hops than the host's other packets: a firewall sent it.",
    remedies=(
        Remedy(
            id="allow-the-port",
            title="Have the firewall allow the port",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Find the rule: on Linux it rejects with tcp-reset.",
                    "iptables-save -c | grep -i 'reject.*tcp-reset'",
                ),
                Step("Allow TCP {port} from {node} to {address} there."),
            ),
            verify=(Step("The connection opens.", "nc -vz -w 3 {address} {port}"),),
            undo=(Step("Remove the exception again."),),
        ),
    ),
)


class Refusal(msgspec.Struct, frozen=True):
    """A SYN that was answered with RST. ``foreign`` as in :class:`~kwhy.knowledge.net.connection_cut.Cut`."""

    flow: Flow
    foreign: bool | None
    why: Evidence | None


def refusals_of(scene: Scene, subject: Subject) -> list[Refusal] | None:
    """A capture of the refused attempts beside other traffic of the same host"""
    talk = talk_of(scene, subject)
    if talk is None:
        return None
    refused = [flow for flow in talk.flows if flow.outcome == "refused" and flow.rst is not None]
    several = service_at(scene, talk.address) is not None
    return [Refusal(flow, *_origin(flow, talk, several)) for flow in refused]


def _origin(flow: Flow, talk: Talk, several: bool) -> tuple[bool | None, Evidence | None]:
    """``several`` servers behind one address may answer over different hops: then nothing can be compared."""
    if flow.rst is None or several or len(talk.hops) > 1:
        return None, None
    return origin_of(flow, flow.rst, talk)


@rule(PORT_CLOSED, rows=("R9", "E7"), leads=(leads_to(CONNECTION_FAILS, via=ITSELF),))
def port_closed(
    connection: Subject, refusals: list[Refusal] | None = given(refusals_of), talk: Talk | None = given(talk_of)
) -> Verdict:
    """Nothing listens on the port.

    What it means: The host is reached, and no process listens on this address and port: it has not started, listens on
    another port or on localhost only, or the caller has the wrong port.
    How it shows: A RST answers the SYN, with the TTL that the host's other packets have.
    What looks like it: A firewall that rejects with tcp-reset in the host's name: its RST comes over other hops.
    Source: RFC 9293, 3.10.7.1; Linux net/ipv4/tcp_ipv4.c (tcp_v4_rcv, no_tcp_socket).
    """
    undecided = _undecided(connection, refusals, talk)
    if undecided is not None or refusals is None or talk is None:
        return undecided or unsure("a capture of the attempt")
    own = [refusal for refusal in refusals if refusal.foreign is False]
    if not own:
        return Absent(tuple(refusal.why for refusal in refusals[:2] if refusal.why is not None))
    because = tuple(refusal.why for refusal in own[:2] if refusal.why is not None)
    return Present(because, {"server": talk.called}, since=by(own[0].flow.first), basis=Basis.RECOMPUTED)


@rule(PORT_REJECTED, rows=("R9", "R11"), leads=(leads_to(CONNECTION_FAILS, via=ITSELF),))
def port_rejected(
    connection: Subject, refusals: list[Refusal] | None = given(refusals_of), talk: Talk | None = given(talk_of)
) -> Verdict:
    """A firewall rejects the port in the server's name.

    What it means: A device on the path answers the SYN with a RST that carries the server's address.
    How it shows: The RST's TTL is not that of the host's other packets.
    What looks like it: A closed port: the host's own RST has the host's TTL. Behind the address of a Service or a load
    balancer several servers stand, at different distances: there TTLs prove nothing.
    Source: Linux net/ipv4/netfilter/ipt_REJECT.c (nf_send_reset: the TTL is the rejecting host's own).
    """
    undecided = _undecided(connection, refusals, talk)
    if undecided is not None or refusals is None or talk is None:
        return undecided or unsure("a capture of the attempt")
    foreign = [refusal for refusal in refusals if refusal.foreign]
    if not foreign:
        return Absent(tuple(refusal.why for refusal in refusals[:2] if refusal.why is not None))
    because = tuple(refusal.why for refusal in foreign[:2] if refusal.why is not None)
    values = {"server": talk.called, "address": talk.address, "port": talk.port}
    return Present(because, values, since=by(foreign[0].flow.first), basis=Basis.INFERRED)


def _undecided(connection: Subject, refusals: list[Refusal] | None, talk: Talk | None) -> Verdict | None:
    """What both rules say where there is no refusal, or none whose origin shows."""
    address = connection.name.rpartition(":")[0]
    if refusals is None or talk is None:
        return unsure("a capture of the attempt", CAPTURE.of(node=connection.node, name=address))
    if not refusals:
        return Absent(tuple(Evidence(flow.at, "no RST answers a SYN") for flow in talk.flows[:1]))
    if all(refusal.foreign is None for refusal in refusals):
        return unsure(
            f"with which TTL other packets of {address} arrive: who sent the RST does not show",
            CAPTURE.of(node=connection.node, name=address),
        )
    return None
