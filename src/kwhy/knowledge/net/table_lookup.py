"""What one routing table answers for a destination.

Source: Linux 6.18 net/ipv4/fib_trie.c fib_table_lookup(), fib_lookup_good_nhc(); net/ipv6/route.c fib6_table_lookup(),
find_match(), rt6_score_route().
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import TypeAlias

import msgspec

from kwhy.facts.network import Family, NextHop, Route
from kwhy.knowledge.net.policy_database import PolicyDatabase, Table, contains, network, number
from kwhy.knowledge.net.rule_match import Flow
from kwhy.model.document import Locator

_REJECTING = ("unreachable", "prohibit", "blackhole", "nat")
#: include/uapi/linux/icmpv6.h ICMPV6_ROUTER_PREF_*, as rt6_score_route() weighs them
_PREFERENCE = {"low": 1, "medium": 2, "high": 3}


class Found(msgspec.Struct, frozen=True):
    """A route that carries packets. ``hops``: those that the kernel may pick; one per flow."""

    route: Route
    hops: tuple[NextHop, ...]


class Rejected(msgspec.Struct, frozen=True):
    """A route that refuses packets and ends the decision."""

    route: Route


class NoRoute(msgspec.Struct, frozen=True):
    """Proven: the table has no route for the destination (or one that says `throw`)."""

    why: str
    at: Locator | None


class Undecided(msgspec.Struct, frozen=True):
    """The evidence does not tell. ``why`` names what is missing."""

    why: str


Answer: TypeAlias = Found | Rejected | NoRoute | Undecided


def look_up(database: PolicyDatabase, name: str, flow: Flow, family: Family, assumed: list[str]) -> Answer:
    """The table's answer. What the kernel sets up by itself is assumed where it is not shown, and said."""
    table = database.table(name, family)
    if table.conflict:
        places = " and ".join(f"{place.source}:{place.line}" for place in table.conflict)
        return Undecided(f"what table {name} holds: {places} disagree")
    answer = _search(table, flow, family)
    if not isinstance(answer, NoRoute) or table.listing is not None:
        return answer
    if name == "local":
        return _local(database, flow, family, assumed)
    if name == "default" and not table.routes:
        assumed.append("table default is empty, as the kernel leaves it")
        return NoRoute("assumed to be empty", None)
    return Undecided(f"whether table {name} has a route to {flow.destination}: no document lists the table")


def _local(database: PolicyDatabase, flow: Flow, family: Family, assumed: list[str]) -> Answer:
    """The local table holds the host's own addresses; where it is not listed, the addresses stand in for it."""
    for own in database.addresses:
        if own.family == family and own.address == flow.destination:
            length = 32 if family == 4 else 128
            route = Route(
                at=own.at, family=family, destination=f"{own.address}/{length}", table="local", type="local",
                nexthops=(NextHop(None, own.dev),),
            )  # fmt: skip
            return Found(route, route.nexthops)
    if database.address_listing is not None:
        return NoRoute(f"{flow.destination} is no address of this host", database.address_listing.at)
    assumed.append(f"{flow.destination} is no address of this host")
    return NoRoute(f"{flow.destination} is assumed to be no address of this host", None)


def _search(table: Table, flow: Flow, family: Family) -> Answer:
    if not table.routes:
        what = "listed, and it does not exist" if table.listing and table.listing.missing else "listed and empty"
        return NoRoute(what, table.listing.at if table.listing else None)
    for _, routes in table.covering(number(flow.destination)):
        answer = _pick_v4(routes, flow) if family == 4 else _pick_v6(routes, flow)
        if answer is not None:
            return answer
    return NoRoute(f"no route to {flow.destination}", table.listing.at if table.listing else table.routes[0].at)


