"""The routing policy database of one network namespace at one moment, gathered from what documents show of it.

It keeps apart what was listed (a table that a listing shows empty is empty) from what was not (unknown), and notices
documents that disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TypeAlias

from kwhy.facts.network import (
    Family,
    InterfaceAddress,
    Link,
    LinkListing,
    NetworkFact,
    PolicyRule,
    Route,
    RouteTableListing,
    RuleListing,
    Sysctl,
)
from kwhy.model.document import Document, Locator

#: The priority of the rules that every namespace begins with, and their tables (net/ipv4/fib_rules.c
#: fib_default_rules_init(), net/ipv6/fib6_rules.c fib6_rules_net_init_default(); unchanged since Linux 2.6).
DEFAULT_RULES: dict[Family, tuple[tuple[int, str], ...]] = {
    4: ((0, "local"), (32766, "main"), (32767, "default")),
    6: ((0, "local"), (32766, "main")),
}
#: ip6_null_entry, which older kernels print as "unreachable default … metric 4294967295": it is no route.
NULL_ENTRY_METRIC = 0xFFFFFFFF
_TableKey: TypeAlias = tuple[Family, str]
RouteIdentity: TypeAlias = tuple[object, ...]


@lru_cache(maxsize=65536)
def number(text: str) -> int:
    """An address as a number."""
    return int(ip_address(text))


@lru_cache(maxsize=65536)
def network(text: str) -> tuple[int, int]:
    """A prefix as its number and its length."""
    parsed = ip_network(text)
    return int(parsed.network_address), parsed.prefixlen


def width(family: Family) -> int:
    return 32 if family == 4 else 128


def contains(prefix: str, address: int, family: Family) -> bool:
    first, length = network(prefix)
    shift = width(family) - length
    return first >> shift == address >> shift


def identity(route: Route) -> RouteIdentity:
    """What tells two routes of one table apart, and what they do; the same in every form of output."""
    hops = tuple((hop.via, hop.dev) for hop in route.nexthops)
    return (route.destination, route.tos, route.metric or 0, route.type, route.source, route.prefsrc, hops)


@dataclass(frozen=True)
class Table:
    """One table. ``listing`` is None where no document lists it: ``routes`` are then those that happen to be known.

    ``conflict`` holds the places of two listings that disagree.
    """

    name: str
    family: Family
    routes: tuple[Route, ...]
    listing: RouteTableListing | None
    conflict: tuple[Locator, ...] = ()
    by_length: dict[int, dict[int, list[Route]]] = field(default_factory=dict, repr=False, compare=False)

    def covering(self, address: int) -> Iterable[tuple[int, list[Route]]]:
        """The prefix lengths that hold routes for the address, longest first."""
        bits = width(self.family)
        for length in sorted(self.by_length, reverse=True):
            routes = self.by_length[length].get(address >> (bits - length))
            if routes:
                yield length, routes


@dataclass(frozen=True)
class PolicyDatabase:
    """``rules`` are in the order in which the kernel tries them. Compared by identity."""

    rules: dict[Family, tuple[PolicyRule, ...]]
    rule_listings: dict[Family, RuleListing]
    tables: dict[_TableKey, Table]
    addresses: tuple[InterfaceAddress, ...]
    address_listing: LinkListing | None
    links: dict[str, Link]
    sysctls: dict[str, Sysctl]

    def table(self, name: str, family: Family) -> Table:
        return self.tables.get((family, name)) or Table(name, family, (), None)


def policy_database(facts: Iterable[NetworkFact]) -> PolicyDatabase:
    """The database that the facts show. They must be of one namespace and one moment; the caller selects them."""
    found = list(facts)
    routes = [fact for fact in found if isinstance(fact, Route)]
    table_listings = [fact for fact in found if isinstance(fact, RouteTableListing)]
    rule_listings: dict[Family, RuleListing] = {}
    for fact in found:
        if isinstance(fact, RuleListing):
            for family in fact.families:
                rule_listings.setdefault(family, fact)
    addresses = _distinct_addresses(fact for fact in found if isinstance(fact, InterfaceAddress))
    listings = [fact for fact in found if isinstance(fact, LinkListing) and fact.addresses]
    return PolicyDatabase(
        rules=_rules(found, rule_listings),
        rule_listings=rule_listings,
        tables=_tables(routes, table_listings),
        addresses=addresses,
        address_listing=listings[0] if listings else None,
        links={fact.name: fact for fact in reversed(found) if isinstance(fact, Link)},
        sysctls={fact.key: fact for fact in reversed(found) if isinstance(fact, Sysctl) and fact.file is None},
    )


def _rules(found: Sequence[NetworkFact], listings: dict[Family, RuleListing]) -> dict[Family, tuple[PolicyRule, ...]]:
    """The rules of the listing where there is one (another document may repeat them), else all that are shown."""
    rules: dict[Family, tuple[PolicyRule, ...]] = {}
    families: tuple[Family, ...] = (4, 6)
    for family in families:
        shown = [fact for fact in found if isinstance(fact, PolicyRule) and fact.family == family]
        listing = listings.get(family)
        if listing is not None:
            shown = [rule for rule in shown if rule.at.document is listing.at.document]
        rules[family] = tuple(sorted(shown, key=lambda rule: rule.priority))
    return rules


def _distinct_addresses(found: Iterable[InterfaceAddress]) -> tuple[InterfaceAddress, ...]:
    """One per device and address; the first that says its scope is kept, in the order of the kernel."""
    kept: dict[tuple[str, str], InterfaceAddress] = {}
    for address in found:
        key = (address.dev, address.address)
        if key not in kept or (kept[key].scope is None and address.scope is not None):
            kept[key] = address
    return tuple(kept.values())


def _tables(routes: Sequence[Route], listings: Sequence[RouteTableListing]) -> dict[_TableKey, Table]:
    by_table: dict[_TableKey, list[Route]] = {}
    for route in routes:
        if route.table is not None and route.metric != NULL_ENTRY_METRIC:
            by_table.setdefault((route.family, route.table), []).append(route)
    keys = set(by_table)
    for listing in listings:
        keys |= {(family, listing.table) for family in listing.families if listing.table is not None}
        if listing.table is None:
            keys |= {(family, name) for family in listing.families for name in ("local", "main", "default")}
    tables = {key: _table(key, by_table.get(key, []), listings) for key in keys}
    whole = [listing for listing in listings if listing.table is None]
    return _WithListedRest(tables, whole) if whole else tables


class _WithListedRest(dict[_TableKey, Table]):
    """Tables where a document lists all of them: a table that it does not show is listed and empty."""

    def __init__(self, tables: dict[_TableKey, Table], listings: Sequence[RouteTableListing]) -> None:
        super().__init__(tables)
        self._listings = listings

    def get(self, key: _TableKey, default: Table | None = None) -> Table | None:  # type: ignore[override]
        if key in self:
            return self[key]
        family, name = key
        for listing in self._listings:
            if family in listing.families:
                return Table(name, family, (), listing)
        return default


def _table(key: _TableKey, routes: Sequence[Route], listings: Sequence[RouteTableListing]) -> Table:
    family, name = key
    covering = [listing for listing in listings if listing.covers(name, family)]
    full = [listing for listing in covering if not _is_partial(listing.at.document, routes)]
    if not covering:
        kept = _distinct(routes)
        return Table(name, family, kept, None, (), _by_length(kept, family))
    listing = min(full or covering, key=_directness)
    kept = _distinct(route for route in routes if route.at.document is listing.at.document)
    other = next((rest for rest in full if _shows_else(rest, kept, routes)), None)
    conflict = (listing.at, other.at) if other is not None else ()
    return Table(name, family, kept, listing, conflict, _by_length(kept, family))


def _directness(listing: RouteTableListing) -> tuple[bool, bool]:
    """The plainest proof comes first: the table's own listing, and the one whose command is in the evidence."""
    return listing.table is None, listing.basis == "content"


def _is_partial(document: Document, routes: Sequence[Route]) -> bool:
    return any(route.partial for route in routes if route.at.document is document)


def _shows_else(listing: RouteTableListing, kept: Sequence[Route], routes: Sequence[Route]) -> bool:
    shown = {identity(route) for route in routes if route.at.document is listing.at.document}
    return shown != {identity(route) for route in kept}


def _distinct(routes: Iterable[Route]) -> tuple[Route, ...]:
    kept: dict[RouteIdentity, Route] = {}
    for route in routes:
        kept.setdefault(identity(route), route)
    return tuple(kept.values())


def _by_length(routes: Iterable[Route], family: Family) -> dict[int, dict[int, list[Route]]]:
    index: dict[int, dict[int, list[Route]]] = {}
    for route in routes:
        first, length = network(route.destination)
        index.setdefault(length, {}).setdefault(first >> (width(family) - length), []).append(route)
    return index
