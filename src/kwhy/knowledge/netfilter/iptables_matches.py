"""The matches of iptables, answered as the kernel answers them.

Sources, Linux 6.18: net/ipv4/netfilter/ip_tables.c (ip_packet_match), net/netfilter/xt_*.c (each match's own file);
option names as `iptables-save` prints them: iptables 1.8.9 extensions/libxt_*.c, libip6t_*.c (functions *_save).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from kwhy.knowledge.netfilter.packet import (
    WITH_PORTS,
    Packet,
    number_of,
    protocol_name,
    protocol_number,
)
from kwhy.knowledge.netfilter.rule import Test
from kwhy.knowledge.netfilter.sets import AddressSets
from kwhy.knowledge.netfilter.surroundings import Surroundings

#: The option's values and whether "!" stands before it -> the test; None: the values are not understood.
Builder: TypeAlias = Callable[[Sequence[str], bool], Test | None]
_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG")


def unknown(packet: Packet, surroundings: Surroundings) -> bool | None:
    return None


def _number(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None


def network_of(text: str) -> tuple[int, int, int] | None:
    """Value, mask and number of bits of "10.0.0.0/8", "10.0.0.1", "10.0.0.0/255.0.255.0"."""
    address, slash, length = text.partition("/")
    try:
        value = ipaddress.ip_address(address)
        bits = value.max_prefixlen
        if not slash:
            mask = (1 << bits) - 1
        elif length.isdigit():
            mask = ((1 << bits) - 1) ^ ((1 << (bits - int(length))) - 1)
        else:
            mask = int(ipaddress.ip_address(length))
    except ValueError:
        return None
    return int(value) & mask, mask, bits


def source(values: Sequence[str], negated: bool) -> Test | None:
    network = network_of(values[0])
    if network is None:
        return None
    value, mask, bits = network
    if mask == (1 << bits) - 1:
        exact = str(ipaddress.ip_address(values[0].partition("/")[0]))
        return lambda p, s: (p.source == exact) != negated if p.source is not None else None
    if mask == 0:
        return lambda p, s: not negated
    return lambda p, s: ((number_of(p.source) & mask) == value) != negated if p.source is not None else None


def destination(values: Sequence[str], negated: bool) -> Test | None:
    network = network_of(values[0])
    if network is None:
        return None
    value, mask, bits = network
    if mask == (1 << bits) - 1:
        exact = str(ipaddress.ip_address(values[0].partition("/")[0]))
        return lambda p, s: (p.destination == exact) != negated if p.destination is not None else None
    if mask == 0:
        return lambda p, s: not negated
    return lambda p, s: ((number_of(p.destination) & mask) == value) != negated if p.destination is not None else None


def _named(pattern: str, name: str | None, negated: bool) -> bool | None:
    if name is None:
        return None
    if pattern.endswith("+"):
        return name.startswith(pattern[:-1]) != negated
    return (name == pattern) != negated


def in_device(values: Sequence[str], negated: bool) -> Test | None:
    pattern = values[0]
    return lambda p, s: _named(pattern, p.iif, negated)


def out_device(values: Sequence[str], negated: bool) -> Test | None:
    pattern = values[0]
    return lambda p, s: _named(pattern, p.oif, negated)


def protocol(values: Sequence[str], negated: bool) -> Test | None:
    if values[0] == "all":
        return lambda p, s: not negated
    name = protocol_name(values[0])
    if protocol_number(name) is None:
        return None
    if name == "0":
        return lambda p, s: not negated
    return lambda p, s: (p.protocol == name) != negated


def fragment(values: Sequence[str], negated: bool) -> Test | None:
    return lambda p, s: p.fragment != negated


def ranges_of(text: str) -> tuple[tuple[int, int], ...] | None:
    """ "53,1000:2000" """
    found = []
    for part in text.split(","):
        low, colon, high = part.partition(":")
        first = int(low) if low.isdigit() else 0 if colon and not low else None
        last = first if not colon else int(high) if high.isdigit() else 65535 if not high else None
        if first is None or last is None:
            return None
        found.append((first, last))
    return tuple(found)


def source_port(values: Sequence[str], negated: bool) -> Test | None:
    ranges = ranges_of(values[0])
    if ranges is None:
        return None
    return lambda p, s: _port(p, p.source_port, ranges, negated)


def destination_port(values: Sequence[str], negated: bool) -> Test | None:
    ranges = ranges_of(values[0])
    if ranges is None:
        return None
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        only = ranges[0][0]

        def exactly(p: Packet, s: Surroundings) -> bool | None:
            if p.protocol not in WITH_PORTS or p.fragment:
                return False
            port = p.destination_port
            return (port == only) != negated if port is not None else None

        return exactly
    return lambda p, s: _port(p, p.destination_port, ranges, negated)


def either_port(values: Sequence[str], negated: bool) -> Test | None:
    ranges = ranges_of(values[0])
    if ranges is None:
        return None

    def test(p: Packet, s: Surroundings) -> bool | None:
        one, other = _port(p, p.source_port, ranges, False), _port(p, p.destination_port, ranges, False)
        if one is True or other is True:
            return not negated
        return None if one is None or other is None else negated

    return test


def _port(packet: Packet, port: int | None, ranges: tuple[tuple[int, int], ...], negated: bool) -> bool | None:
    if packet.protocol not in WITH_PORTS or packet.fragment:
        return False
    if port is None:
        return None
    return any(low <= port <= high for low, high in ranges) != negated


def tcp_flags(values: Sequence[str], negated: bool) -> Test | None:
    mask, wanted = _flags(values[0]), _flags(values[1])
    if mask is None or wanted is None:
        return None

    def test(p: Packet, s: Surroundings) -> bool | None:
        if p.protocol != "tcp" or p.fragment:
            return False
        return ((p.tcp_flags & mask) == wanted) != negated if p.tcp_flags is not None else None

    return test


def _flags(text: str) -> frozenset[str] | None:
    if text in ("ALL", "NONE"):
        return frozenset(_FLAGS if text == "ALL" else ())
    names = frozenset(text.split(","))
    return names if names <= frozenset(_FLAGS) else None


def syn(values: Sequence[str], negated: bool) -> Test | None:
    return tcp_flags(("FIN,SYN,RST,ACK", "SYN"), negated)


def tcp_mss(values: Sequence[str], negated: bool) -> Test | None:
    ranges = ranges_of(values[0])
    if ranges is None:
        return None

    def test(p: Packet, s: Surroundings) -> bool | None:
        if p.protocol != "tcp":
            return False
        return any(low <= p.tcp_mss <= high for low, high in ranges) != negated if p.tcp_mss is not None else None

    return test


#: iptables 1.8.9 libxtables/xtoptions / extensions/libxt_icmp.h icmp_codes[], icmpv6_codes[]
_ICMP_NAMES = {
    "echo-reply": (0, None), "pong": (0, None), "destination-unreachable": (3, None), "network-unreachable": (3, 0),
    "host-unreachable": (3, 1), "protocol-unreachable": (3, 2), "port-unreachable": (3, 3),
    "fragmentation-needed": (3, 4), "source-route-failed": (3, 5), "network-prohibited": (3, 9),
    "host-prohibited": (3, 10), "communication-prohibited": (3, 13), "source-quench": (4, None), "redirect": (5, None),
    "echo-request": (8, None), "ping": (8, None), "router-advertisement": (9, None), "router-solicitation": (10, None),
    "time-exceeded": (11, None), "ttl-exceeded": (11, None), "parameter-problem": (12, None),
    "timestamp-request": (13, None), "timestamp-reply": (14, None), "address-mask-request": (17, None),
    "address-mask-reply": (18, None),
}  # fmt: skip
_ICMP6_NAMES = {
    "destination-unreachable": (1, None), "packet-too-big": (2, None), "time-exceeded": (3, None),
    "ttl-exceeded": (3, None), "parameter-problem": (4, None), "echo-request": (128, None), "ping": (128, None),
    "echo-reply": (129, None), "pong": (129, None), "router-solicitation": (133, None),
    "router-advertisement": (134, None), "neighbour-solicitation": (135, None), "neighbor-solicitation": (135, None),
    "neighbour-advertisement": (136, None), "neighbor-advertisement": (136, None), "redirect": (137, None),
}  # fmt: skip


def icmp(values: Sequence[str], negated: bool) -> Test | None:
    return _icmp("icmp", _ICMP_NAMES, values[0], negated)


def icmp6(values: Sequence[str], negated: bool) -> Test | None:
    return _icmp("icmpv6", _ICMP6_NAMES, values[0], negated)


def _icmp(name: str, names: Mapping[str, tuple[int, int | None]], text: str, negated: bool) -> Test | None:
    if text == "any":
        return lambda p, s: p.protocol == name and not negated
    kind, slash, code = text.partition("/")
    found = names.get(text) or ((int(kind), int(code) if slash else None) if kind.isdigit() else None)
    if found is None:
        return None
    wanted, wanted_code = found

    def test(p: Packet, s: Surroundings) -> bool | None:
        if p.protocol != name or p.fragment:
            return False
        if p.icmp_type is None or (wanted_code is not None and p.icmp_type == wanted and p.icmp_code is None):
            return None
        return (p.icmp_type == wanted and wanted_code in (None, p.icmp_code)) != negated

    return test


def value_and_mask(text: str) -> tuple[int, int] | None:
    value, slash, mask = text.partition("/")
    number, bits = _number(value), _number(mask) if slash else 0xFFFFFFFF
    return (number, bits) if number is not None and bits is not None else None


def address_type(side: str) -> Builder:
    def build(values: Sequence[str], negated: bool) -> Test | None:
        wanted = frozenset(values[0].split(","))

        def test(p: Packet, s: Surroundings) -> bool | None:
            address = p.source if side == "source" else p.destination
            found = s.address_type(address, None) if address is not None else None
            return (found in wanted) != negated if found is not None else None

        return test

    return build


def match_set(sets: AddressSets) -> Builder:
    def build(values: Sequence[str], negated: bool) -> Test | None:
        name, sides = values[0], tuple(values[1].split(","))

        def test(p: Packet, s: Surroundings) -> bool | None:
            held = sets.holds(name, sides, p)
            return held != negated if held is not None else None

        return test

    return build


def bridge_in(values: Sequence[str], negated: bool) -> Test | None:
    pattern = values[0]
    return lambda p, s: _named(pattern, p.bridge_in, negated)


def bridge_out(values: Sequence[str], negated: bool) -> Test | None:
    pattern = values[0]
    return lambda p, s: _named(pattern, p.bridge_out, negated)


def came_by_bridge(values: Sequence[str], negated: bool) -> Test | None:
    return lambda p, s: bool(p.bridge_in) != negated if p.bridge_in is not None else None


def leaves_by_bridge(values: Sequence[str], negated: bool) -> Test | None:
    return lambda p, s: bool(p.bridge_out) != negated if p.bridge_out is not None else None


def bridged(values: Sequence[str], negated: bool) -> Test | None:
    def test(p: Packet, s: Surroundings) -> bool | None:
        if p.bridge_in is None or p.bridge_out is None:
            return None
        return bool(p.bridge_in and p.bridge_out) != negated

    return test


def owner(field: str) -> Builder:
    def build(values: Sequence[str], negated: bool) -> Test | None:
        low, dash, high = values[0].partition("-")
        if not low.isdigit() or (dash and not high.isdigit()):
            return None
        first, last = int(low), int(high) if dash else int(low)

        def test(p: Packet, s: Surroundings) -> bool | None:
            if p.iif:
                return negated  # a forwarded packet belongs to no socket
            value = p.uid if field == "uid" else p.gid
            return (first <= value <= last) != negated if value is not None else None

        return test

    return build


def address_range(side: str) -> Builder:
    def build(values: Sequence[str], negated: bool) -> Test | None:
        low, dash, high = values[0].partition("-")
        try:
            first, last = number_of(low), number_of(high if dash else low)
        except ValueError:
            return None

        def test(p: Packet, s: Surroundings) -> bool | None:
            address = p.source if side == "source" else p.destination
            return (first <= number_of(address) <= last) != negated if address is not None else None

        return test

    return build


def length(values: Sequence[str], negated: bool) -> Test | None:
    ranges = ranges_of(values[0])
    if ranges is None:
        return None
    return lambda p, s: (
        any(low <= p.length <= high for low, high in ranges) != negated if p.length is not None else None
    )


def hops(compare: Callable[[int, int], bool]) -> Builder:
    def build(values: Sequence[str], negated: bool) -> Test | None:
        wanted = _number(values[0])
        if wanted is None:
            return None
        return lambda p, s: compare(p.ttl, wanted) != negated if p.ttl is not None else None

    return build


def source_mac(values: Sequence[str], negated: bool) -> Test | None:
    wanted = values[0].lower()
    return lambda p, s: (p.source_mac.lower() == wanted) != negated if p.source_mac is not None else None


def packet_type(values: Sequence[str], negated: bool) -> Test | None:
    wanted = values[0].lower()
    return lambda p, s: (p.packet_type == wanted) != negated if p.packet_type is not None else None


def dscp(values: Sequence[str], negated: bool) -> Test | None:
    wanted = _number(values[0])
    if wanted is None:
        return None
    return lambda p, s: (p.dscp == wanted) != negated if p.dscp is not None else None


def service_type(values: Sequence[str], negated: bool) -> Test | None:
    read = value_and_mask(values[0])
    if read is None or read[1] & 3 & 0xFF:
        read = (read[0], 0xFF) if read is not None and "/" not in values[0] else read
    if read is None or read[1] & 3:
        return None  # the two bits of ECN are not known
    value, mask = read
    return lambda p, s: (((p.dscp << 2) & mask) == value) != negated if p.dscp is not None else None
