"""ICMP, ICMPv6 and ARP packets, one at a time.

RFC 792, RFC 1191 (next-hop MTU), RFC 1812 (codes 13 to 15), RFC 4443, RFC 4861, RFC 826. The texts are those of tcpdump
4.99 (print-icmp.c, print-icmp6.c, print-arp.c), shortened.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from kwhy.facts.packets import IcmpReason, Packet
from kwhy.ingest.capture.control import Ledger, Quoted
from kwhy.ingest.capture.protocols import SCTP, TCP, UDP, protocol_name

#: Makes the proof packet of the message at hand from its text.
Proof = Callable[[str], Packet]

_ECHO_REPLY, _UNREACHABLE, _REDIRECT, _ECHO, _TIME_EXCEEDED, _PARAMETER = 0, 3, 5, 8, 11, 12
_NEEDS_FRAGMENTATION: Final = 4
_UNREACHABLE_CODES: Final[dict[int, tuple[IcmpReason, str]]] = {
    0: ("net unreachable", "net {} unreachable"),
    1: ("host unreachable", "host {} unreachable"),
    2: ("protocol unreachable", "{} protocol unreachable"),
    3: ("port unreachable", "{} port unreachable"),
    4: ("fragmentation needed", "{} unreachable - need to frag"),
    5: ("source route failed", "{} unreachable - source route failed"),
    6: ("net unreachable", "net {} unreachable - unknown"),
    7: ("host unreachable", "host {} unreachable - unknown"),
    9: ("net prohibited", "net {} unreachable - admin prohibited"),
    10: ("host prohibited", "host {} unreachable - admin prohibited"),
    13: ("admin prohibited", "host {} unreachable - admin prohibited filter"),
}
_V6_UNREACHABLE, _V6_TOO_BIG, _V6_TIME, _V6_PARAMETER, _V6_ECHO, _V6_ECHO_REPLY = 1, 2, 3, 4, 128, 129
_V6_SOLICITATION, _V6_ADVERTISEMENT, _V6_REDIRECT = 135, 136, 137
_V6_CODES: Final[dict[int, tuple[IcmpReason, str]]] = {
    0: ("net unreachable", "destination unreachable, unreachable route {}"),
    1: ("admin prohibited", "destination unreachable, unreachable prohibited {}"),
    2: ("host unreachable", "destination unreachable, beyond scope {}"),
    3: ("host unreachable", "destination unreachable, unreachable address {}"),
    4: ("port unreachable", "destination unreachable, unreachable port {}"),
    5: ("admin prohibited", "destination unreachable, source address failed policy {}"),
    6: ("admin prohibited", "destination unreachable, reject route {}"),
}
_TARGET_LINK_ADDRESS: Final = 2


def icmp(ledger: Ledger, view: int, body: bytes, source: str, destination: str, time: int, proof: Proof) -> None:
    """An ICMP message (``body`` begins with its type, and may be cut)."""
    if len(body) < 8:
        return
    kind, code = body[0], body[1]
    identifier, sequence = struct.unpack_from(">HH", body, 4)
    if kind in (_ECHO, _ECHO_REPLY):
        word = "request" if kind == _ECHO else "reply"
        add = ledger.request if kind == _ECHO else ledger.reply
        packet = proof(f"ICMP echo {word}, id {identifier}, seq {sequence}")
        add(view, source, destination, identifier, sequence, time, packet)
    elif kind in (_UNREACHABLE, _TIME_EXCEEDED, _REDIRECT, _PARAMETER):
        quoted = _quoted(body[8:], destination)
        reason, text = _reason(kind, code, quoted)
        mtu = sequence or None if (kind, code) == (_UNREACHABLE, _NEEDS_FRAGMENTATION) else None
        packet = proof(f"ICMP {text}" + (f" (mtu {mtu})" if mtu else ""))
        ledger.error(view, reason, source, destination, quoted, mtu, packet)


def _reason(kind: int, code: int, quoted: Quoted) -> tuple[IcmpReason, str]:
    about = quoted.destination
    if quoted.destination_port and (kind, code) == (_UNREACHABLE, 3):
        return "port unreachable", f"{about} {quoted.protocol} port {quoted.destination_port} unreachable"
    if kind == _UNREACHABLE:
        reason, text = _UNREACHABLE_CODES.get(code, ("other", "{} unreachable - #" + str(code)))
        return reason, text.format(about)
    if kind == _TIME_EXCEEDED:
        return ("time exceeded in transit", "time exceeded in-transit") if code == 0 else (
            "reassembly time exceeded", "ip reassembly time exceeded"
        )  # fmt: skip
    return ("redirect", f"redirect {about}") if kind == _REDIRECT else ("parameter problem", "parameter problem")


def icmp6(ledger: Ledger, view: int, body: bytes, source: str, destination: str, time: int, proof: Proof) -> None:
    """An ICMPv6 message."""
    if len(body) < 8:
        return
    kind, code = body[0], body[1]
    identifier, sequence = struct.unpack_from(">HH", body, 4)
    if kind in (_V6_ECHO, _V6_ECHO_REPLY):
        word = "request" if kind == _V6_ECHO else "reply"
        add = ledger.request if kind == _V6_ECHO else ledger.reply
        packet = proof(f"ICMP6, echo {word}, id {identifier}, seq {sequence}")
        add(view, source, destination, identifier, sequence, time, packet)
    elif kind in (_V6_SOLICITATION, _V6_ADVERTISEMENT) and len(body) >= 24:
        _neighbour(ledger, view, kind, body, source, proof)
    elif kind in (_V6_UNREACHABLE, _V6_TOO_BIG, _V6_TIME, _V6_PARAMETER, _V6_REDIRECT):
        quoted = _quoted(body[8:], destination) if kind != _V6_REDIRECT else Quoted(None, destination, 0, source, 0)
        mtu = struct.unpack_from(">I", body, 4)[0] if kind == _V6_TOO_BIG else None
        reason, text = _reason6(kind, code, quoted, mtu)
        ledger.error(view, reason, source, destination, quoted, mtu, proof(f"ICMP6, {text}"))


def _reason6(kind: int, code: int, quoted: Quoted, mtu: int | None) -> tuple[IcmpReason, str]:
    if kind == _V6_TOO_BIG:
        return "fragmentation needed", f"packet too big, mtu {mtu}"
    if kind == _V6_TIME:
        return ("time exceeded in transit", f"time exceeded in-transit for {quoted.destination}") if code == 0 else (
            "reassembly time exceeded", "time exceeded (reassembly)"
        )  # fmt: skip
    if kind == _V6_UNREACHABLE:
        reason, text = _V6_CODES.get(code, ("other", f"destination unreachable, code {code} {{}}"))
        port = f" {quoted.protocol} port {quoted.destination_port}" if code == 4 and quoted.destination_port else ""
        return reason, text.format(quoted.destination) + port
    return ("redirect", "redirect") if kind == _V6_REDIRECT else ("parameter problem", "parameter problem")


def _neighbour(ledger: Ledger, view: int, kind: int, body: bytes, source: str, proof: Proof) -> None:
    target = str(IPv6Address(body[8:24]))
    if kind == _V6_SOLICITATION:
        ledger.question(view, "ndp", source, target, proof(f"ICMP6, neighbor solicitation, who has {target}"))
        return
    hardware = ""
    options = body[24:]
    if len(options) >= 8 and options[0] == _TARGET_LINK_ADDRESS and options[1] == 1:
        hardware = options[2:8].hex(":")
    ledger.answer(view, target, hardware)


def _quoted(packet: bytes, told: str) -> Quoted:
    """The headers that an error quotes. Where they are cut away, the one who was told is the sender."""
    if len(packet) >= 20 and packet[0] >> 4 == 4:
        size, protocol = (packet[0] & 15) * 4, packet[9]
        source, destination = str(IPv4Address(packet[12:16])), str(IPv4Address(packet[16:20]))
    elif len(packet) >= 40 and packet[0] >> 4 == 6:
        size, protocol = 40, packet[6]
        source, destination = str(IPv6Address(packet[8:24])), str(IPv6Address(packet[24:40]))
        if protocol == 44 and len(packet) >= 48:
            size, protocol = 48, packet[40]
    else:
        return Quoted(None, told, 0, "?", 0)
    ports = (0, 0)
    if protocol in (TCP, UDP, SCTP) and len(packet) >= size + 4 and size >= 20:
        ports = struct.unpack_from(">HH", packet, size)
    return Quoted(protocol_name(protocol), source, ports[0], destination, ports[1])


_ARP_ETHERNET_IPV4: Final = b"\x08\x00\x06\x04"


def arp(ledger: Ledger, view: int, body: bytes, proof: Proof) -> None:
    """An ARP packet for IPv4 over Ethernet."""
    if len(body) < 28 or body[2:6] != _ARP_ETHERNET_IPV4:
        return
    operation = struct.unpack_from(">H", body, 6)[0]
    sender, target = str(IPv4Address(body[14:18])), str(IPv4Address(body[24:28]))
    if operation == 1:
        ledger.question(view, "arp", sender, target, proof(f"ARP, Request who-has {target} tell {sender}"))
    elif operation == 2:
        ledger.answer(view, sender, body[8:14].hex(":"))
