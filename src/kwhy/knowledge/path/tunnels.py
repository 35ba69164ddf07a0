"""What a tunnel device makes of a packet, and which device of the other host unwraps it.

Sources, Linux 6.18: drivers/net/vxlan/vxlan_core.c vxlan_xmit(), vxlan_rcv(); drivers/net/geneve.c;
net/ipv4/ip_tunnel.c ip_tunnel_xmit(), ip_tunnel_lookup(); drivers/net/wireguard/allowedips.c. Overheads: VXLAN 50 (70
over IPv6: inner Ethernet 14, VXLAN 8, UDP 8, IP 20 or 40), Geneve the same without options, IPIP 20, GRE 24,
WireGuard 60 (80).
"""

from __future__ import annotations

from typing import Final

import msgspec

from kwhy.facts.devices import Tunnel
from kwhy.knowledge.net.policy_database import contains, network, number
from kwhy.knowledge.netfilter.packet import Packet, on_the_wire
from kwhy.knowledge.path.hops import Leg, Needed
from kwhy.knowledge.path.networks import Network
from kwhy.knowledge.path.world import World
from kwhy.model.document import Locator

#: Linux' own default port of vxlan devices (drivers/net/vxlan/vxlan_core.c vxlan_port); IANA's is 4789.
_VXLAN_PORT: Final = 8472
_GENEVE_PORT: Final = 6081
_WIREGUARD_PORT: Final = 51820
#: Entries for addresses that no other entry names: flooded.
_ALL_ZERO: Final = "00:00:00:00:00:00"
_OVERHEAD: Final = {"vxlan": 50, "geneve": 50, "ipip": 20, "sit": 20, "gre": 24, "gretap": 38, "wireguard": 60}
#: IP protocol numbers of the tunnels that use no UDP.
_PROTOCOLS: Final = {"ipip": "4", "sit": "41", "gre": "47", "gretap": "47", "ip6tnl": "41", "ip6gre": "47"}


class Wrapped(msgspec.Struct, frozen=True, gc=False):
    """A packet inside another. ``mac``: the inner frame's destination, where known (vxlan, geneve)."""

    packet: Packet
    outer: Packet
    kind: str
    id: int | None
    overhead: int
    says: str
    at: Locator | None
    mac: str | None = None


class Unwrapping(msgspec.Struct, frozen=True, gc=False):
    """The device that takes the inner packet."""

    dev: str
    at: Locator | None


def wrapped(world: World, source: Network, dev: str, nexthop: str, packet: Packet) -> Wrapped | Leg | None:
    """The packet as the tunnel device sends it on; None where the device is no tunnel; a Leg where the way ends."""
    kind = source.kind(dev)
    if kind == "wireguard":
        return _wireguard(source, dev, packet)
    tunnel = source.tunnels.get(dev)
    if tunnel is None:
        return None
    if tunnel.external:
        needed = Needed(f"the tunnel endpoint that {dev} is given with each packet", "ip route show table all",
                        source.name)  # fmt: skip
        return _leg("unknown", source, packet, f"{dev} of {source.name} gets its peer from elsewhere", None, needed)
    if tunnel.kind in ("vxlan", "geneve"):
        return _by_address(world, source, tunnel, nexthop, packet)
    remote = tunnel.remote or (nexthop if nexthop != packet.destination else None)
    if remote is None:
        return _leg(
            "dropped", source, packet, f"{dev} of {source.name} has no peer for {packet.destination}", tunnel.at
        )
    return _wrap(source, tunnel, remote, packet, tunnel.at, None)


def _by_address(world: World, source: Network, tunnel: Tunnel, nexthop: str, packet: Packet) -> Wrapped | Leg:
    """vxlan: the next hop's address, its MAC by the neighbour table, the peer by the forwarding table."""
    if tunnel.remote is not None and not source.forwarding:
        return _wrap(source, tunnel, tunnel.remote, packet, tunnel.at, None)
    entry = source.neighbours.get((tunnel.dev, nexthop))
    mac = entry.mac if entry is not None and entry.state not in ("FAILED", "INCOMPLETE") else None
    entries = [each for each in source.forwarding if each.dev == tunnel.dev and each.dst is not None]
    if mac is not None:
        for each in entries:
            if each.mac == mac and each.dst is not None:
                return _wrap(source, tunnel, each.dst, packet, each.at, mac)
    flooded = [each for each in entries if each.mac == _ALL_ZERO and each.dst is not None]
    owner = world.owner(nexthop)
    for each in flooded:
        if len(flooded) == 1 or (owner is not None and each.dst in _underlay_addresses(world, owner)):
            assert each.dst is not None
            return _wrap(source, tunnel, each.dst, packet, each.at, mac)
    if tunnel.remote is not None:
        return _wrap(source, tunnel, tunnel.remote, packet, tunnel.at, mac)
    if not source.forwarding:
        needed = Needed(f"behind which host {nexthop} is", "bridge fdb show; ip neigh", source.name)
        return _leg(
            "unknown", source, packet, f"the peers of {tunnel.dev} on {source.name} are not shown", tunnel.at, needed
        )
    if mac is None:
        says = f"{tunnel.dev} of {source.name} has no neighbour entry for {nexthop}"
        if not source.neighbours:
            needed = Needed(f"the hardware address of {nexthop}", "ip neigh", source.name)
            return _leg("unknown", source, packet, says, tunnel.at, needed)
        return _leg("dropped", source, packet, says, entry.at if entry is not None else tunnel.at)
    says = f"the forwarding table of {tunnel.dev} on {source.name} has no peer for {mac} ({nexthop})"
    return _leg("dropped", source, packet, says, tunnel.at)


