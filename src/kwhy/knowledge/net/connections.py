"""Attempts to connect as one host's documents show them: tools' words and captured handshakes, by peer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import msgspec

from kwhy.facts.network import (
    ConnectAttempt,
    InterfaceAddress,
    Link,
    LinkListing,
    MissingDevice,
    NetworkFact,
    Ping,
    PolicyRule,
    Route,
    RouteTableListing,
    RuleListing,
    Sysctl,
)
from kwhy.facts.packets import Flow
from kwhy.knowledge.net.policy_database import PolicyDatabase, policy_database
from kwhy.knowledge.net.talks import Talk, talks_of
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene

#: What the routing policy database is built from.
_DATABASE_FACTS = (PolicyRule, Route, RouteTableListing, RuleListing, InterfaceAddress, Link, LinkListing, Sysctl)
#: Ways a connection attempt fails without an answer of the peer.
SILENT = ("timed-out", "failed")


class Attempts(msgspec.Struct, frozen=True):
    """Everything about connections to one address and port from one host.

    ``sources`` are the source addresses that captures show. ``succeeded`` holds proof that it works.
    """

    address: str
    port: int
    failed: tuple[Evidence, ...]
    succeeded: tuple[Evidence, ...]
    sources: tuple[str, ...]
    outcomes: tuple[str, ...]
    pings: tuple[Evidence, ...]


def connections_of(scene: Scene, node: Subject) -> dict[str, Attempts]:
    """Connection attempts (nc, telnet, curl) and captured handshakes of the node, by "address:port"."""
    found: dict[str, _Slot] = {}
    talks = scene.derive(talks_of, node)
    for attempt in scene.facts_on(node, ConnectAttempt):
        address = attempt.address or _led_to(talks, attempt) or attempt.host
        if address is not None and attempt.port is not None:
            slot = found.setdefault(f"{address}:{attempt.port}", _Slot(address, attempt.port))
            slot.outcomes.append(attempt.outcome)
            proof = Evidence(attempt.at, f"{attempt.tool}: {attempt.said}")
            (slot.succeeded if attempt.outcome == "connected" else slot.failed).append(proof)
    for flow in scene.facts_on(node, Flow):
        if flow.protocol == "tcp" and flow.opened:
            _add_flow(found.setdefault(f"{flow.b}:{flow.b_port}", _Slot(flow.b, flow.b_port)), flow)
    answered = [(ping.address or ping.target, ping) for ping in scene.facts_on(node, Ping) if ping.answered]
    return {
        name: slot.attempts([p for target, p in answered if target == slot.address]) for name, slot in found.items()
    }


@dataclass
class _Slot:
    """What was gathered so far about one peer."""

    address: str
    port: int
    failed: list[Evidence] = field(default_factory=list)
    succeeded: list[Evidence] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)

    def attempts(self, pings: list[Ping]) -> Attempts:
        return Attempts(
            self.address,
            self.port,
            tuple(self.failed),
            tuple(self.succeeded),
            tuple(dict.fromkeys(self.sources)),
            tuple(dict.fromkeys(self.outcomes)),
            tuple(Evidence(ping.at, f"ping {self.address} is answered") for ping in pings),
        )


def _led_to(talks: dict[str, Talk], attempt: ConnectAttempt) -> str | None:
    """The address that a name led to, as captures of the host show it; None where they show none or several."""
    addresses = {talk.address for talk in talks.values() if talk.port == attempt.port and attempt.host in talk.names}
    return addresses.pop() if len(addresses) == 1 else None


def _add_flow(slot: _Slot, flow: Flow) -> None:
    slot.sources.append(flow.a)
    device = flow.interface or flow.interface_hint
    where = f" on {device}" if device else ""
    if flow.outcome == "unanswered":
        slot.outcomes.append("timed-out")
        slot.failed.append(Evidence(flow.at, f"{flow.ab.syn} SYN from {flow.a}{where}, no SYN-ACK"))
    elif flow.outcome == "refused" and flow.rst is not None:
        slot.outcomes.append("refused")
        slot.failed.append(Evidence(flow.rst.at, f"a RST answers the SYN from {flow.a}{where}"))
    elif flow.handshake_complete:
        slot.succeeded.append(Evidence(flow.at, f"the handshake completes{where}"))


def database_of(scene: Scene, node: Subject) -> PolicyDatabase:
    """The node's policy rules, routing tables, addresses and links (ip rule, ip route show table all, ip addr)"""
    facts = [
        cast("NetworkFact", fact)
        for kind in _DATABASE_FACTS
        for fact in scene.facts_on(node, kind)
        if getattr(fact, "netns", None) is None
    ]
    return policy_database(facts)


def missing_devices(scene: Scene, node: Subject) -> list[MissingDevice]:
    """What ip says about devices that do not exist"""
    return list(scene.facts_on(node, MissingDevice))
