"""Connections open, and a device on the way cuts what is said over them."""

from __future__ import annotations

import msgspec

from kwhy.facts.dialogues import Dialogue
from kwhy.facts.packets import Flow
from kwhy.knowledge.net.connection_cut import CONNECTION_CUT, Cut, cut_off
from kwhy.knowledge.net.connection_fails import CONNECTION_FAILS
from kwhy.knowledge.net.connection_stalls import CONNECTION_STALLS, REPEATED
from kwhy.knowledge.net.idle_forgotten import idle_before
from kwhy.knowledge.net.talks import Talk, talk_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.probe import Probe
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.node import CAPTURE
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

FILTERED_ON_THE_WAY = Condition(
    code="net.filtered-on-the-way",
    kind="Connection",
    nature=Nature.ROOT,
    title="A device between {node} and {server} lets connections open and {does} requests{asking}",
    summary="A proxy, web application firewall or other filter of the application layer stands on the path.",
    remedies=(
        Remedy(
            id="allow-it",
            title="Have the filter let the request pass",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Find the device: the first hop behind which the packets stop.", "traceroute -T -p {port} {address}"
                ),
                Step("Ask its owner to allow {asked} from {node} to {address}:{port}, or go round it (another line)."),
                Step("Check whether a proxy is expected in between: HTTPS_PROXY, NO_PROXY of the application."),
            ),
            verify=(
                Step(
                    "The same request is answered.",
                    "curl -vk --connect-to {host}:{port}:{address}:{port} {scheme}://{host}:{port}/",
                ),
            ),
            undo=(Step("Remove the exception at the filter again."),),
        ),
    ),
)

_COMPARE = Probe(
    "for n in NAME-THAT-FAILS NAME-THAT-WORKS; do curl -vk -m 5 --connect-to $n::{name} https://$n/; done",
    unlocks="whether it is the name in the request that decides",
    where="node {node}",
)
#: A request this small passes whatever carries the handshake (RFC 9293, 3.7.1).
_SMALL = 1200


class Filtered(msgspec.Struct, frozen=True):
    """A connection whose request was cut by somebody else. ``silent``: dropped, not reset."""

    flow: Flow
    dialogue: Dialogue | None
    silent: bool
    because: tuple[Evidence, ...]


class Look(msgspec.Struct, frozen=True):
    """What was cut, what is open, and which connections to the same server and port were answered."""

    cut: tuple[Filtered, ...]
    unknown: tuple[Evidence, ...]
    own: tuple[Evidence, ...]
    answered: tuple[Dialogue, ...]


def look_of(scene: Scene, subject: Subject) -> Look | None:
    """A capture of requests that are cut and of others that pass"""
    talk = talk_of(scene, subject)
    return None if talk is None else _look(talk, scene.derive(cut_off, subject))


def _look(talk: Talk, cuts: list[Cut]) -> Look:
    relevant = [cut for cut in cuts if not idle_before(cut) and not cut.flow.ba.payload]
    found = [
        Filtered(cut.flow, cut.dialogue, False, (cut.why, Evidence(cut.rst.at, "RST in answer to the request")))
        for cut in relevant
        if cut.foreign and cut.why is not None
    ]
    found += [
        Filtered(flow, talk.dialogue_of(flow), True, (Evidence(again.at, _dropped(flow)),))
        for flow in talk.flows
        if _swallowed(flow) and (again := flow.retransmission) is not None
    ]
    unknown = tuple(Evidence(cut.rst.at, "who sent the RST is not shown") for cut in relevant if cut.foreign is None)
    own = tuple(cut.why for cut in relevant if cut.foreign is False and cut.why is not None)
    answered = tuple(dialogue for dialogue in talk.dialogues if dialogue.questions)
    return Look(tuple(found), unknown, own, answered)


def _dropped(flow: Flow) -> str:
    size, times = flow.ab.largest_retransmitted, flow.ab.retransmitted
    return f"a request of {size} bytes sent again {times} times, never acknowledged; the handshake passes"


def _swallowed(flow: Flow) -> bool:
    """Whether the first small thing that the caller says is never acknowledged, though the handshake passed."""
    side = flow.ab
    return (
        flow.handshake_complete
        and flow.rst is None
        and side.retransmitted >= REPEATED
        and side.largest_acknowledged == 0
        and 0 < side.largest <= _SMALL
        and not flow.ba.payload
    )


@rule(
    FILTERED_ON_THE_WAY,
    rows=("R15", "R9"),
    leads=tuple(leads_to(effect, via=ITSELF) for effect in (CONNECTION_CUT, CONNECTION_STALLS, CONNECTION_FAILS)),
)
def filtered_on_the_way(
    connection: Subject, look: Look | None = given(look_of), talk: Talk | None = given(talk_of)
) -> Verdict:
    """A device on the way cuts what is asked.

    What it means: A filter of the application layer lets the TCP handshake pass, reads the first thing that is said
    (the name in the TLS hello, the Host of HTTP), and drops it or answers with a RST in the server's name.
    How it shows: nc succeeds and curl fails; the capture shows the handshake, then a small request that is never
    acknowledged, or a RST whose TTL is not that of the server's other packets, while another name on the same address
    and port is answered.
    What looks like it: The server's own abort (its TTL); a MTU black hole (only large segments get lost); a server that
    hangs (it acknowledges the request); an idle connection that was forgotten (silence before the RST); lost packets
    (other connections lose some too).
    Source: RFC 9293; RFC 6066 (server_name), RFC 9112 (Host); Linux net/ipv4/netfilter/ipt_REJECT.c.
    """
    if look is None or talk is None:
        return unsure(
            "a capture of requests that are cut",
            CAPTURE.of(node=connection.node, name=connection.name.rpartition(":")[0]),
        )
    if not look.cut:
        if look.unknown:
            return unsure(
                "who sent the RST: the capture shows no TTL", CAPTURE.of(node=connection.node, name=talk.address)
            )
        passed = tuple(Evidence(d.at, "requests are answered over other connections") for d in look.answered[:1])
        own = look.own or passed or tuple(Evidence(f.at, "requests are acknowledged") for f in talk.flows[:1])
        return Absent(own[:2])
    if look.cut[0].silent and not look.answered:
        return unsure(
            f"whether anything that is said to {talk.called} is answered",
            _COMPARE.of(node=connection.node, name=connection.name),
        )
    return _present(talk, look)


def _present(talk: Talk, look: Look) -> Present:
    first = look.cut[0]
    because = [*first.because]
    name = first.dialogue.server_name if first.dialogue is not None else None
    others = [d for d in look.answered if d.server_name and d.server_name != name]
    if others:
        because.append(Evidence(others[0].at, f"a request for {others[0].server_name} is answered at the same address"))
    elif look.answered:
        because.append(Evidence(look.answered[0].at, "another request is answered at the same address"))
    if name and first.dialogue is not None:
        because.append(Evidence(first.dialogue.at, f"the request that is cut asks for {name}"))
    tls = first.dialogue is not None and first.dialogue.language == "tls"
    host = name.partition(":")[0] if name else talk.address
    values = {
        "server": f"{talk.address}:{talk.port}",
        "address": talk.address,
        "port": talk.port,
        "does": "drops" if first.silent else "resets",
        "asking": f" for {name}" if name else "",
        "asked": f"requests for {name}" if name else "the requests",
        "host": host,
        "scheme": "https" if tls else "http",
    }
    return Present(tuple(because), values, since=by(first.flow.first), basis=Basis.RECOMPUTED)
