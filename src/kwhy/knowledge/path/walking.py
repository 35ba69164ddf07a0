"""A packet's way, hop by hop, as the kernel takes it: routes, hooks, devices, bridges, tunnels, the next namespace.

Every branch that the evidence leaves open (a rule that cannot be judged, one endpoint of several) becomes a leg of its
own, so that what is decidable behind it is still decided.

Sources, Linux 6.18: net/ipv4/ip_output.c __ip_queue_xmit(), ip_local_out(); net/ipv4/route.c ip_route_input_slow();
net/ipv4/ip_forward.c; net/ipv6/ip6_output.c ip6_forward(); net/ipv4/arp.c arp_process(); net/bridge/
br_netfilter_hooks.c; drivers/net/veth.c, drivers/net/loopback.c; drivers/net/vxlan/vxlan_core.c vxlan_xmit();
net/ipv4/netfilter.c ip_route_me_harder(). Checked against a running kernel by tests/labs/test_path_lab.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

import msgspec

from kwhy.facts.network import NextHop
from kwhy.knowledge.net.routing import Result, decide
from kwhy.knowledge.netfilter.packet import Packet, reverse
from kwhy.knowledge.path.hops import Connection, Leg, Needed
from kwhy.knowledge.path.leaving import Leaving
from kwhy.knowledge.path.networks import Network
from kwhy.knowledge.path.remembering import is_masked, known_masked, may_remember, remembered, rest_of_way
from kwhy.knowledge.path.steps import LOOPBACK, MOST_HOPS, State, addresses_of, flow_of
from kwhy.knowledge.path.tunnels import unwrapped
from kwhy.knowledge.path.world import World

#: Branches of one packet beyond this say nothing new.
MOST_LEGS: Final = 512
#: Where kube-proxy puts the addresses of Services that IPVS serves (pkg/proxy/ipvs/proxier.go, defaultDummyDevice).
IPVS_DEVICE: Final = "kube-ipvs0"


class Walk(Leaving):
    """One packet's walk."""

    # --- packets that a namespace makes -----------------------------------------------------------------------------

    def send(self, network: Network, packet: Packet, state: State | None = None) -> Iterator[Leg]:
        """From a socket of the namespace (ip_queue_xmit())."""
        state = state or State()
        if state.passed > MOST_HOPS:
            yield self.end("dropped", network, state, packet, "the packet goes round in circles until its TTL is over")
            return
        state = msgspec.structs.replace(state, passed=state.passed + 1)
        assert packet.destination is not None
        flow = flow_of(packet)
        key = ("send", flow)
        decision = network.routed.get(key)
        if decision is None:
            decision = network.routed[key] = decide(network.database, flow)
        for result, hop, after in self.ways(network, decision, state):
            if result.error is not None or result.kind not in ("unicast", "local"):
                yield self.unrouted(network, packet, result, after)
                continue
            dev = LOOPBACK if result.kind == "local" else (hop.dev or "")
            made = packet.replace(source=packet.source or result.source, iif="", oif=dev)
            if made.source is None:
                after = after.needs(addresses_of(network))
            yield from self._output(network, self.tracked(network, made, after), result, hop, after)

    def _output(self, network: Network, packet: Packet, result: Result, hop: NextHop, state: State) -> Iterator[Leg]:
        for outcome, after in self.filtered_by(network, "output", packet, state):
            if outcome.verdict != "accept":
                yield self.stopped(network, "output", outcome, after)
                continue
            leaving = outcome.packet
            changed = (leaving.destination, leaving.mark) != (packet.destination, packet.mark)
            if not changed:
                yield from self.leave(network, leaving, hop, after)
                continue
            for again, next_hop, then in self.ways(network, network.route(flow_of(leaving)), after):
                if again.error is not None or again.kind not in ("unicast", "local"):
                    yield self.unrouted(network, leaving, again, then)
                    continue
                dev = LOOPBACK if again.kind == "local" else (next_hop.dev or "")
                yield from self.leave(network, leaving.replace(oif=dev), next_hop, then)

    # --- packets that arrive ----------------------------------------------------------------------------------------

    def arrive(
        self, network: Network, dev: str, packet: Packet, state: State | None = None, *, filtered: bool = False
    ) -> Iterator[Leg]:
        """On a device of the namespace (ip_rcv()). ``filtered``: a bridge has already asked the prerouting hook."""
        state = state or State()
        if state.passed > MOST_HOPS:
            yield self.end("dropped", network, state, packet, "the packet goes round in circles until its TTL is over")
            return
        state = msgspec.structs.replace(state, passed=state.passed + 1)
        packet = packet.replace(iif=dev, oif="")
        if filtered:
            yield from self._route_in(network, dev, packet, state)
            return
        for outcome, after in self.filtered_by(network, "prerouting", self.tracked(network, packet, state), state):
            if outcome.verdict != "accept":
                yield self.stopped(network, "prerouting", outcome, after)
            elif outcome.proxied_to is not None:
                says = f"the transparent proxy {outcome.proxied_to} takes the packet"
                yield self.end("delivered", network, after, outcome.packet, says, dev=dev)
            elif self.known or after.inner or not may_remember(self.world):
                yield from self._route_in(network, dev, outcome.packet, after)
            else:
                yield from rest_of_way(
                    self.world, network, dev, outcome.packet, after, partial(self._route_in, network, dev)
                )

    def _route_in(self, network: Network, dev: str, packet: Packet, state: State) -> Iterator[Leg]:
        if packet.destination is None or packet.source is None:
            says = f"which addresses the packet has in {network.name} is not shown"
            yield self.end("unknown", network, state.needs(addresses_of(network)), packet, says)
            return
        if dev == LOOPBACK:
            yield from self._input(network, dev, packet, state)
            return
        decision = network.route(flow_of(packet, arrives_on=dev))
        for result, hop, after in self.ways(network, decision, state):
            if result.kind == "local":
                yield from self._checked_input(network, dev, packet, after)
            elif result.error is None and result.kind == "unicast":
                yield from self._forward(network, dev, packet, result, hop, after)
            else:
                yield self.unrouted(network, packet, result, after)

    def _checked_input(self, network: Network, dev: str, packet: Packet, state: State) -> Iterator[Leg]:
        refused, state = self.source(network, dev, packet, None, state)
        if refused is not None:
            yield refused
        else:
            yield from self._input(network, dev, packet, state)

    def _input(self, network: Network, dev: str, packet: Packet, state: State) -> Iterator[Leg]:
        if packet.ct_direction == "REPLY" and is_masked(packet):
            yield self.pause(network, packet, state, lambda walk, whole, then: walk._input(network, dev, whole, then))
            return
        for outcome, after in self.filtered_by(network, "input", packet, state):
            if outcome.verdict != "accept":
                yield self.stopped(network, "input", outcome, after)
            else:
                yield from self._deliver(network, dev, outcome.packet, after)

    def _deliver(self, network: Network, dev: str, packet: Packet, state: State) -> Iterator[Leg]:
        """To a socket, or to the tunnel device that unwraps it."""
        if network.own.get(packet.destination or "") == IPVS_DEVICE:
            needed = Needed(f"the servers behind {packet.destination}", "ipvsadm -Ln", network.name)
            says = f"IPVS of {network.name} sends the packet on, which is not followed"
            yield self.end("unknown", network, state.needs(needed), packet, says)
            return
        if not state.inner:
            after = msgspec.structs.replace(state, connections=(*state.connections, Connection(network, packet))).hop(
                network, "receiver", f"{_port(packet)} of {network.name} gets the packet from {packet.source}"
            )
            yield self.end("delivered", network, after, packet, f"{network.name} gets it", dev=dev)
            return
        wrapping, state = state.inner[-1], msgspec.structs.replace(state, inner=state.inner[:-1])
        found = unwrapped(network, packet, wrapping)
        if isinstance(found, str):
            yield self.end("dropped", network, state, packet, found)
            return
        state = state.hop(network, "tunnel", f"{found.dev} unwraps the packet", found.at)
        link = network.link(found.dev)
        # Marks stay with the packet inside of a namespace (iptunnel_pull_header()); WireGuard makes a new one.
        inner = wrapping.packet.replace(mark=0 if wrapping.kind == "wireguard" else packet.mark)
        if link is not None and link.master is not None and network.is_bridge(link.master):
            yield from self.arrive(network, link.master, inner.replace(bridge_in=found.dev), state)
        else:
            yield from self.arrive(network, found.dev, inner, state)

    def _forward(
        self, network: Network, dev: str, packet: Packet, result: Result, hop: NextHop, state: State
    ) -> Iterator[Leg]:
        refused, state = self._forwarding(network, dev, packet, state)
        if refused is not None:
            yield refused
            return
        out = hop.dev or ""
        refused, state = self.source(network, dev, packet, out, state)
        if refused is not None:
            yield refused
            return
        for outcome, after in self.filtered_by(network, "forward", packet.replace(oif=out), state):
            if outcome.verdict != "accept":
                yield self.stopped(network, "forward", outcome, after)
            else:
                yield from self.leave(network, outcome.packet, hop, after)

    def _forwarding(self, network: Network, dev: str, packet: Packet, state: State) -> tuple[Leg | None, State]:
        """Whether the namespace forwards what arrives on the device."""
        if packet.family == 6:
            keys: tuple[str, ...] = ("net.ipv6.conf.all.forwarding",)
        else:
            keys = (
                f"net.ipv4.conf.{dev.replace('.', '/')}.forwarding",
                "net.ipv4.ip_forward",
                "net.ipv4.conf.all.forwarding",
            )
        shown = [found for key in keys if (found := network.sysctl(key)) is not None]
        setting = next(iter(shown), None)
        if setting is None:
            command = f"sysctl {keys[0] if packet.family == 6 else 'net.ipv4.ip_forward'}"
            return None, state.needs(Needed(f"{network.name} forwards packets", command, network.name))
        if setting.value.strip() != "0":
            return None, state
        # What switches the device off is mostly the switch for all.
        setting = next((each for each in shown[1:] if each.value.strip() == "0"), setting)
        says = f"{setting.key} is 0: {network.name} does not forward packets"
        state = state.hop(network, "forwarding", says, setting.at)
        return self.end("dropped", network, state, packet, says, by=setting.at), state


