"""Policy rules, routing tables and addresses of hosts and network namespaces, and the answer to `--route-to`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
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
from kwhy.inspecting.rows import place, shortened
from kwhy.knowledge.net.policy_database import PolicyDatabase, policy_database
from kwhy.knowledge.net.policy_tables import tables_expected_but_empty, tables_not_listed
from kwhy.knowledge.net.routing import Result, Step, decide
from kwhy.knowledge.net.rule_match import Flow
from kwhy.model.inspection import Part, RouteQuestion, Row
from kwhy.scene.scene import Scene

#: What makes a routing policy database; of these, one must be there for `--route-to` to mean anything.
_KINDS: tuple[type[NetworkFact], ...] = (
    PolicyRule,
    RuleListing,
    Route,
    RouteTableListing,
    InterfaceAddress,
    Link,
    LinkListing,
    Sysctl,
)
_FAMILIES: tuple[Family, ...] = (4, 6)

#: Host, and network namespace in words.
_Where: TypeAlias = tuple[str, str]


def answers(scene: Scene, question: RouteQuestion) -> list[Part]:
    """The question answered for every host and network namespace that rules or routes are shown of.

    Raises ValueError where the question holds something that is no address.
    """
    asked = (PolicyRule, Route, RouteTableListing)
    return [
        _answer(policy_database(facts), question, suffix)
        for suffix, facts in _by_place(scene)
        if any(isinstance(fact, asked) for fact in facts)
    ]


def routing_parts(scene: Scene, most: int | None) -> list[Part]:
    """``most``: rows per part; None shows all."""
    return [
        part
        for suffix, facts in _by_place(scene)
        for part in _tables(policy_database(facts), suffix, most)
        if part.rows
    ]


def _by_place(scene: Scene) -> list[tuple[str, list[NetworkFact]]]:
    """The facts by host and network namespace, with the words that tell them apart (" of n1, namespace pod web-1")."""
    found: dict[_Where, list[NetworkFact]] = defaultdict(list)
    for kind in _KINDS:
        for fact in scene.facts(kind):
            netns = f"namespace {fact.netns}" if fact.netns is not None else ""
            found[(scene.host_of(fact.at.document).name, netns)].append(fact)
    places = []
    for (host, netns), facts in found.items():
        whose = ", ".join(name for name in (host, netns) if name) if len(found) > 1 else netns
        places.append((f" of {whose}" if whose else "", facts))
    return places


def _tables(database: PolicyDatabase, suffix: str, most: int | None) -> Iterable[Part]:
    for family in _FAMILIES:
        rules = [
            Row((str(rule.priority), _line(rule), rule.table or rule.action), place(rule.at))
            for rule in database.rules[family]
        ]
        yield shortened(f"Policy rules, IPv{family}{suffix}", ("priority", "rule", "table"), rules, most)
    for (family, name), table in sorted(database.tables.items()):
        rows = [Row((_line(route),), place(route.at)) for route in table.routes]
        complete = "" if table.listing is not None else ", as far as shown"
        contradicted = ", documents disagree" if table.conflict else ""
        yield shortened(f"Table {name}, IPv{family}{suffix}{complete}{contradicted}", (), rows, most)
    yield Part(f"Empty tables that rules look into{suffix}", (), tuple(_empty(database)))
    unlisted = tuple(
        Row((f"table {each.table}, IPv{each.family}: no document lists it",), "", (f"$ {each.command}",))
        for each in tables_not_listed(database)
    )
    yield Part(f"Tables that rules look into and nothing shows{suffix}", (), unlisted)
    addresses = [
        Row((each.dev, f"{each.address}/{each.prefix_length}", each.scope or "", " ".join(each.flags)), place(each.at))
        for each in database.addresses
    ]
    yield shortened(f"Addresses{suffix}", ("device", "address", "scope", "flags"), addresses, most)
    links = [
        Row((link.name, link.state or "", str(link.mtu or ""), link.kind or "", link.peer or ""), place(link.at))
        for link in database.links.values()
    ]
    yield shortened(f"Devices{suffix}", ("device", "state", "mtu", "kind", "peer"), links, most)


def _empty(database: PolicyDatabase) -> Iterable[Row]:
    for each in tables_expected_but_empty(database):
        named = ", ".join(str(rule.priority) for rule in each.rules)
        looking = f"rule {named} looks" if len(each.rules) == 1 else f"rules {named} look"
        says = f"table {each.table}, IPv{each.family}: {looking} into it, and it holds no route"
        yield Row((says,), place(each.listing.at), tuple(f"{_line(rule)}  {place(rule.at)}" for rule in each.rules))


def _line(fact: PolicyRule | Route) -> str:
    """The line of the document, without the blanks that align it."""
    return " ".join(fact.at.excerpt.split())


def _answer(database: PolicyDatabase, question: RouteQuestion, suffix: str) -> Part:
    flow = Flow(
        destination=question.destination,
        source=question.source,
        arrives_on=question.arrives_on,
        mark=question.mark,
    )
    decision = decide(database, flow)
    rows = [Row((_result(decision.result),)), *(_step(step) for step in decision.steps)]
    rows += [Row((f"depends on: {condition}",)) for condition in decision.depends_on]
    for one in decision.possibilities:
        rows.append(Row((f"possible: {_result(one.result)}",), "", tuple(f"if {each}" for each in one.conditions)))
    rows += [Row((f"assumed: {assumption}",)) for assumption in decision.assumed]
    return Part(_asked(question) + suffix, (), tuple(rows))


def _asked(question: RouteQuestion) -> str:
    words = [f"Packets to {question.destination}"]
    words += [f"from {question.source}"] if question.source is not None else []
    words += [f"that arrive on {question.arrives_on}"] if question.arrives_on is not None else []
    words += [f"with mark {question.mark:#x}"] if question.mark else []
    return " ".join(words)


def _step(step: Step) -> Row:
    return Row((f"→ {step.says}",), place(step.at) if step.at is not None and step.at.line is not None else "")


def _result(result: Result) -> str:
    if result.kind == "unknown":
        return "cannot be told from these documents"
    if result.error is not None:
        return f"go nowhere: {result.kind} ({result.error})"
    hops = " or ".join(_hop(hop.via, hop.dev) for hop in result.nexthops)
    if result.kind == "local":
        return "are for this host"
    source = f", source {result.source}" if result.source is not None else ""
    kind = "" if result.kind == "unicast" else f" as {result.kind}"
    table = f", by table {result.table}" if result.table is not None else ""
    return f"go {hops or 'somewhere that is not shown'}{kind}{source}{table}"


def _hop(via: str | None, dev: str | None) -> str:
    return " ".join([*(["via", via] if via else []), *(["out of", dev] if dev else [])])
