"""Whether a packet is in a set of `ipset`.

A member is looked up as the kernel does: for every combination of prefix lengths that the set holds, from the longest.
Sources, Linux 6.18: net/netfilter/ipset/ip_set_hash_gen.h (mtype_test_cidrs), ip_set_list_set.c (list_set_ktest),
ip_set_bitmap_gen.h; net/netfilter/xt_set.c.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from kwhy.facts.netfilter import IpSet
from kwhy.knowledge.netfilter.packet import Packet, number_of, protocol_number

_BITS = {4: 32, 6: 128}
#: One value per dimension; prefix lengths (or None where the dimension has none) per dimension.
_Key: TypeAlias = tuple[object, ...]
_Lengths: TypeAlias = tuple[int | None, ...]


class AddressSets:
    """The sets of a host by name."""

    def __init__(self, sets: Iterable[IpSet]) -> None:
        self._shown = {each.name: each for each in sets}
        self._ready: dict[str, _Members | None] = {}

    def holds(self, name: str, sides: Sequence[str], packet: Packet) -> bool | None:
        """Whether the set holds the packet's ``sides`` ("src", "dst" per dimension); None: the evidence does not tell.

        A set is asked for as many dimensions as it has.
        """
        return self._holds(name, sides, packet, depth=0)

    def _holds(self, name: str, sides: Sequence[str], packet: Packet, depth: int) -> bool | None:
        shown = self._shown.get(name)
        if shown is None or depth > 8:
            return None
        if shown.type == "list:set":
            answers = [self._holds(member, sides, packet, depth + 1) for member in shown.entries]
            return _any(answers, whole=shown.complete)
        if name not in self._ready:
            self._ready[name] = _members(shown)
        members = self._ready[name]
        return members.hold(sides, packet) if members is not None else None


def _any(answers: list[bool | None], *, whole: bool) -> bool | None:
    if any(answer is True for answer in answers):
        return True
    return None if any(answer is None for answer in answers) or not whole else False


class _Members:
    def __init__(self, dimensions: Sequence[str], family: int, complete: bool) -> None:
        self.dimensions = tuple(dimensions)
        self.complete = complete
        self.bits = _BITS[family]
        self.family = family
        self.by_lengths: dict[_Lengths, dict[_Key, bool]] = {}
        self.order: tuple[_Lengths, ...] = ()

    def add(self, entry: str, *, match: bool) -> bool:
        """False for an entry that is not understood."""
        parts = entry.split(",")
        if len(parts) != len(self.dimensions):
            return False
        keys: list[object] = []
        lengths: list[int | None] = []
        for dimension, part in zip(self.dimensions, parts, strict=True):
            read = _READ[dimension](part)
            if read is None:
                return False
            value, length = read
            if length is not None and isinstance(value, int):
                value >>= self.bits - length
            keys.append(value)
            lengths.append(length)
        self.by_lengths.setdefault(tuple(lengths), {})[tuple(keys)] = match
        return True

    def hold(self, sides: Sequence[str], packet: Packet) -> bool | None:
        if packet.family != self.family and any(each in ("ip", "net") for each in self.dimensions):
            return False
        if len(sides) < len(self.dimensions):
            return None
        values: list[object] = []
        for dimension, side in zip(self.dimensions, sides, strict=False):
            value = _OF[dimension](packet, side == "src")
            if self.dimensions == ("port",) and isinstance(value, tuple):
                value = value[1]  # a bitmap of ports asks for no protocol
            if value is None:
                return None
            values.append(value)
        for lengths in self.order:
            key = tuple(
                value >> (self.bits - length) if length is not None and isinstance(value, int) else value
                for value, length in zip(values, lengths, strict=True)
            )
            found = self.by_lengths[lengths].get(key)
            if found is not None:
                return found
        return False if self.complete else None


def _members(shown: IpSet) -> _Members | None:
    kind, _, rest = shown.type.partition(":")
    dimensions = rest.split(",")
    if kind not in ("hash", "bitmap") or any(each not in _READ for each in dimensions):
        return None
    if any(word in shown.options.split() for word in ("netmask", "bitmask", "markmask")):
        return None  # what is compared is not what is printed
    family = shown.family or (6 if any(":" in each.split(",")[0] for each in shown.entries) else 4)
    members = _Members(dimensions, family, shown.complete)
    understood = [members.add(entry, match=True) for entry in shown.entries]
    understood += [members.add(entry, match=False) for entry in shown.nomatch]
    if not all(understood):
        members.complete = False
    members.order = tuple(sorted(members.by_lengths, key=lambda each: [-(length or 0) for length in each]))
    return members


def _net(text: str) -> tuple[object, int | None] | None:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    return int(network.network_address), network.prefixlen


def _port(text: str) -> tuple[object, int | None] | None:
    """ "tcp:80", "icmp:8/0"; of a bitmap "80"."""
    protocol, colon, port = text.rpartition(":")
    number = protocol_number(protocol) if colon else None
    if colon and number is None:
        return None
    kind, slash, code = port.partition("/")
    if not kind.isdigit() or (slash and not code.isdigit()):
        return None
    value = int(kind) if not slash else (int(kind) << 8) | int(code)
    return ((number, value) if colon else value), None


def _word(text: str) -> tuple[object, int | None] | None:
    return text, None


def _mark(text: str) -> tuple[object, int | None] | None:
    try:
        return ("mark", int(text, 0)), None
    except ValueError:
        return None


_READ: dict[str, Callable[[str], tuple[object, int | None] | None]] = {
    "ip": _net, "net": _net, "port": _port, "iface": _word, "mac": lambda text: _word(text.lower()), "mark": _mark,
}  # fmt: skip


def _address_of(packet: Packet, source: bool) -> object | None:
    address = packet.source if source else packet.destination
    return number_of(address) if address is not None else None


def _port_of(packet: Packet, source: bool) -> object | None:
    number = packet.protocol_number
    if packet.protocol in ("icmp", "icmpv6"):
        if packet.icmp_type is None or packet.icmp_code is None:
            return None
        return number, (packet.icmp_type << 8) | packet.icmp_code
    port = packet.source_port if source else packet.destination_port
    return (number, port) if port is not None else None


def _iface_of(packet: Packet, source: bool) -> object | None:
    return packet.iif if source else packet.oif


def _mac_of(packet: Packet, source: bool) -> object | None:
    return packet.source_mac if source else None


def _mark_of(packet: Packet, source: bool) -> object | None:
    return ("mark", packet.mark) if packet.mark is not None else None


_OF: dict[str, Callable[[Packet, bool], object | None]] = {
    "ip": _address_of, "net": _address_of, "port": _port_of, "iface": _iface_of, "mac": _mac_of, "mark": _mark_of,
}  # fmt: skip
