"""Policy rules that lead to tables which hold nothing, alone or compared with a healthy node.

A rule whose table is empty changes nothing: the packet falls through to the next rule, mostly to main's default. Agents
that give pods a device of their own (aws-node's ipamd, terway, multus with sbr) write both, rule and table; the rule
survives when the table is lost, because deleting a device or setting it down deletes its routes and no rules.
"""

from __future__ import annotations

from typing import Final

import msgspec

from kwhy.facts.network import Family, PolicyRule, Route, RouteTableListing
from kwhy.knowledge.net.policy_database import PolicyDatabase

#: Tables that the kernel's own rules look up; `default` is empty on nearly every host.
_KERNEL_TABLES: Final = ("local", "main", "default")
_FAMILIES: Final[tuple[Family, ...]] = (4, 6)


class EmptyTable(msgspec.Struct, frozen=True):
    """A table that ``rules`` look up and that ``listing`` shows to be empty or not to exist."""

    table: str
    family: Family
    rules: tuple[PolicyRule, ...]
    listing: RouteTableListing


class UnlistedTable(msgspec.Struct, frozen=True):
    """A table that ``rules`` look up and that no document lists; ``command`` would."""

    table: str
    family: Family
    rules: tuple[PolicyRule, ...]
    command: str


class LostTable(msgspec.Struct, frozen=True):
    """A table that the healthy node fills and this one does not. ``there`` is what it should hold, in kind."""

    table: str
    family: Family
    here: RouteTableListing
    there: tuple[Route, ...]


class ShorterTable(msgspec.Struct, frozen=True):
    """A table that both nodes fill, but this one without a default route, which the healthy node's has."""

    table: str
    family: Family
    here: RouteTableListing
    default_there: Route


def tables_expected_but_empty(database: PolicyDatabase) -> tuple[EmptyTable, ...]:
    """Tables that a rule looks up and that a listing proves to be empty."""
    found: list[EmptyTable] = []
    for family, name, rules in _looked_up(database):
        table = database.table(name, family)
        if table.listing is not None and not table.routes and not table.conflict:
            found.append(EmptyTable(name, family, rules, table.listing))
    return tuple(found)


def tables_not_listed(database: PolicyDatabase) -> tuple[UnlistedTable, ...]:
    """Tables that a rule looks up and of which nothing is known, with the command that would show them."""
    found: list[UnlistedTable] = []
    for family, name, rules in _looked_up(database):
        if database.table(name, family).listing is None:
            option = "-6 " if family == 6 else ""
            found.append(UnlistedTable(name, family, rules, f"ip {option}route show table {name}"))
    return tuple(found)


def compare_tables(here: PolicyDatabase, healthy: PolicyDatabase) -> tuple[LostTable | ShorterTable, ...]:
    """What the healthy node's own tables hold and this node's do not; only what both nodes list is compared.

    Addresses differ between nodes, so tables are compared in kind: filled or empty, with or without default.
    """
    found: list[LostTable | ShorterTable] = []
    for family, name, _ in _looked_up(healthy):
        there, ours = healthy.table(name, family), _agreed_listing(here, name, family)
        if ours is None or there.listing is None or not there.routes:
            continue
        routes = here.table(name, family).routes
        default = next((route for route in there.routes if route.is_default and route.type == "unicast"), None)
        if not routes:
            found.append(LostTable(name, family, ours, there.routes))
        elif default is not None and not any(route.is_default for route in routes):
            found.append(ShorterTable(name, family, ours, default))
    return tuple(found)


def _agreed_listing(database: PolicyDatabase, name: str, family: Family) -> RouteTableListing | None:
    """The listing that covers a table, unless documents disagree about it."""
    table = database.table(name, family)
    return None if table.conflict else table.listing


def _looked_up(database: PolicyDatabase) -> list[tuple[Family, str, tuple[PolicyRule, ...]]]:
    """The tables beside the kernel's own that rules look up, with these rules."""
    by_table: dict[tuple[Family, str], list[PolicyRule]] = {}
    for family in _FAMILIES:
        for rule in database.rules[family]:
            if rule.action == "lookup" and rule.table is not None and not rule.l3mdev:
                by_table.setdefault((family, rule.table), []).append(rule)
    return [(family, name, tuple(rules)) for (family, name), rules in by_table.items() if name not in _KERNEL_TABLES]
