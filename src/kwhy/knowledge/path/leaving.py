"""How a packet leaves a namespace: the postrouting hook, tunnels, neighbours, wires, and the bridges on them.

Sources, Linux 6.18: net/ipv4/ip_output.c ip_finish_output2(); net/bridge/br_netfilter_hooks.c; drivers/net/veth.c;
drivers/net/loopback.c (marks and connections stay with the packet).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Final

import msgspec

from kwhy.facts.network import NextHop
from kwhy.knowledge.net.rule_match import Flow
from kwhy.knowledge.netfilter.evaluating import Outcome
from kwhy.knowledge.netfilter.packet import Packet, on_the_wire
from kwhy.knowledge.path.hops import Connection, Leg, Needed, Wire
from kwhy.knowledge.path.networks import Network
from kwhy.knowledge.path.resolving import answers_for_others, resolves
from kwhy.knowledge.path.steps import LOOPBACK, State, Stepping
from kwhy.knowledge.path.tunnels import Wrapped, wrapped
from kwhy.knowledge.path.world import Crossing, Reached

#: What shows the network of a node.
STATE_OF_A_NODE: Final = (
    "ip -d addr; ip neigh; bridge fdb show; ip rule; ip route show table all; sysctl -a --pattern '^net'; iptables-save"
)


class Leaving(Stepping, ABC):
    """The outgoing half of a walk."""

    @abstractmethod
    def send(self, network: Network, packet: Packet, state: State | None = None) -> Iterator[Leg]:
        """A packet that the namespace makes, as tunnels do."""

    @abstractmethod
    def arrive(
        self, network: Network, dev: str, packet: Packet, state: State | None = None, *, filtered: bool = False
    ) -> Iterator[Leg]:
        """A packet at the other end of the wire."""

    def leave(self, network: Network, packet: Packet, hop: NextHop, state: State) -> Iterator[Leg]:
        """The postrouting hook, and what carries the packet on."""
        dev = packet.oif or ""
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
        assert packet.destination is not None
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
            yield from self._cross(target, packet, state)
            return
        yield from self._unseen(network, packet, dev, nexthop, state, is_open=bool(segment.unseen))

    def _cross(self, target: Reached, packet: Packet, state: State) -> Iterator[Leg]:
        """Through the bridges on the way; the packet filter sees bridged frames where the kernel is told so."""
        yield from self._bridges(target, list(target.crossings), on_the_wire(packet), state)

    def _bridges(self, target: Reached, crossings: list[Crossing], packet: Packet, state: State) -> Iterator[Leg]:
        for index, crossing in enumerate(crossings):
            if not crossing.entered:
                continue
            asked, why = _calls_filter(crossing, packet)
            if asked is False:
                continue
            hops = list(self._bridge_hooks(crossing, packet, state))
            if asked is None and all(leg is None and same.packet.ends == packet.ends for leg, same, _ in hops):
                continue
            if asked is None:
                state = state.needs(Needed(why, "sysctl net.bridge.bridge-nf-call-iptables", crossing.network.name))
            for leg, outcome, after in hops:
                if leg is not None:
                    yield leg
                elif not crossing.left or outcome.packet.destination != packet.destination:
                    there = outcome.packet.replace(bridge_in=crossing.entered)
                    yield from self.arrive(crossing.network, crossing.bridge, there, after, filtered=True)
                else:
                    yield from self._bridges(target, crossings[index + 1 :], on_the_wire(outcome.packet), after)
            return
        entered = next((each.entered for each in reversed(crossings) if not each.left), "")
        yield from self.arrive(target.network, target.dev, packet.replace(bridge_in=entered), state)

    def _bridge_hooks(
        self, crossing: Crossing, packet: Packet, state: State
    ) -> Iterator[tuple[Leg | None, Outcome, State]]:
        """Prerouting, and for frames that stay on the bridge forward and postrouting."""
        network = crossing.network
        frame = packet.replace(iif=crossing.bridge, bridge_in=crossing.entered)
        for first, after in self.filtered_by(network, "prerouting", self.tracked(network, frame, state), state):
            if first.verdict != "accept":
                yield self.stopped(network, "prerouting", first, after), first, after
                continue
            if not crossing.left or first.packet.destination != packet.destination:
                yield None, first, after
                continue
            out = first.packet.replace(oif=crossing.bridge, bridge_out=crossing.left)
            for second, later in self.filtered_by(network, "forward", out, after):
                if second.verdict != "accept":
                    yield self.stopped(network, "forward", second, later), second, later
                    continue
                for third, last in self.filtered_by(network, "postrouting", second.packet, later):
                    if third.verdict != "accept":
                        yield self.stopped(network, "postrouting", third, last), third, last
                        continue
                    if not last.inner:
                        kept = (*last.connections, Connection(network, third.packet))
                        last = msgspec.structs.replace(last, connections=kept)
                    yield None, third, last

    def _unseen(
        self, network: Network, packet: Packet, dev: str, nexthop: str, state: State, *, is_open: bool
    ) -> Iterator[Leg]:
        """Nobody in the evidence answers for the next hop on this wire."""
        assert packet.destination is not None
        pod = self.world.pods.get(packet.destination)
        if pod is not None and not pod.host_network and pod.node in ("", network.node) and not state.inner:
            says = f"{dev} of {network.name} leads to {pod.pod}, whose own namespace is not shown"
            state = state.hop(network, "assumed", says, pod.at)
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


def _calls_filter(crossing: Crossing, packet: Packet) -> tuple[bool | None, str]:
    """Whether the kernel shows the bridge's frames to the packet filter; None: not shown, with the sentence."""
    network = crossing.network
    name = "iptables" if packet.family == 4 else "ip6tables"
    settings = network.bridges.get(crossing.bridge)
    if settings is not None and (settings.calls_iptables if packet.family == 4 else settings.calls_ip6tables):
        return True, ""
    key = f"net.bridge.bridge-nf-call-{name}"
    if key in network.missing_sysctls or not network.rules.shows(packet.family):
        return False, ""
    value = network.value(key)
    if value is not None:
        return value != 0, ""
    return None, f"{key} is 1 on {network.name}"
