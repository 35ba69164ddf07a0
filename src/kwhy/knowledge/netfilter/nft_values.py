"""Values of nft as numbers and words, and sets of them that are looked up as the kernel does.

Sources: nftables 1.0.6 src/datatype.c, src/proto.c, src/ct.c, src/fib.c (symbol tables).
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from kwhy.knowledge.netfilter.packet import protocol_number

#: What a packet has: a number, or a word (device names, types of addresses, states).
Value: TypeAlias = int | str
#: One value (equal bounds), a range of numbers, or a word that may end in "*".
Span: TypeAlias = tuple[Value, Value]

#: datatype "icmp_type", "icmpv6_type"
ICMP = {
    "echo-reply": 0, "destination-unreachable": 3, "source-quench": 4, "redirect": 5, "echo-request": 8,
    "router-advertisement": 9, "router-solicitation": 10, "time-exceeded": 11, "parameter-problem": 12,
    "timestamp-request": 13, "timestamp-reply": 14, "info-request": 15, "info-reply": 16,
    "address-mask-request": 17, "address-mask-reply": 18,
}  # fmt: skip
ICMPV6 = {
    "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "parameter-problem": 4,
    "echo-request": 128, "echo-reply": 129, "mld-listener-query": 130, "mld-listener-report": 131,
    "mld-listener-done": 132, "mld-listener-reduction": 132, "nd-router-solicit": 133, "nd-router-advert": 134,
    "nd-neighbor-solicit": 135, "nd-neighbor-advert": 136, "nd-redirect": 137, "router-renumbering": 138,
    "ind-neighbor-solicit": 141, "ind-neighbor-advert": 142, "mld2-listener-report": 143,
}  # fmt: skip
_DSCP = {
    "cs0": 0, "cs1": 8, "cs2": 16, "cs3": 24, "cs4": 32, "cs5": 40, "cs6": 48, "cs7": 56, "df": 0, "be": 0, "ef": 46,
    "af11": 10, "af12": 12, "af13": 14, "af21": 18, "af22": 20, "af23": 22, "af31": 26, "af32": 28, "af33": 30,
    "af41": 34, "af42": 36, "af43": 38, "va": 44,
}  # fmt: skip
_NAMES: dict[str, dict[str, int]] = {
    "icmp": ICMP,
    "icmpv6": ICMPV6,
    "dscp": _DSCP,
    "nfproto": {"ipv4": 2, "ipv6": 10},
    "ethertype": {"ip": 0x0800, "arp": 0x0806, "ip6": 0x86DD, "vlan": 0x8100},
    "user": {"root": 0},
    "flags": {"fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "cwr": 128},
    "exists": {"exists": 1, "missing": 0},
    "boolean": {"exists": 1, "missing": 0},
}
#: Kinds whose values are words.
_WORDS = frozenset(("name", "state", "status", "direction", "addrtype", "pkttype", "mac"))


def value_of(kind: str, text: str) -> Value | None:
    """One value as printed; None where it is not understood."""
    if kind in _WORDS:
        return text.strip('"')
    if kind == "address":
        try:
            return int(ipaddress.ip_address(text))
        except ValueError:
            return None
    if kind == "protocol":
        return protocol_number(text)
    found = _NAMES.get(kind, {}).get(text)
    if found is not None:
        return found
    try:
        return int(text, 0)
    except ValueError:
        return None


def span_of(kind: str, text: str) -> Span | None:
    """ "80", "8000-9000", "10.0.0.0/8", "10.0.0.1-10.0.0.9", "eth*"; None where it is not understood."""
    if kind == "address" and "/" in text:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            return None
        return int(network.network_address), int(network.broadcast_address)
    if text == "*":
        return 0, 1 << 130
    value = value_of(kind, text)
    if value is not None:
        return value, value
    if kind not in _WORDS and "-" in text[1:]:
        low, _, high = text.partition("-")
        first, last = value_of(kind, low.strip()), value_of(kind, high.strip())
        return (first, last) if isinstance(first, int) and isinstance(last, int) else None
    return None


def within(span: Span, value: Value) -> bool:
    low, high = span
    if isinstance(low, str) or isinstance(value, str):
        if isinstance(low, str) and low.endswith("*") and isinstance(value, str):
            return value.startswith(low[:-1])
        return low == value
    return isinstance(high, int) and low <= value <= high


class Element(msgspec.Struct, frozen=True, gc=False):
    """One member of a set or map: a span per part of its key, and what a map leads to."""

    spans: tuple[Span, ...]
    leads_to: str = ""


class Members:
    """Members found by value: exact ones at once, ranges of one part by search, others one by one."""

    def __init__(self, elements: Sequence[Element]) -> None:
        self.elements = tuple(elements)
        self._exact: dict[tuple[Value, ...], Element] = {}
        ranges: list[tuple[int, int, Element]] = []
        self._others: list[Element] = []
        for element in elements:
            if all(low == high and not _wild(low) for low, high in element.spans):
                self._exact.setdefault(tuple(low for low, _ in element.spans), element)
                continue
            low, high = element.spans[0]
            if len(element.spans) == 1 and isinstance(low, int) and isinstance(high, int):
                ranges.append((low, high, element))
            else:
                self._others.append(element)
        ranges.sort(key=lambda each: each[0])
        self._lows = [low for low, _, _ in ranges]
        self._ranges = ranges

    def may_find(self, values: tuple[Value | None, ...]) -> bool:
        """Whether a member may fit values of which some are not known."""
        return any(
            len(element.spans) == len(values)
            and all(value is None or within(span, value) for span, value in zip(element.spans, values, strict=True))
            for element in self.elements
        )

    def find(self, values: tuple[Value, ...]) -> Element | None:
        found = self._exact.get(values)
        if found is not None:
            return found
        if self._lows and isinstance(values[0], int):
            at = bisect_right(self._lows, values[0]) - 1
            if at >= 0 and self._ranges[at][1] >= values[0]:
                return self._ranges[at][2]
        for element in self._others:
            if len(element.spans) == len(values) and all(map(within, element.spans, values)):
                return element
        return None


def _wild(value: Value) -> bool:
    return isinstance(value, str) and value.endswith("*")


def elements_of(kinds: Sequence[str], texts: Sequence[str]) -> list[Element] | None:
    """Members as printed ("1.2.3.4 . tcp . 80 : drop"); None where one is not understood."""
    found = []
    for text in texts:
        key, _, leads_to = text.partition(" : ")
        parts = key.split(" . ")
        if len(parts) != len(kinds) and not (len(parts) == 1 and parts[0].strip() == "*"):
            return None
        if len(parts) != len(kinds):
            spans: list[Span | None] = [(0, 1 << 130)] * len(kinds)
        else:
            spans = [span_of(kind, part.strip()) for kind, part in zip(kinds, parts, strict=True)]
        known = [span for span in spans if span is not None]
        if len(known) != len(spans):
            return None
        found.append(Element(tuple(known), leads_to.strip()))
    return found
