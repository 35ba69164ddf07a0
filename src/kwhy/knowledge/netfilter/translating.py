"""Address translation: what DNAT, SNAT, MASQUERADE, REDIRECT and NETMAP make of the first packet of a connection.

Sources, Linux 6.18: net/netfilter/nf_nat_core.c (nf_nat_setup_info, get_unique_tuple), nf_nat_masquerade.c,
nf_nat_redirect.c, xt_NETMAP.c.
"""

from __future__ import annotations

import ipaddress

import msgspec

from kwhy.knowledge.netfilter.packet import WITH_PORTS, Packet, number_of
from kwhy.knowledge.netfilter.rule import Do, Effect, Final
from kwhy.knowledge.netfilter.surroundings import Surroundings

_ACCEPT = Final("accept", "")


class Ports(msgspec.Struct, frozen=True, gc=False):
    first: int
    last: int


class Target(msgspec.Struct, frozen=True, gc=False):
    """``address`` None: it stays. ``several``: one of more addresses, chosen by a hash that nothing shows."""

    address: str | None
    ports: Ports | None = None
    several: bool = False


def ports_of(text: str | None) -> Ports | None:
    """ "8080", "1000-2000"; None where there is none."""
    if not text:
        return None
    low, dash, high = text.partition("/")[0].partition("-")
    if not low.isdigit() or (dash and not high.isdigit()):
        return None
    return Ports(int(low), int(high) if dash else int(low))


def target_of(text: str) -> Target | None:
    """ "10.0.0.1:80", "[fd00::1]:80", "10.0.0.1-10.0.0.9", ":80", "fd00::1"; None for what is none of these."""
    addresses, port = text, ""
    if text.startswith("["):
        addresses, bracket, port = text[1:].partition("]")
        if not bracket:
            return None
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        addresses, _, port = text.partition(":")
    ports = ports_of(port)
    if port and ports is None:
        return None
    if not addresses:
        return Target(None, ports) if ports is not None else None
    first, dash, last = addresses.partition("-")
    try:
        canonical = str(ipaddress.ip_address(first))
        several = bool(dash) and ipaddress.ip_address(last) != ipaddress.ip_address(first)
    except ValueError:
        return None
    return Target(canonical, ports, several)


def _port(packet: Packet, before: int | None, ports: Ports | None, *, random: bool, kept: bool) -> int | None:
    """The port after translation; None where the kernel chooses. ``kept``: without a range, it stays if it is free."""
    if packet.protocol not in WITH_PORTS:
        return before
    if ports is not None and ports.first == ports.last:
        return ports.first
    if random:
        return None
    if ports is not None:
        return before if kept and before is not None and ports.first <= before <= ports.last else None
    return before


def _tracked(packet: Packet) -> bool:
    return packet.ct_state not in ("INVALID", "UNTRACKED")


def _first(packet: Packet) -> Packet:
    return packet if packet.original is not None else packet.replace(original=packet.ends)


def to_destination(packet: Packet, address: str | None, port: int | None) -> Packet:
    """The first packet of a connection with another destination."""
    changed = (address, port) != (packet.destination, packet.destination_port) or address is None
    status = packet.ct_status | {"DNAT"} if changed else packet.ct_status
    return _first(packet).replace(destination=address, destination_port=port, ct_status=status)


def to_source(packet: Packet, address: str | None, port: int | None) -> Packet:
    """The first packet of a connection with another source."""
    changed = (address, port) != (packet.source, packet.source_port) or address is None
    status = packet.ct_status | {"SNAT"} if changed else packet.ct_status
    return _first(packet).replace(source=address, source_port=port, ct_status=status)


def destination(to: Target, *, random: bool = False) -> Do:
    def do(p: Packet, s: Surroundings) -> tuple[Effect, ...]:
        if not _tracked(p):
            return (Effect(p, then=_ACCEPT),)
        address = None if to.several else p.destination if to.address is None else to.address
        port = _port(p, p.destination_port, to.ports, random=random and to.ports is not None, kept=True)
        return (_translated(to_destination(p, address, port), "destination", address, port),)

    return do