def _pick_v4(routes: list[Route], flow: Flow) -> Answer | None:
    """The first usable of equal prefixes: the packet's own tos before none, then the lower metric."""
    ordered = sorted(routes, key=lambda route: (-route.tos, route.metric or 0))
    for position, route in enumerate(ordered):
        if route.tos and flow.tos is None:
            return Undecided(f"whether the packet carries tos {route.tos:#x}")
        if route.tos and route.tos != flow.tos:
            continue
        answer = _answer(route, flow, strict=flow.bound_to is not None)
        if answer is None:
            continue
        equals = [
            other
            for other in ordered[position + 1 :]
            if (other.tos, other.metric or 0, other.type) == (route.tos, route.metric or 0, "unicast")
        ]
        if isinstance(answer, Found) and route.is_default and equals and route.type == "unicast":
            return _equal_defaults(answer, equals, flow)
        return answer
    return None


def _equal_defaults(first: Found, equals: list[Route], flow: Flow) -> Answer:
    """Of several default routes alike the kernel prefers one whose gateway's neighbour entry is valid."""
    if flow.bound_to is not None:
        return first
    hops = dict.fromkeys(first.hops)
    for route in equals:
        hops.update(dict.fromkeys(route.nexthops))
    return first if len(hops) == 1 else Found(first.route, tuple(hops))


def _pick_v6(routes: list[Route], flow: Flow) -> Answer | None:
    """Lower metrics first; among equals the best score (router preference, then the asked device)."""
    usable = [route for route in routes if _from_source(route, flow)]
    special = [route for route in usable if route.source is not None]
    if special:
        longest = max(network(route.source)[1] for route in special if route.source is not None)
        usable = [route for route in special if route.source and network(route.source)[1] == longest]
    ordered = sorted(usable, key=lambda route: route.metric or 0)
    for _, group in groupby(ordered, key=lambda route: route.metric or 0):
        answer = _best_v6(group, flow)
        if answer is not None:
            return answer
    return None


def _from_source(route: Route, flow: Flow) -> bool:
    return route.source is None or (flow.source is not None and contains(route.source, number(flow.source), 6))


def _best_v6(group: Iterable[Route], flow: Flow) -> Answer | None:
    device = flow.bound_to or flow.arrives_on
    strict = flow.bound_to is not None and (flow.source is None or is_link_local(flow.destination))
    scored: list[tuple[int, Route, Answer]] = []
    for route in group:
        answer = _answer(route, flow, strict=strict)
        if answer is not None:
            on_device = device is None or any(hop.dev == device for hop in route.nexthops)
            scored.append(
                (_PREFERENCE.get(route.preference or "medium", 2) * 4 + (2 if on_device else 0), route, answer)
            )
    if not scored:
        return None
    best = max(score for score, _, _ in scored)
    answers = [answer for score, _, answer in scored if score == best]
    first = answers[0]
    if not isinstance(first, Found) or len(answers) == 1:
        return first
    if not all(isinstance(answer, Found) for answer in answers):
        return Undecided(f"which of {len(answers)} equal routes to {first.route.destination} the kernel tries first")
    hops = dict.fromkeys(hop for answer in answers if isinstance(answer, Found) for hop in answer.hops)
    return Found(first.route, tuple(hops))


def is_link_local(address: str) -> bool:
    value = number(address)
    return value >> 118 == 0xFE80 >> 6 or value >> 120 == 0xFF


def _answer(route: Route, flow: Flow, *, strict: bool) -> Answer | None:
    """What the route does with the flow; None where it does not apply. ``strict``: only hops of the bound device."""
    if strict and route.family == 6 and all(hop.dev != flow.bound_to for hop in route.nexthops):
        return None  # refusing routes too: they belong to lo
    if route.type in _REJECTING:
        return Rejected(route)
    if route.type == "throw":
        return NoRoute(f"{route.destination} is thrown back", route.at)
    if not route.nexthops:
        return Undecided(f"the next hop of {route.destination}, which {route.at.source} does not show")
    alive = tuple(hop for hop in route.nexthops if "dead" not in hop.flags and "dead" not in route.flags)
    if strict:
        alive = tuple(hop for hop in alive if hop.dev == flow.bound_to)
    return Found(route, alive) if alive else None
