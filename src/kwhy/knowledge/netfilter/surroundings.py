"""What the packet filter asks of the rest of the host: routing database, addresses, sockets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from kwhy.knowledge.netfilter.packet import Family, Packet

#: Address and, where the question is limited to one, device -> "LOCAL", "UNICAST", "BROADCAST", "MULTICAST",
#: "ANYCAST", "BLACKHOLE", "UNREACHABLE", "PROHIBIT"; None: not known.
AddressType: TypeAlias = Callable[[str, str | None], str | None]
#: The packet that leaves by ``packet.oif`` -> the address that a masqueraded packet gets; None: not known.
SourceFor: TypeAlias = Callable[[Packet], str | None]
#: Device and family -> its first address; "" where it has none; None: not known.
DeviceAddress: TypeAlias = Callable[[str, Family], str | None]
#: The packet, and whether any device will do (loose) -> whether the way back leads there; None: not known.
ReversePath: TypeAlias = Callable[[Packet, bool], bool | None]


def _unknown_type(address: str, device: str | None) -> str | None:
    return None


def _unknown_source(packet: Packet) -> str | None:
    return None


def _unknown_address(device: str, family: Family) -> str | None:
    return None


def _unknown_path(packet: Packet, loose: bool) -> bool | None:
    return None


class Surroundings(msgspec.Struct, frozen=True):
    """Answers about the host, given by who evaluates. Every default is "not known"."""

    address_type: AddressType = _unknown_type
    source_for: SourceFor = _unknown_source
    device_address: DeviceAddress = _unknown_address
    reverse_path: ReversePath = _unknown_path


NOTHING_KNOWN = Surroundings()
