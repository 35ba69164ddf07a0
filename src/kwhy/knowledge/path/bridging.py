"""Frames on a bridge, and what the packet filter makes of them where the kernel shows them to it.

With bridge-nf-call-iptables, prerouting is asked before the bridge looks where a frame goes. A packet whose new
destination is on the same bridge stays on it ("bridged DNAT"): it never leaves by the port that it came by, unless that
port is in hairpin mode, which is how pods fail to reach themselves through their own Service.

Source: Linux 6.18 net/bridge/br_netfilter_hooks.c br_nf_pre_routing_finish(), br_nf_forward_ip(),
br_nf_post_routing(); net/bridge/br_forward.c should_deliver().
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import msgspec

from kwhy.knowledge.netfilter.packet import Packet, on_the_wire
from kwhy.knowledge.path.hops import Connection, Leg, Needed
from kwhy.knowledge.path.networks import Network
from kwhy.knowledge.path.remembering import is_masked
from kwhy.knowledge.path.steps import State, Stepping, flow_of
from kwhy.knowledge.path.world import Crossing, Reached


class Bridging(Stepping, ABC):
    """The part of a walk between a device and the end of its wire."""

    @abstractmethod
    def arrive(
        self, network: Network, dev: str, packet: Packet, state: State | None = None, *, filtered: bool = False
    ) -> Iterator[Leg]:
        """A packet at the other end of the wire."""

    def cross(self, target: Reached, packet: Packet, state: State) -> Iterator[Leg]:
        """Over the wire to ``target``, through the bridges on the way."""
        yield from self._bridges(target, target.crossings, on_the_wire(packet), state)

    def _bridges(self, target: Reached, crossings: Sequence[Crossing], packet: Packet, state: State) -> Iterator[Leg]:
        for index, crossing in enumerate(crossings):
            asked, why = _calls_filter(crossing, packet) if crossing.entered else (False, "")
            if asked is False:
                continue
            legs = [*self._asked(target, crossing, crossings[index + 1 :], packet, state)]
            if asked is None:
                without = [*self._bridges(target, crossings[index + 1 :], packet, state)]
                if _same_ends(legs, without):
                    yield from without
                    return
                need = Needed(why, "sysctl net.bridge.bridge-nf-call-iptables", crossing.network.name)
                legs = [msgspec.structs.replace(leg, depends_on=(need, *leg.depends_on)) for leg in legs]
            yield from legs
            return
        entered = next((each.entered for each in reversed(crossings) if not each.left), "")
        yield from self.arrive(target.network, target.dev, packet.replace(bridge_in=entered), state)

    def _asked(
        self, target: Reached, crossing: Crossing, rest: Sequence[Crossing], packet: Packet, state: State
    ) -> Iterator[Leg]:
        """The packet filter's prerouting for a frame that came by a port, and what follows."""
        network = crossing.network
        frame = packet.replace(iif=crossing.bridge, bridge_in=crossing.entered)
        for outcome, after in self.filtered_by(network, "prerouting", self.tracked(network, frame, state), state):
            if outcome.verdict != "accept":
                yield self.stopped(network, "prerouting", outcome, after)
            elif outcome.packet.destination != packet.destination:
                yield from self._redirected(crossing, outcome.packet, after)
            elif crossing.left:
                yield from self._through(target, crossing, rest, outcome.packet, after)
            else:
                yield from self.arrive(network, crossing.bridge, outcome.packet, after, filtered=True)

    def _redirected(self, crossing: Crossing, packet: Packet, state: State) -> Iterator[Leg]:
        """To a new destination: on the same bridge it stays a frame, else the host routes it."""
        network, bridge = crossing.network, crossing.bridge
        for result, hop, after in self.ways(network, network.route(flow_of(packet, arrives_on=bridge)), state):
            nexthop = hop.via or packet.destination or ""
            target = self.world.segment(network, bridge).by_address.get(nexthop)
            if result.error is not None or result.kind != "unicast" or hop.dev != bridge or target is None:
                yield from self.arrive(network, bridge, packet, after, filtered=True)
                continue
            port = target.crossings[0].left
            if port == crossing.entered:
                shown = network.hairpins.get(port)
                says = (
                    f"the frame would leave {bridge} by the port that it came by ({port}), which is not in hairpin mode"
                )
                if shown is not None and not shown.hairpin:
                    after = after.hop(network, "bridge", says, shown.at)
                    yield self.end("dropped", network, after, packet, says, by=shown.at)
                    continue
                if shown is None:
                    after = after.needs(Needed(f"that {port} is in hairpin mode", "ip -d link", network.name))
            refused, after = self.source(network, bridge, packet, bridge, after)
            if refused is not None:
                yield refused
                continue
            turned = Crossing(network, bridge, crossing.entered, port)
            says = f"{bridge} leads to {target.dev} of {target.network.name}"
            after = after.hop(network, "bridge", says)
            yield from self._through(target, turned, target.crossings[1:], packet, after)

    def _through(
        self, target: Reached, crossing: Crossing, rest: Sequence[Crossing], packet: Packet, state: State
    ) -> Iterator[Leg]:
        """From port to port: forward and postrouting."""
        network = crossing.network
        if packet.ct_direction == "REPLY" and is_masked(packet):
            yield self.pause(
                network, packet, state, lambda walk, whole, then: walk._through(target, crossing, rest, whole, then)
            )
            return
        out = packet.replace(oif=crossing.bridge, bridge_out=crossing.left)
        for passed, after in self.filtered_by(network, "forward", out, state):
            if passed.verdict != "accept":
                yield self.stopped(network, "forward", passed, after)
                continue
            for left, last in self.filtered_by(network, "postrouting", passed.packet, after):
                if left.verdict != "accept":
                    yield self.stopped(network, "postrouting", left, last)
                    continue
                if not last.inner:
                    kept = (*last.connections, Connection(network, left.packet))
                    last = msgspec.structs.replace(last, connections=kept)
                yield from self._bridges(target, rest, on_the_wire(left.packet), last)


def _same_ends(some: Sequence[Leg], others: Sequence[Leg]) -> bool:
    """Whether two sets of ways lead to the same."""

    def ends(legs: Sequence[Leg]) -> set[tuple[object, ...]]:
        return {(leg.verdict, leg.where, leg.packet.ends, leg.depends_on) for leg in legs}

    return ends(some) == ends(others)


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