def _underlay_addresses(world: World, owner: Network) -> frozenset[str]:
    """The addresses of the host on which a namespace is."""
    host = owner if owner.is_host else world.hosts.get(owner.node)
    return frozenset(host.own) if host is not None else frozenset()


def _wrap(source: Network, tunnel: Tunnel, remote: str, packet: Packet, at: Locator | None, mac: str | None) -> Wrapped:
    over6 = ":" in remote
    with_port = tunnel.kind in ("vxlan", "geneve")
    default = _VXLAN_PORT if tunnel.kind == "vxlan" else _GENEVE_PORT
    outer = Packet(
        family=6 if over6 else 4,
        protocol="udp" if with_port else _PROTOCOLS[tunnel.kind],
        source=tunnel.local,
        destination=remote,
        destination_port=(tunnel.port or default) if with_port else None,
        tcp_flags=frozenset(),
        mark=packet.mark,
        uid=None,
    )
    name = f"{tunnel.kind} {tunnel.id}" if tunnel.id is not None else tunnel.kind
    port = f" on UDP port {outer.destination_port}" if with_port else ""
    overhead = _OVERHEAD.get(tunnel.kind, 40) + (20 if over6 else 0)
    says = f"{tunnel.dev} wraps the packet as {name} to {remote}{port}"
    return Wrapped(on_the_wire(packet), outer, tunnel.kind, tunnel.id, overhead, says, at, mac)


def _wireguard(source: Network, dev: str, packet: Packet) -> Wrapped | Leg:
    assert packet.destination is not None
    best: tuple[int, int] | None = None
    peers = [each for each in source.wireguard if each.dev == dev]
    for index, peer in enumerate(peers):
        for prefix in peer.allowed:
            if (":" in prefix) == (packet.family == 6) and contains(prefix, number(packet.destination), packet.family):
                length = network(prefix)[1]
                if best is None or length > best[0]:
                    best = (length, index)
    if not peers:
        needed = Needed(f"the peers of {dev}", "wg show", source.name)
        return _leg("unknown", source, packet, f"the peers of {dev} on {source.name} are not shown", None, needed)
    if best is None:
        says = f"no peer of {dev} on {source.name} is allowed {packet.destination}"
        return _leg("refused", source, packet, says, peers[0].at)
    peer = peers[best[1]]
    if peer.endpoint is None:
        return _leg("dropped", source, packet, f"the peer of {dev} on {source.name} has no endpoint", peer.at)
    over6 = ":" in peer.endpoint
    outer = Packet(
        family=6 if over6 else 4, protocol="udp", source=None, destination=peer.endpoint,
        destination_port=peer.port or _WIREGUARD_PORT, tcp_flags=frozenset(),
    )  # fmt: skip
    says = f"{dev} encrypts the packet for {peer.endpoint} on UDP port {outer.destination_port}"
    return Wrapped(on_the_wire(packet), outer, "wireguard", None, 80 if over6 else 60, says, peer.at)


def unwrapped(there: Network, outer: Packet, wrapping: Wrapped) -> Unwrapping | str:
    """The device that unwraps what arrived; the sentence where there is none."""
    if wrapping.kind == "wireguard":
        dev = next((each.dev for each in there.wireguard), None) or next(
            (link.name for link in there.database.links.values() if link.kind == "wireguard"), None
        )
        return Unwrapping(dev, None) if dev is not None else f"{there.name} shows no WireGuard device"
    for tunnel in there.tunnels.values():
        if tunnel.kind != wrapping.kind or tunnel.id != wrapping.id:
            continue
        if tunnel.kind in ("vxlan", "geneve"):
            default = _VXLAN_PORT if tunnel.kind == "vxlan" else _GENEVE_PORT
            if (tunnel.port or default) != outer.destination_port:
                continue
        elif not _is_end_of(tunnel, outer):
            continue
        link = there.link(tunnel.dev)
        if link is not None and link.is_up is False:
            return f"{tunnel.dev} of {there.name} is down"
        if (
            link is not None
            and wrapping.mac is not None
            and link.mac not in (None, wrapping.mac)
            and link.master is None
        ):
            return f"the frame is for {wrapping.mac}, and {tunnel.dev} of {there.name} has {link.mac}"
        return Unwrapping(tunnel.dev, tunnel.at)
    name = f"{wrapping.kind} {wrapping.id}" if wrapping.id is not None else wrapping.kind
    return f"{there.name} has no device that unwraps {name}"


def _is_end_of(tunnel: Tunnel, outer: Packet) -> bool:
    return tunnel.remote in (None, outer.source) and tunnel.local in (None, outer.destination)


def _leg(verdict: str, source: Network, packet: Packet, says: str, at: Locator | None, *needed: Needed) -> Leg:
    from kwhy.knowledge.path.hops import Hop

    hops = (Hop(source.name, "tunnel", says, at),)
    return Leg(verdict, source.name, says, packet, source, None, hops, 1.0, needed, by=at)  # type: ignore[arg-type]
