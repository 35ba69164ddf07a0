"""What the packet filter asks of a namespace: the type of an address, the source for masquerading, the way back.

Sources, Linux 6.18: net/ipv4/fib_frontend.c __inet_dev_addr_type(), __fib_validate_source(); net/netfilter/
nf_nat_masquerade.c nf_nat_masquerade_ipv4(); net/ipv4/netfilter/ipt_rpfilter.c rpfilter_lookup_reverse().
"""

from __future__ import annotations

from ipaddress import ip_address

from kwhy.knowledge.net.policy_database import number
from kwhy.knowledge.net.rule_match import Flow
from kwhy.knowledge.net.source_address import chosen_source, select_v4
from kwhy.knowledge.netfilter.packet import Family, Packet
from kwhy.knowledge.netfilter.surroundings import Surroundings
from kwhy.knowledge.path.networks import Network

_SCOPE_UNIVERSE = 0


def surroundings(network: Network) -> Surroundings:
    """The answers that this namespace gives."""
    if not network.asked:
        network.asked.append(_surroundings(network))
    return network.asked[0]


def _surroundings(network: Network) -> Surroundings:

    def address_type(address: str, device: str | None) -> str | None:
        return _address_type(network, address, device)

    def source_for(packet: Packet) -> str | None:
        return masquerade_source(network, packet)

    def device_address(device: str, family: Family) -> str | None:
        return _device_address(network, device, family)

    def reverse_path(packet: Packet, loose: bool) -> bool | None:
        return _reverse_path(network, packet, loose=loose)

    return Surroundings(address_type, source_for, device_address, reverse_path)


def _address_type(network: Network, address: str, device: str | None) -> str | None:
    """Only the table "local" is asked; what it does not hold is UNICAST."""
    parsed = ip_address(address)
    if parsed.is_multicast:
        return "MULTICAST"
    if address in ("255.255.255.255", "0.0.0.0"):
        return "BROADCAST"
    family: Family = 6 if parsed.version == 6 else 4
    own = [each for each in network.database.addresses if each.address == address]
    if own:
        return "LOCAL" if device is None or any(each.dev == device for each in own) else "UNICAST"
    table = network.database.table("local", family)
    for _, routes in table.covering(number(address)):
        route = routes[0]
        if route.type in ("local", "broadcast", "anycast") and (device is None or route.dev == device):
            return route.type.upper()
    if parsed.is_loopback:
        return "LOCAL"
    if table.listing is None and network.database.address_listing is None:
        return None
    return "UNICAST"


def masquerade_source(network: Network, packet: Packet) -> str | None:
    """The address of the device that the packet leaves by, in the next hop's network before others."""
    if packet.oif is None or packet.destination is None:
        return None
    decision = network.route(
        Flow(
            destination=packet.destination,
            source=packet.source,
            mark=packet.mark,
            protocol=packet.protocol,
            source_port=packet.source_port,
            destination_port=packet.destination_port,
        )
    )
    hops = [hop for hop in decision.result.nexthops if hop.dev == packet.oif]
    if packet.family == 6:
        route = decision.result.route
        return chosen_source(network.database, route, hops[0], packet.destination) if route and hops else None
    if network.database.address_listing is None:
        return None
    via = hops[0].via if hops else None
    towards = via if via is not None and ":" not in via else packet.destination
    return select_v4(network.database, packet.oif, towards, _SCOPE_UNIVERSE)


def _device_address(network: Network, device: str, family: Family) -> str | None:
    """The first of the device's list: IPv6 keeps wider scopes first (net/ipv6/addrconf.c ipv6_link_dev_addr())."""
    known = [each for each in network.database.addresses if each.dev == device and each.family == family]
    first = next((each for each in known if each.scope != "link"), None) or next(iter(known), None)
    if first is not None:
        return first.address
    return "" if network.database.address_listing is not None else None


def _reverse_path(network: Network, packet: Packet, *, loose: bool) -> bool | None:
    if packet.source is None or packet.iif is None:
        return None
    flow = Flow(destination=packet.source, source=packet.destination, arrives_on="lo", mark=0)
    decision = network.route(flow)
    if not decision.known:
        return None
    if decision.result.kind not in ("unicast", "local"):
        return False
    return loose or packet.iif in decision.result.devices
