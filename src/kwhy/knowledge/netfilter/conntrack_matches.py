"""The matches of iptables that ask conntrack, and those of marks.

Sources, Linux 6.18: net/netfilter/xt_conntrack.c (conntrack_mt), xt_state.c, xt_mark.c, xt_connmark.c.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kwhy.knowledge.netfilter.iptables_matches import Builder, network_of, protocol, ranges_of, value_and_mask
from kwhy.knowledge.netfilter.packet import Ends, Packet, number_of
from kwhy.knowledge.netfilter.rule import Test
from kwhy.knowledge.netfilter.surroundings import Surroundings


def mark(values: Sequence[str], negated: bool) -> Test | None:
    read = value_and_mask(values[0])
    if read is None:
        return None
    value, mask = read
    return lambda p, s: ((p.mark & mask) == value) != negated if p.mark is not None else None


def connmark(values: Sequence[str], negated: bool) -> Test | None:
    read = value_and_mask(values[0])
    if read is None:
        return None
    value, mask = read

    def test(p: Packet, s: Surroundings) -> bool | None:
        if p.ct_state in ("INVALID", "UNTRACKED"):
            return False
        return ((p.ct_mark & mask) == value) != negated if p.ct_mark is not None else None

    return test


_CT_STATES = frozenset(("NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"))


def state(values: Sequence[str], negated: bool) -> Test | None:
    wanted = frozenset(values[0].split(","))
    if not wanted <= _CT_STATES | {"SNAT", "DNAT"}:
        return None
    translated = wanted & {"SNAT", "DNAT"}

    def test(p: Packet, s: Surroundings) -> bool | None:
        if p.ct_state is None:
            return None
        return (p.ct_state in wanted or bool(translated and translated & p.ct_status)) != negated

    return test


def tracked(test: Test) -> Test:
    """Other matches of conntrack fail where there is no connection (net/netfilter/xt_conntrack.c conntrack_mt)."""

    def only_tracked(p: Packet, s: Surroundings) -> bool | None:
        return False if p.ct_state in ("INVALID", "UNTRACKED") else test(p, s)

    return only_tracked


def _first(packet: Packet) -> Ends:
    """Ends of the connection's original direction, before any translation."""
    if packet.original is not None:
        return packet.original
    return packet.ends if packet.ct_direction == "ORIGINAL" else packet.ends.swapped()


def _answer(packet: Packet) -> Ends:
    """Ends of the answers, as far as translations are decided."""
    if packet.answer is not None:
        return packet.answer
    return packet.ends.swapped() if packet.ct_direction == "ORIGINAL" else packet.ends


def _ct_address(pick: Callable[[Packet], str | None]) -> Builder:
    def build(values: Sequence[str], negated: bool) -> Test | None:
        network = network_of(values[0])
        if network is None:
            return None
        value, mask, _ = network

        def test(p: Packet, s: Surroundings) -> bool | None:
            address = pick(p)
            return ((number_of(address) & mask) == value) != negated if address is not None else None

        return tracked(test)

    return build


def _ct_port(pick: Callable[[Packet], int | None]) -> Builder:
    def build(values: Sequence[str], negated: bool) -> Test | None:
        ranges = ranges_of(values[0])
        if ranges is None:
            return None

        def test(p: Packet, s: Surroundings) -> bool | None:
            port = pick(p)
            return any(low <= port <= high for low, high in ranges) != negated if port is not None else None

        return tracked(test)

    return build


def ct_direction(values: Sequence[str], negated: bool) -> Test | None:
    wanted = values[0]
    if wanted not in ("ORIGINAL", "REPLY"):
        return None
    return tracked(lambda p, s: (p.ct_direction == wanted) != negated)


def ct_status(values: Sequence[str], negated: bool) -> Test | None:
    wanted = frozenset(values[0].split(","))
    if not wanted <= {"EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED"}:
        return None

    def test(p: Packet, s: Surroundings) -> bool | None:
        if p.ct_state == "NEW":
            return negated
        if p.ct_state == "ESTABLISHED" and wanted & {"SEEN_REPLY", "CONFIRMED"}:
            return not negated
        return None

    return tracked(test)


FIRST_SOURCE = _ct_address(lambda p: _first(p).source)
FIRST_DESTINATION = _ct_address(lambda p: _first(p).destination)
ANSWER_SOURCE = _ct_address(lambda p: _answer(p).source)
ANSWER_DESTINATION = _ct_address(lambda p: _answer(p).destination)
FIRST_SOURCE_PORT = _ct_port(lambda p: _first(p).source_port)
FIRST_DESTINATION_PORT = _ct_port(lambda p: _first(p).destination_port)
ANSWER_SOURCE_PORT = _ct_port(lambda p: _answer(p).source_port)
ANSWER_DESTINATION_PORT = _ct_port(lambda p: _answer(p).destination_port)


def ct_protocol(values: Sequence[str], negated: bool) -> Test | None:
    inner = protocol(values, negated)
    return tracked(inner) if inner is not None else None
