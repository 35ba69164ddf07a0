"""A packet as netfilter sees it at one hook, with what conntrack knows of its connection.

Sources, Linux 6.18: include/linux/netfilter.h (struct nf_hook_state), net/netfilter/nf_conntrack_core.c
(nf_conntrack_in), net/netfilter/nf_nat_core.c (nf_nat_packet, nf_nat_manip_pkt).
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Literal, TypeAlias

import msgspec

Family: TypeAlias = Literal[4, 6]
CtState: TypeAlias = Literal["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"]
CtDirection: TypeAlias = Literal["ORIGINAL", "REPLY"]

#: Names that iptables and nft print, by number (IANA protocol numbers; /etc/protocols).
PROTOCOLS: dict[str, int] = {
    "icmp": 1, "igmp": 2, "ipip": 4, "ipencap": 4, "tcp": 6, "udp": 17, "dccp": 33, "ipv6": 41, "gre": 47, "esp": 50,
    "ah": 51, "icmpv6": 58, "ipv6-icmp": 58, "ospf": 89, "sctp": 132, "udplite": 136, "comp": 108, "ipcomp": 108,
    "vrrp": 112, "pim": 103, "mobility-header": 135, "mh": 135, "mptcp": 262, "ip": 0, "hopopt": 0,
}  # fmt: skip
#: Protocols that have ports.
WITH_PORTS = frozenset(("tcp", "udp", "sctp", "dccp", "udplite"))
_CANONICAL = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6", 132: "sctp", 136: "udplite", 33: "dccp"}


class Ends(msgspec.Struct, frozen=True, gc=False):
    """Both ends of one direction of a connection. None: not known (a port chosen at random, say)."""

    source: str | None
    source_port: int | None
    destination: str | None
    destination_port: int | None

    def swapped(self) -> Ends:
        return Ends(self.destination, self.destination_port, self.source, self.source_port)


class Packet(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A packet; ``packet.replace(mark=1)`` gives a changed one. None means "not known": a match on it is unknown.

    ``protocol`` is "tcp", "udp", "sctp", "icmp", "icmpv6" or the number as text. ``tcp_flags`` holds the names
    "SYN", "ACK", "FIN", "RST", "PSH", "URG". ``iif`` and ``oif`` are device names, "" where the hook has none
    (``oif`` in prerouting and input, ``iif`` of packets that the host itself makes in output).
    ``bridge_in`` and ``bridge_out`` are the ports of a bridge that the frame came by and leaves by, "" for none.

    ``ct_state`` is what conntrack says once it has seen the packet (before, the kernel itself sees none).
    ``original`` holds the ends of the connection's first packet before any translation; None: as the packet is now,
    or (with ``ct_direction`` "REPLY") the ends of the packet turned round. ``answer`` holds the ends that answers
    have; only packets of known connections carry it: with it, netfilter translates without asking any rule.
    ``hook`` is where the packet is looked at; evaluating sets it.
    """

    protocol: str
    source: str | None
    destination: str | None
    source_port: int | None = None
    destination_port: int | None = None
    family: Family = 4
    icmp_type: int | None = None
    icmp_code: int | None = 0
    tcp_flags: frozenset[str] | None = frozenset(("SYN",))
    tcp_mss: int | None = None
    length: int | None = None
    ttl: int | None = None
    dscp: int | None = 0
    fragment: bool = False
    mark: int | None = 0
    ct_mark: int | None = 0
    ct_zone: int | None = 0
    ct_state: CtState | None = "NEW"
    ct_direction: CtDirection = "ORIGINAL"
    ct_status: frozenset[str] = frozenset()
    original: Ends | None = None
    answer: Ends | None = None
    iif: str | None = ""
    oif: str | None = ""
    bridge_in: str | None = ""
    bridge_out: str | None = ""
    source_mac: str | None = None
    packet_type: str | None = None
    uid: int | None = None
    gid: int | None = None
    hook: str = ""

    def replace(self, **changes: object) -> Packet:
        return msgspec.structs.replace(self, **changes)

    @property
    def ends(self) -> Ends:
        return Ends(self.source, self.source_port, self.destination, self.destination_port)

    @property
    def protocol_number(self) -> int | None:
        return protocol_number(self.protocol)

    def __str__(self) -> str:
        ports = self.protocol in WITH_PORTS
        return f"{self.protocol} {_end(self.source, self.source_port, ports)} → " + _end(
            self.destination, self.destination_port, ports
        )


