"""How a packet leaves a namespace: the postrouting hook, tunnels, neighbours, wires, and the bridges on them.

Sources, Linux 6.18: net/ipv4/ip_output.c ip_finish_output2(); net/bridge/br_netfilter_hooks.c; drivers/net/veth.c;
drivers/net/loopback.c (marks and connections stay with the packet).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Final

import msgspec

from kwhy.facts.network import NextHop
from kwhy.knowledge.net.rule_match import Flow
from kwhy.knowledge.netfilter.packet import Packet, on_the_wire
from kwhy.knowledge.path.bridging import Bridging
from kwhy.knowledge.path.hops import Connection, Leg, Needed, Wire
from kwhy.knowledge.path.networks import Network
from kwhy.knowledge.path.remembering import is_masked
from kwhy.knowledge.path.resolving import answers_for_others, resolves
from kwhy.knowledge.path.steps import LOOPBACK, State, addresses_of
from kwhy.knowledge.path.tunnels import Wrapped, wrapped
from kwhy.knowledge.path.world import Reached

#: What shows the network of a node.
STATE_OF_A_NODE: Final = (
    "ip -d addr; ip neigh; bridge fdb show; ip rule; ip route show table all; sysctl -a --pattern '^net'; iptables-save"
)


class Leaving(Bridging):
    """The outgoing half of a walk."""

    @abstractmethod
    def send(self, network: Network, packet: Packet, state: State | None = None) -> Iterator[Leg]:
        """A packet that the namespace makes, as tunnels do."""

    def leave(self, network: Network, packet: Packet, hop: NextHop, state: State) -> Iterator[Leg]:
        """The postrouting hook, and what carries the packet on."""
        dev = packet.oif or ""
        if packet.ct_direction == "REPLY" and is_masked(packet) and not state.inner:
            yield self.pause(network, packet, state, lambda walk, whole, then: walk.leave(network, whole, hop, then))
            return
        for outcome, after in self.filtered_by(network, "postrouting", packet, state):
            if outcome.verdict != "accept":
                yield self.stopped(network, "postrouting", outcome, after)
                continue
            leaving = outcome.packet
            if not after.inner:
                after = msgspec.structs.replace(after, connections=(*after.connections, Connection(network, leaving)))
            if dev == LOOPBACK:
                again = leaving.replace(answer=leaving.ends.swapped()) if leaving.answer is None else leaving
                yield from self.arrive(network, dev, again, after)
            else:
                yield from self._transmit(network, leaving, dev, hop.via, after)

    def _transmit(self, network: Network, packet: Packet, dev: str, via: str | None, state: State) -> Iterator[Leg]:
        if packet.destination is None:
            says = f"where {network.name} sends the packet to is not shown"
            yield self.end("unknown", network, state.needs(addresses_of(network)), packet, says)
            return
        nexthop = via or packet.destination
        link = network.link(dev)
        if link is not None and link.is_up is False:
            says = f"device {dev} of {network.name} is down"
            yield self.end("dropped", network, state.hop(network, "device", says, link.at), packet, says, by=link.at)
            return
        tunnel = wrapped(self.world, network, dev, nexthop, packet)
        state = self._wire(network, dev, state, tunnel)
        if isinstance(tunnel, Wrapped):
            state = state.hop(network, "tunnel", tunnel.says, tunnel.at)
            state = msgspec.structs.replace(state, inner=(*state.inner, tunnel))
            yield from self.send(network, tunnel.outer, state)
        elif isinstance(tunnel, Leg):
            yield msgspec.structs.replace(tunnel, hops=(*state.hops, *tunnel.hops), share=state.share,
                                          depends_on=(*state.depends_on, *tunnel.depends_on),
                                          connections=state.connections, wires=state.wires)  # fmt: skip
        else:
            yield from self._over_the_wire(network, packet, dev, nexthop, state)

    def _wire(self, network: Network, dev: str, state: State, tunnel: object) -> State:
        link = network.link(dev)
        if link is None or dev == LOOPBACK:
            return state
        overhead = sum(wrapping.overhead for wrapping in state.inner)
        fits = link.mtu - overhead if link.mtu is not None else None
        return msgspec.structs.replace(state, wires=(*state.wires, Wire(network.name, dev, fits, link.at)))

    def _over_the_wire(self, network: Network, packet: Packet, dev: str, nexthop: str, state: State) -> Iterator[Leg]:
        """To whoever answers for the next hop (ARP, NDP) on the device's wire."""
        entry = network.neighbours.get((dev, nexthop))
        if entry is not None and entry.state in ("FAILED", "INCOMPLETE"):
            says = f"{nexthop} does not answer for its address on {dev} of {network.name} ({entry.state})"
            state = state.hop(network, "neighbour", says, entry.at)
            yield self.end("dropped", network, state, packet, says, by=entry.at)
            return
        segment = self.world.segment(network, dev)
        target: Reached | None = None
        if (
            entry is not None
            and entry.mac is not None
            and (entry.state == "PERMANENT" or nexthop not in segment.by_address)
        ):
            target = segment.by_mac.get(entry.mac)
        if target is None:
            target = segment.by_address.get(nexthop)
        if target is None:
            target = next((each for each in segment.reached if answers_for_others(each)), None)
        if target is not None and (entry is None or entry.mac is None):
            resolved = resolves(network, dev, nexthop, packet.source, target)
            if resolved.holds is False:
                state = state.hop(network, "neighbour", resolved.why, resolved.at)
                yield self.end("dropped", network, state, packet, resolved.why, by=resolved.at)
                return
        if target is not None:
            shown = f" at {entry.mac}" if entry is not None and entry.mac is not None else ""
            says = f"{dev} leads to {target.dev} of {target.network.name}{shown}"
            at = entry.at if entry is not None else None
            state = state.hop(network, "device", says, at)
            yield from self.cross(target, packet, state)
            return
        yield from self._unseen(network, packet, dev, nexthop, state, is_open=bool(segment.unseen))

    def _unseen(
        self, network: Network, packet: Packet, dev: str, nexthop: str, state: State, *, is_open: bool
    ) -> Iterator[Leg]:
        """Nobody in the evidence answers for the next hop on this wire."""
        assert packet.destination is not None
        pod = self.world.pods.get(packet.destination)
        if pod is not None and not pod.host_network and pod.node in ("", network.node) and not state.inner:
            says = f"{dev} of {network.name} leads to {pod.pod}, whose own namespace is not shown"
            state = state.hop(network, "assumed", says, self.world.place_of(pod.pod))
            yield self.end("delivered", None, state, packet, f"{pod.pod} gets it", pod=packet.destination)
            return
        if not is_open:
            says = f"nobody answers for {nexthop} on {dev} of {network.name}"
            yield self.end("dropped", network, state.hop(network, "neighbour", says), packet, says)
            return
        owner = self.world.owner(packet.destination)
        if owner is not None and owner.is_host and owner is not network:
            there = owner.own[packet.destination]
            says = f"the network between {network.name} and {owner.name} is not shown, and taken to deliver"
            yield from self.arrive(owner, there, on_the_wire(packet), state.hop(network, "assumed", says))
            return
        node = self.world.nodes.get(packet.destination) or (pod.node if pod is not None else None)
        host = self.world.hosts.get(node) if node is not None else None
        if pod is not None and host is not None and host is not network and not pod.host_network:
            there = self._towards(host, network) or ""
            says = f"the network between {network.name} and {host.name} is not shown, and taken to deliver"
            yield from self.arrive(host, there, on_the_wire(packet), state.hop(network, "assumed", says))
            return
        if node:
            needed = Needed(f"the network of node {node}", STATE_OF_A_NODE, f"node {node}")
            says = f"node {node} gets the packet, and nothing shows its network"
            yield self.end("unknown", None, state.needs(needed), packet, says)
            return
        to = f"to {nexthop}" if nexthop != packet.destination else f"to {packet.destination}"
        says = f"the packet leaves {network.name} by {dev} {to}; nothing beyond is shown"
        yield self.end("left", network, state.hop(network, "device", says), packet, says, dev=dev)

    def _towards(self, host: Network, other: Network) -> str | None:
        """The device of ``host`` by which it would answer an address of ``other``."""
        for address in other.own:
            decision = host.route(Flow(destination=address))
            if decision.known and decision.result.kind == "unicast":
                return next(iter(decision.result.devices), None)
        return None
