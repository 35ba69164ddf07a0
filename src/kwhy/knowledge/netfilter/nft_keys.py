"""What nft's expressions read from a packet: "ip saddr", "tcp dport", "meta mark", "ct state" …

A key answers with a value, with None where the evidence does not tell, and with :data:`NOTHING` where the packet has no
such field: then the rule does not match, whatever is compared. Sources, Linux 6.18: net/netfilter/nft_payload.c,
nft_meta.c, nft_ct.c, nft_fib.c.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec

from kwhy.knowledge.netfilter.nft_values import Value
from kwhy.knowledge.netfilter.packet import WITH_PORTS, Ends, Packet, number_of
from kwhy.knowledge.netfilter.surroundings import Surroundings


class Nothing:
    """The packet has no such field."""


NOTHING: Final = Nothing()
Read: TypeAlias = Value | Nothing | None
Get: TypeAlias = Callable[[Packet, Surroundings], Read]


class Key(msgspec.Struct, frozen=True, gc=False):
    """``kind`` says how its values are written (see nft_values); ``bits``: a list of values means "any of them"."""

    get: Get
    kind: str
    bits: bool = False


def _of_family(family: int, get: Get) -> Get:
    return lambda p, s: get(p, s) if p.family == family else NOTHING


def _address(text: str | None) -> Value | None:
    return number_of(text) if text is not None else None


def _port(field: str, protocols: frozenset[str]) -> Get:
    def get(p: Packet, s: Surroundings) -> Read:
        if p.protocol not in protocols or p.fragment:
            # "th" asks for no protocol: of others it reads what stands at the same place
            return None if protocols is WITH_PORTS and not p.fragment else NOTHING
        return p.destination_port if field == "dport" else p.source_port

    return get


def _icmp(name: str, field: str) -> Get:
    def get(p: Packet, s: Surroundings) -> Read:
        if p.protocol != name:
            return NOTHING
        return p.icmp_type if field == "type" else p.icmp_code

    return get


_FLAG_BITS: Final = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32}


def _flags(p: Packet, s: Surroundings) -> Read:
    if p.protocol != "tcp":
        return NOTHING
    return sum(_FLAG_BITS[name] for name in p.tcp_flags) if p.tcp_flags is not None else None


def _number(p: Packet, s: Surroundings) -> Read:
    return p.protocol_number


def _unknown(p: Packet, s: Surroundings) -> Read:
    return None


def _connected(p: Packet) -> bool:
    return p.ct_state not in ("INVALID", "UNTRACKED")


def _of_connection(get: Get) -> Get:
    """Packets without connection have none of its fields (nft_ct.c nft_ct_get_eval)."""
    return lambda p, s: get(p, s) if _connected(p) else NOTHING


def _state(p: Packet, s: Surroundings) -> Read:
    return p.ct_state.lower() if p.ct_state is not None else None


def _status(p: Packet, s: Surroundings) -> Read:
    """A text of all words; compared by :func:`has_status`."""
    return ",".join(sorted(each.lower() for each in p.ct_status))


def _ends(p: Packet, way: str) -> Ends:
    if way == "original":
        return p.original or (p.ends if p.ct_direction == "ORIGINAL" else p.ends.swapped())
    return p.answer or (p.ends.swapped() if p.ct_direction == "ORIGINAL" else p.ends)


def _ct_end(way: str, field: str) -> Get:
    def get(p: Packet, s: Surroundings) -> Read:
        ends = _ends(p, way)
        if field == "saddr":
            return _address(ends.source)
        if field == "daddr":
            return _address(ends.destination)
        return ends.source_port if field == "proto-src" else ends.destination_port

    return _of_connection(get)


IPV4: Final[dict[str, Key]] = {
    "saddr": Key(_of_family(4, lambda p, s: _address(p.source)), "address"),
    "daddr": Key(_of_family(4, lambda p, s: _address(p.destination)), "address"),
    "protocol": Key(_of_family(4, _number), "protocol"),
    "ttl": Key(_of_family(4, lambda p, s: p.ttl), "number"),
    "dscp": Key(_of_family(4, lambda p, s: p.dscp), "dscp"),
    "length": Key(_of_family(4, lambda p, s: p.length), "number"),
    "version": Key(_of_family(4, lambda p, s: 4), "number"),
}
IPV6: Final[dict[str, Key]] = {
    "saddr": Key(_of_family(6, lambda p, s: _address(p.source)), "address"),
    "daddr": Key(_of_family(6, lambda p, s: _address(p.destination)), "address"),
    "nexthdr": Key(_of_family(6, _number), "protocol"),
    "hoplimit": Key(_of_family(6, lambda p, s: p.ttl), "number"),
    "dscp": Key(_of_family(6, lambda p, s: p.dscp), "dscp"),
    "version": Key(_of_family(6, lambda p, s: 6), "number"),
}
TRANSPORT: Final[dict[str, frozenset[str]]] = {
    "tcp": frozenset(("tcp",)),
    "udp": frozenset(("udp",)),
    "sctp": frozenset(("sctp",)),
    "dccp": frozenset(("dccp",)),
    "udplite": frozenset(("udplite",)),
    "th": WITH_PORTS,
}
META: Final[dict[str, Key]] = {
    "iifname": Key(lambda p, s: p.iif, "name"),
    "oifname": Key(lambda p, s: p.oif, "name"),
    "iif": Key(lambda p, s: p.iif, "name"),
    "oif": Key(lambda p, s: p.oif, "name"),
    "mark": Key(lambda p, s: p.mark, "number"),
    "l4proto": Key(_number, "protocol"),
    "nfproto": Key(lambda p, s: 2 if p.family == 4 else 10, "nfproto"),
    "protocol": Key(lambda p, s: 0x0800 if p.family == 4 else 0x86DD, "ethertype"),
    "length": Key(lambda p, s: p.length, "number"),
    "skuid": Key(lambda p, s: NOTHING if p.iif else p.uid, "user"),
    "skgid": Key(lambda p, s: NOTHING if p.iif else p.gid, "user"),
    "pkttype": Key(lambda p, s: p.packet_type, "pkttype"),
}
#: Keys of "meta" that are known by name only.
META_UNKNOWN: Final = frozenset(
    (
        "cpu", "iifgroup", "oifgroup", "ibrname", "obrname", "iiftype", "oiftype", "rtclassid", "cgroup", "nftrace",
        "priority", "secpath", "time", "day", "hour", "ibrvproto", "ibrpvid", "sdif", "sdifname", "broute",
    )
)  # fmt: skip
CT: Final[dict[str, Key]] = {
    "state": Key(_state, "state", bits=True),
    "status": Key(_of_connection(_status), "status", bits=True),
    "mark": Key(_of_connection(lambda p, s: p.ct_mark), "number"),
    "direction": Key(_of_connection(lambda p, s: p.ct_direction.lower()), "direction"),
    "zone": Key(lambda p, s: p.ct_zone, "number"),
    "protocol": Key(_of_connection(_number), "protocol"),
    "l3proto": Key(_of_connection(lambda p, s: 2 if p.family == 4 else 10), "nfproto"),
}
UNKNOWN: Final = Key(_unknown, "unknown")


def transport(name: str, field: str) -> Key | None:
    """ "tcp dport", "th sport", "tcp flags"."""
    if field in ("sport", "dport"):
        return Key(_port(field, TRANSPORT[name]), "number")
    if field == "flags" and name == "tcp":
        return Key(_flags, "flags", bits=True)
    return None


def icmp(name: str, field: str) -> Key | None:
    if field not in ("type", "code"):
        return None
    return Key(_icmp(name, field), name if field == "type" else "number")


def ct_end(way: str, field: str) -> Key | None:
    """ "ct original ip daddr", "ct reply proto-src"."""
    if field not in ("saddr", "daddr", "proto-src", "proto-dst"):
        return None
    return Key(_ct_end(way, field), "address" if field.endswith("addr") else "number")


def source_mac(p: Packet, s: Surroundings) -> Read:
    return p.source_mac.lower() if p.source_mac is not None else None


def fib(words: list[str], result: str) -> Key | None:
    """ "fib daddr type", "fib saddr . iif oif" (exists: the way back leads to the device it came by)."""
    if result == "type":

        def kind(p: Packet, s: Surroundings) -> Read:
            address = p.source if "saddr" in words else p.destination
            device = p.iif if "iif" in words else p.oif if "oif" in words else None
            found = s.address_type(address, device) if address is not None else None
            return found.lower() if found is not None else None

        return Key(kind, "addrtype")
    if result in ("oif", "oifname") and "saddr" in words:

        def leads_back(p: Packet, s: Surroundings) -> Read:
            found = True if p.iif == "lo" else s.reverse_path(p, "iif" not in words)
            return int(found) if found is not None else None

        return Key(leads_back, "exists")
    return None
