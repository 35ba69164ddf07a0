"""What every step of a walk shares: what a branch carries along, the packet filter, the routes, the ends.

Sources, Linux 6.18: net/netfilter/nf_conntrack_core.c nf_conntrack_in(), resolve_normal_ct(); net/netfilter/
nf_conntrack_proto_tcp.c tcp_new() (an answer to a connection that nobody saw begin is INVALID).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from kwhy.facts.network import NextHop
from kwhy.knowledge.net.policy_database import DEFAULT_RULES
from kwhy.knowledge.net.routing import Decision, Possibility, Result, Step
from kwhy.knowledge.net.rule_match import Flow
from kwhy.knowledge.netfilter.evaluating import Hook, Outcome, evaluate
from kwhy.knowledge.netfilter.packet import Packet, reverse
from kwhy.knowledge.path.hops import Connection, Hop, Leg, Needed, Pause, Stage, Verdict, Wire
from kwhy.knowledge.path.networks import Network
from kwhy.knowledge.path.source_validation import source_is_valid
from kwhy.knowledge.path.surroundings import surroundings
from kwhy.knowledge.path.tunnels import Wrapped
from kwhy.knowledge.path.world import World
from kwhy.model.document import Locator

#: Namespaces and hosts that a packet may pass before it counts as going round in circles, until its TTL of 64 is over.
#: The way between two pods through tunnels takes ten.
MOST_HOPS: Final = 32
LOOPBACK: Final = "lo"


class State(msgspec.Struct, frozen=True, gc=False):
    """What a branch carries along. ``outer`` holds the packets that are wrapped in the present one."""

    hops: tuple[Hop, ...] = ()
    share: float = 1.0
    depends_on: tuple[Needed, ...] = ()
    connections: tuple[Connection, ...] = ()
    wires: tuple[Wire, ...] = ()
    inner: tuple[Wrapped, ...] = ()
    passed: int = 0

    def hop(self, network: Network | str, stage: Stage, says: str, at: Locator | None = None) -> State:
        where = network if isinstance(network, str) else network.name
        return msgspec.structs.replace(self, hops=(*self.hops, Hop(where, stage, says, at)))

    def needs(self, *needed: Needed) -> State:
        fresh = tuple(each for each in needed if each not in self.depends_on)
        return msgspec.structs.replace(self, depends_on=(*self.depends_on, *fresh)) if fresh else self


class Stepping:
    """One packet's walk through ``world``. ``known``: connections that hosts already track, for an answer's walk."""

    def __init__(self, world: World, known: Sequence[Connection] = ()) -> None:
        self.world = world
        self.known = known

    def filtered_by(
        self, network: Network, hook: Hook, packet: Packet, state: State
    ) -> Iterator[tuple[Outcome, State]]:
        """The ways through one hook, each with the hops of the rules that acted."""
        if network.ebpf is not None:
            what = f"that {network.ebpf}'s eBPF programs on {network.name} leave the packet to rules and routes"
            state = state.needs(Needed(what, "cilium-dbg bpf lb list; cilium-dbg monitor", network.name))
        if not network.rules.shows(packet.family):
            if network.is_host:
                state = state.needs(_filter_of(network))
            yield Outcome("accept", packet), state
            return
        for outcome in evaluate(network.rules, hook, packet, surroundings(network)):
            after = state
            for step in outcome.steps:
                after = after.hop(network, "filter", f"{hook}: {step.says}", step.at)
            for condition in outcome.depends_on:
                after = after.needs(Needed(condition, "iptables-save; ipset list; nft list ruleset", network.name))
            if outcome.chance != 1.0:
                after = msgspec.structs.replace(after, share=after.share * outcome.chance)
            yield outcome, after

    def stopped(self, network: Network, hook: Hook, outcome: Outcome, state: State) -> Leg:
        last = outcome.steps[-1] if outcome.steps else None
        rule = f" by {last.text}" if last is not None and last.text else ""
        verdict: Verdict = {"drop": "dropped", "reject": "refused", "stolen": "left"}.get(outcome.verdict, "unknown")  # type: ignore[assignment]
        done = {"drop": "drops", "reject": "refuses"}.get(outcome.verdict, "may stop")
        says = f"the packet filter of {network.name} {done} the packet in {hook}{rule}"
        if verdict == "unknown" and outcome.verdict == "queue":
            state = state.needs(Needed("what the program behind NFQUEUE answers", "iptables-save -c", network.name))
        at = last.at if last is not None else None
        return self.end(verdict, network, state, outcome.packet, says, by=at, reject_with=outcome.reject_with)

    def tracked(self, network: Network, packet: Packet, state: State) -> Packet:
        """The packet with what conntrack of this namespace knows of its connection."""
        if packet.answer is not None or state.inner:
            return packet
        for connection in (*reversed(self.known), *reversed(state.connections)):
            if connection.network is not network:
                continue
            last = connection.packet
            back = reverse(last)
            if back.protocol == packet.protocol and back.ends == packet.ends:
                return packet.replace(
                    ct_state="ESTABLISHED", ct_direction="REPLY", ct_status=last.ct_status, ct_mark=last.ct_mark,
                    original=back.original, answer=back.answer,
                )  # fmt: skip
        if packet.ct_state == "ESTABLISHED":
            return packet.replace(ct_state="NEW" if packet.protocol == "udp" else "INVALID", ct_direction="ORIGINAL")
        return packet

    def ways(self, network: Network, decision: Decision, state: State) -> Iterator[tuple[Result, NextHop, State]]:
        """The results that a decision may have, one per next hop, with their hops and what they depend on."""
        options: Iterable[Possibility]
        if decision.known:
            options = (Possibility(decision.result, decision.steps, ()),)
        else:
            # What is not known may lead anywhere: beside the possible results it stays a way of its own.
            known = [each for each in decision.possibilities if each.result.kind != "unknown"]
            rest = [each for each in decision.possibilities if each.result.kind == "unknown"]
            conditions = tuple(dict.fromkeys(why for each in rest for why in each.conditions)) or decision.depends_on
            unknown = [Possibility(Result("unknown"), decision.steps, conditions)] if rest or not known else []
            options = (*known, *unknown)
        for option in options:
            after = state
            for step in _worth_saying(option):
                after = after.hop(network, "route", step.says, step.at)
            for condition in option.conditions:
                after = after.needs(Needed(condition, "ip rule; ip route show table all", network.name))
            hops = option.result.nexthops or (NextHop(),)
            weight = sum(hop.weight for hop in hops)
            for hop in hops:
                one = after
                if len(hops) > 1:
                    one = msgspec.structs.replace(after, share=after.share * hop.weight / weight)
                yield option.result, hop, one

    def unrouted(self, network: Network, packet: Packet, result: Result, state: State) -> Leg:
        if result.kind == "unknown":
            needed = Needed(f"the routes of {network.name}", "ip rule; ip route show table all", network.name)
            says = f"which way {network.name} sends packets to {packet.destination} is not shown"
            if not state.depends_on:
                state = state.needs(needed)
            return self.end("unknown", network, state, packet, says)
        if result.error is None:
            says = f"{packet.destination} is a {result.kind} address for {network.name}"
            return self.end("unknown", network, state, packet, says)
        by = result.route.at if result.route is not None else None
        word = "no route" if result.kind == "unreachable" else f"a {result.kind} route"
        says = f"{network.name} has {word} to {packet.destination} ({result.error})"
        verdict: Verdict = "dropped" if result.kind == "blackhole" else "refused"
        return self.end(verdict, network, state, packet, says, by=by)

    def source(
        self, network: Network, dev: str, packet: Packet, out: str | None, state: State
    ) -> tuple[Leg | None, State]:
        """Martians and the reverse path filter; a packet that passes says nothing."""
        assert packet.source is not None and packet.destination is not None
        valid = source_is_valid(network, dev, packet.source, packet.destination, packet.mark, out)
        if valid.holds:
            return None, state
        if valid.holds is None:
            wanted = "sysctl -a --pattern 'rp_filter'" if "rp_filter" in valid.why else "ip route show table all"
            return None, state.needs(Needed(f"not {valid.why}", wanted, network.name))
        state = state.hop(network, "source", valid.why, valid.at)
        return self.end("dropped", network, state, packet, valid.why, by=valid.at), state

    def pause(
        self, network: Network, packet: Packet, state: State, go_on: Callable[[Any, Packet, State], Iterator[Leg]]
    ) -> Leg:
        """A way that goes on when the masked ends are known."""
        leg = self.end("unknown", network, state, packet, "")
        return msgspec.structs.replace(leg, paused=Pause(network, packet, go_on))

    def end(
        self,
        verdict: Verdict,
        network: Network | None,
        state: State,
        packet: Packet,
        why: str,
        *,
        by: Locator | None = None,
        dev: str | None = None,
        reject_with: str | None = None,
        pod: str | None = None,
    ) -> Leg:
        where = network.name if network is not None else str(self.world.pods[pod].pod) if pod is not None else ""
        if state.inner and verdict in ("dropped", "refused"):
            why = f"{why}; wrapped in it is {state.inner[0].packet}"
        return Leg(
            verdict, where, why, packet, network, dev, state.hops, state.share, state.depends_on,
            state.connections, state.wires, by, reject_with, pod, state.inner[0].packet if state.inner else None,
        )  # fmt: skip


def _worth_saying(option: Possibility) -> tuple[Step, ...]:
    """The route, and the rule that led to its table where somebody wrote it."""
    rule = option.result.rule
    is_default = rule is None or any((rule.priority, rule.table) == each for each in DEFAULT_RULES[rule.family])
    return option.steps[-1:] if is_default else option.steps[-2:]


def flow_of(packet: Packet, arrives_on: str | None = None) -> Flow:
    assert packet.destination is not None
    return Flow(
        destination=packet.destination,
        source=packet.source,
        arrives_on=arrives_on,
        mark=packet.mark,
        protocol=packet.protocol,
        source_port=packet.source_port,
        destination_port=packet.destination_port,
        uid=packet.uid,
    )


def _filter_of(network: Network) -> Needed:
    return Needed(
        f"that the packet filter of {network.name} lets it pass", "iptables-save; nft list ruleset", network.name
    )


def addresses_of(network: Network) -> Needed:
    return Needed(f"the address that {network.name} sends from", "ip -d addr", network.name)
