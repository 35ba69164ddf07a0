"""Comparing what a packet has with what a rule of nft wants.

Source, Linux 6.18: net/netfilter/nft_cmp.c, nft_bitwise.c, nft_lookup.c, nft_range.c; nftables 1.0.6
src/netlink_linearize.c (netlink_gen_flagcmp: a list of flags without operator means "any of them").
"""

from __future__ import annotations

import msgspec

from kwhy.knowledge.netfilter.nft_keys import Key, Nothing
from kwhy.knowledge.netfilter.nft_values import Members, Span, Value, within
from kwhy.knowledge.netfilter.packet import Packet
from kwhy.knowledge.netfilter.rule import Test
from kwhy.knowledge.netfilter.surroundings import Surroundings


class Source(msgspec.Struct, frozen=True, gc=False):
    """The left side: one key or several side by side, perhaps masked; or a number made anew (``modulus``)."""

    keys: tuple[Key, ...]
    mask: int | None = None
    modulus: int | None = None
    offset: int = 0
    made_by: str = ""
    random: bool = False


class Comparison(msgspec.Struct, frozen=True):
    """The right side. ``members`` None with ``in_set``: the set is not shown. ``any_of``: flags, one of which is due.

    ``spans``: one per key, None where one is not understood.
    """

    operator: str
    spans: tuple[Span, ...] | None = None
    members: Members | None = None
    in_set: bool = False
    any_of: frozenset[str] | None = None
    flag_mask: int | None = None


def values_of(source: Source, packet: Packet, surroundings: Surroundings) -> tuple[Value, ...] | Nothing | None:
    """What the packet has; None where one is not known."""
    found: list[Value] = []
    unknown = False
    for key in source.keys:
        value = key.get(packet, surroundings)
        if isinstance(value, Nothing):
            return value
        if value is None:
            unknown = True
        else:
            found.append(value)
    if unknown:
        return None
    if source.mask is not None and isinstance(found[0], int):
        found[0] &= source.mask
    return tuple(found)


def partly(source: Source, packet: Packet, surroundings: Surroundings) -> tuple[Value | None, ...]:
    """What is known of the values, None for each that is not."""
    found = []
    for key in source.keys:
        value = key.get(packet, surroundings)
        known = value if not isinstance(value, Nothing) else None
        found.append(known & source.mask if source.mask is not None and isinstance(known, int) else known)
    return tuple(found)


def comparing(source: Source, comparison: Comparison) -> Test:
    """The test of a match."""
    negated = comparison.operator == "!="

    def in_set(p: Packet, s: Surroundings) -> bool | None:
        values = values_of(source, p, s)
        if isinstance(values, Nothing):
            return False
        if comparison.members is None:
            return None
        if values is None:
            return None if comparison.members.may_find(partly(source, p, s)) else negated
        return (comparison.members.find(values) is not None) != negated

    def any_of(p: Packet, s: Surroundings) -> bool | None:
        values = values_of(source, p, s)
        if isinstance(values, Nothing):
            return False
        if values is None or comparison.any_of is None:
            return None
        has = frozenset(str(values[0]).split(","))
        return bool(has & comparison.any_of) != (negated or comparison.operator == "!")

    def any_bit(p: Packet, s: Surroundings) -> bool | None:
        values = values_of(source, p, s)
        if isinstance(values, Nothing):
            return False
        if values is None or comparison.flag_mask is None or not isinstance(values[0], int):
            return None
        return bool(values[0] & comparison.flag_mask) != (comparison.operator == "!")

    def by_value(p: Packet, s: Surroundings) -> bool | None:
        values = values_of(source, p, s)
        if isinstance(values, Nothing):
            return False
        if comparison.spans is None:
            return None
        if values is None:
            known = zip(comparison.spans, partly(source, p, s), strict=False)
            fits = all(value is None or within(span, value) for span, value in known)
            return None if fits or comparison.operator not in ("==", "!=") else negated
        if comparison.operator in ("==", "!="):
            return all(map(within, comparison.spans, values)) != negated
        return _ordered(comparison.operator, values[0], comparison.spans[0][0])

    if comparison.in_set:
        return in_set
    if comparison.any_of is not None:
        return any_of
    return any_bit if comparison.flag_mask is not None else by_value


def _ordered(operator: str, value: Value, limit: Value) -> bool | None:
    if not isinstance(value, int) or not isinstance(limit, int):
        return None
    if operator == "<":
        return value < limit
    if operator == ">":
        return value > limit
    return value <= limit if operator == "<=" else value >= limit if operator == ">=" else None
