"""IP protocol numbers and the names that facts use (IANA, protocol-numbers)."""

from __future__ import annotations

from typing import Final

ICMP, TCP, UDP, ICMPV6, SCTP = 1, 6, 17, 58, 132

PROTOCOL_NAMES: Final = {
    ICMP: "icmp",
    2: "igmp",
    4: "ipip",
    TCP: "tcp",
    UDP: "udp",
    41: "ipv6-in-ip",
    47: "gre",
    50: "esp",
    51: "ah",
    ICMPV6: "icmp6",
    89: "ospf",
    103: "pim",
    112: "vrrp",
    SCTP: "sctp",
}


def protocol_name(number: int) -> str:
    return PROTOCOL_NAMES.get(number, f"proto {number}")