def forward(world: World, network: Network, packet: Packet) -> tuple[Leg, ...]:
    """The ways of a connection's first packet that a namespace makes."""
    return _limited(Walk(world).send(network, packet))


def arriving(
    world: World, network: Network, dev: str, packet: Packet, known: Sequence[Connection] = ()
) -> tuple[Leg, ...]:
    """The ways of a packet from a pod whose own namespace is not shown: it begins on the node's device."""
    return _limited(Walk(world, known).arrive(network, dev, packet))


def answer(world: World, leg: Leg) -> tuple[Leg, ...]:
    """The ways of the answer to a delivered packet. Empty where the receiver is not in evidence.

    The answer of a pod whose own namespace is not shown begins on the device that leads to it.
    """
    back = answer_packet(leg.packet)
    if leg.network is not None:
        start, dev = leg.network, None
    elif leg.pod_reached is not None and leg.connections and leg.packet.oif:
        start, dev = leg.connections[-1].network, leg.packet.oif
    else:
        return ()
    known = leg.connections
    if not may_remember(world):
        return _limited(_answered(Walk(world, known), start, dev, back))
    plain = known_masked(known)
    key = (id(start), dev, back, *((id(each.network), each.packet) for each in plain))
    legs = remembered(world, key, lambda: _limited(_answered(Walk(world, plain), start, dev, back)))
    return _limited(_resumed(Walk(world, known), legs))