def source(to: Target, *, random: bool = False) -> Do:
    def do(p: Packet, s: Surroundings) -> tuple[Effect, ...]:
        if not _tracked(p):
            return (Effect(p, then=_ACCEPT),)
        address = None if to.several else p.source if to.address is None else to.address
        port = _port(p, p.source_port, to.ports, random=random, kept=True)
        return (_translated(to_source(p, address, port), "source", address, port),)

    return do


def masquerade(ports: Ports | None, *, random: bool = False) -> Do:
    def do(p: Packet, s: Surroundings) -> tuple[Effect, ...]:
        if not _tracked(p):
            return (Effect(p, then=_ACCEPT),)
        address = s.source_for(p)
        port = _port(p, p.source_port, ports, random=random, kept=True)
        effect = _translated(to_source(p, address, port), "source", address, port)
        if address is None and p.oif:
            says = f"gives it the address of {p.oif} as source"
            return (msgspec.structs.replace(effect, says=says),)
        return (effect,)

    return do


def redirect(ports: Ports | None, *, random: bool = False) -> Do:
    """To the host itself: 127.0.0.1 for what it sends, else the first address of the device it came by."""

    def do(p: Packet, s: Surroundings) -> tuple[Effect, ...]:
        if not _tracked(p):
            return (Effect(p, then=_ACCEPT),)
        address: str | None
        if p.hook == "output":
            address = "127.0.0.1" if p.family == 4 else "::1"
        else:
            address = s.device_address(p.iif, p.family) if p.iif is not None else None
        if address == "":
            return (Effect(p, "drops it: the device has no address", Final("drop", "drops it")),)
        port = _port(p, p.destination_port, ports, random=random and ports is not None, kept=True)
        return (_translated(to_destination(p, address, port), "destination", address, port),)

    return do


def netmap(network: tuple[int, int, int]) -> Do:
    """The network part is replaced, the host part stays; the hook decides whose (xt_NETMAP.c netmap_tg4)."""
    value, mask, bits = network
    make = ipaddress.IPv4Address if bits == 32 else ipaddress.IPv6Address

    def do(p: Packet, s: Surroundings) -> tuple[Effect, ...]:
        if not _tracked(p):
            return (Effect(p, then=_ACCEPT),)
        is_source = p.hook in ("postrouting", "input")
        before = p.source if is_source else p.destination
        after = str(make((number_of(before) & ~mask & ((1 << bits) - 1)) | value)) if before is not None else None
        if is_source:
            return (_translated(to_source(p, after, p.source_port), "source", after, p.source_port),)
        return (_translated(to_destination(p, after, p.destination_port), "destination", after, p.destination_port),)

    return do


def _translated(packet: Packet, which: str, address: str | None, port: int | None) -> Effect:
    where = address or "an address that is not shown"
    if packet.protocol in WITH_PORTS:
        where = f"[{where}]" if ":" in where else where
        where += f":{port}" if port is not None else ", port chosen by the kernel"
    return Effect(packet, f"translates its {which} to {where}", _ACCEPT, nat=True)


def follow_connection(packet: Packet, *, of_destination: bool) -> Packet:
    """Translates a packet of a known connection as its first packet was, or back (nf_nat_core.c nf_nat_packet).

    ``of_destination``: the hook translates destinations (prerouting, output); otherwise sources (postrouting, input).
    """
    first, answer = packet.original, packet.answer
    if first is None or answer is None:
        return packet
    becomes = first.swapped() if packet.ct_direction == "REPLY" else answer.swapped()
    if of_destination:
        return packet.replace(destination=becomes.destination, destination_port=becomes.destination_port)
    return packet.replace(source=becomes.source, source_port=becomes.source_port)