def _end(address: str | None, port: int | None, ports: bool) -> str:
    name = address or "?"
    if not ports:
        return name
    return f"[{name}]:{port or '?'}" if ":" in name else f"{name}:{port or '?'}"


def protocol_number(protocol: str) -> int | None:
    """The number of a protocol by name or number; None for an unknown name."""
    found = PROTOCOLS.get(protocol)
    if found is None and protocol.isascii() and protocol.isdigit():
        return int(protocol)
    return found


def protocol_name(protocol: str) -> str:
    """How packets here call the protocol: "ipv6-icmp", "58" and "icmpv6" are one."""
    number = protocol_number(protocol)
    return protocol if number is None else _CANONICAL.get(number, str(number))


@lru_cache(maxsize=1 << 17)
def number_of(address: str) -> int:
    """The address as a number. Raises ValueError for what is no address."""
    return int(ipaddress.ip_address(address))


def reverse(packet: Packet) -> Packet:
    """The answer to a packet that left this host (or was delivered), as it comes back to it.

    ``packet`` is the last state of the connection's first packet on the host whose conntrack translated it. The
    answer carries the connection, so that evaluating it undoes the translations and asks no nat rule.
    """
    first = packet.original or packet.ends
    answer = packet.ends.swapped()
    echo = {8: 0, 128: 129}
    icmp = echo.get(packet.icmp_type, packet.icmp_type) if packet.icmp_type is not None else None
    return packet.replace(
        source=answer.source,
        source_port=answer.source_port,
        destination=answer.destination,
        destination_port=answer.destination_port,
        icmp_type=icmp,
        tcp_flags=frozenset(("SYN", "ACK")) if packet.protocol == "tcp" else packet.tcp_flags,
        ct_state="ESTABLISHED",
        ct_direction="REPLY",
        original=first,
        answer=answer,
        mark=0,
        iif=packet.oif,
        oif="",
        bridge_in=packet.bridge_out,
        bridge_out="",
        source_mac=None,
        packet_type=None,
        uid=None,
        gid=None,
        length=None,
        ttl=None,
    )


def next_of(packet: Packet) -> Packet:
    """A later packet of the same direction of a connection, as its sender makes it."""
    first = packet.original or packet.ends
    return packet.replace(
        source=first.source,
        source_port=first.source_port,
        destination=first.destination,
        destination_port=first.destination_port,
        tcp_flags=frozenset(("ACK",)) if packet.protocol == "tcp" else packet.tcp_flags,
        ct_state="ESTABLISHED",
        original=first,
        answer=packet.ends.swapped(),
        mark=0,
    )


def through_loopback(packet: Packet) -> Packet:
    """A packet that its own host sent and gets back through lo: it keeps its mark and its connection.

    Its translations are decided, so no nat rule is asked again.
    """
    return packet.replace(
        iif="lo", oif="", original=packet.original or packet.ends, answer=packet.answer or packet.ends.swapped()
    )


def on_the_wire(packet: Packet) -> Packet:
    """What of a packet another host gets to see: marks, conntrack, devices and owners stay behind."""
    return packet.replace(
        mark=0,
        ct_mark=0,
        ct_zone=0,
        ct_state="NEW" if packet.ct_direction == "ORIGINAL" else "ESTABLISHED",
        ct_status=frozenset(),
        original=None,
        answer=None,
        iif="",
        oif="",
        bridge_in="",
        bridge_out="",
        source_mac=None,
        packet_type=None,
        uid=None,
        gid=None,
    )