def _answered(walk: Walk, start: Network, dev: str | None, back: Packet) -> Iterator[Leg]:
    return walk.send(start, back) if dev is None else walk.arrive(start, dev, back)


def _resumed(walk: Walk, legs: tuple[Leg, ...]) -> Iterator[Leg]:
    """What stopped before its translation goes on with the connection's own first ends."""
    for leg in legs:
        if leg.paused is None:
            yield leg
            continue
        network = leg.paused.network
        first = next(
            each.packet.original for each in walk.known if each.network is network and each.packet.original is not None
        )
        packet = leg.paused.packet.replace(original=first)
        state = State(leg.hops, leg.share, leg.depends_on, leg.connections, leg.wires)
        yield from leg.paused.go_on(walk, packet, state)


def answer_packet(packet: Packet) -> Packet:
    """The receiver's answer as its socket makes it."""
    turned = reverse(packet.replace(original=None, answer=None))
    return turned.replace(ct_state="ESTABLISHED", ct_direction="REPLY", original=None, answer=None, iif="", oif="",
                          bridge_in="", bridge_out="")  # fmt: skip


def _limited(legs: Iterator[Leg]) -> tuple[Leg, ...]:
    found: list[Leg] = []
    for leg in legs:
        found.append(leg)
        if len(found) >= MOST_LEGS:
            break
    return tuple(found)


def _port(packet: Packet) -> str:
    if packet.destination_port is None:
        return packet.protocol
    return f"{packet.protocol} port {packet.destination_port}"
