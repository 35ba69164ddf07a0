"""Tables that rules need: proven empty, not listed, or lost in comparison with a healthy node."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from kwhy.facts.network import NetworkFact
from kwhy.ingest.parsers import ip_route, ip_rule
from kwhy.knowledge.net.policy_database import PolicyDatabase, policy_database
from kwhy.knowledge.net.policy_tables import (
    LostTable,
    ShorterTable,
    compare_tables,
    tables_expected_but_empty,
    tables_not_listed,
)
from kwhy.model.document import Document

CASES = Path(__file__).parents[2] / "cases" / "net" / "policy_table_empty"


def read(case: str, name: str) -> list[NetworkFact]:
    form = ip_rule.FORMAT if name == "ip-rule.txt" else ip_route.FORMAT
    data = (CASES / case / "evidence" / name).read_bytes()
    return cast("list[NetworkFact]", list(form.parse(Document(name, data))))


def node(case: str) -> PolicyDatabase:
    return policy_database(read(case, "ip-rule.txt") + read(case, "ip-route-all.txt"))


def test_the_lost_table_is_named_with_the_rule_that_needs_it() -> None:
    (empty,) = tables_expected_but_empty(node("table_lost"))
    assert (empty.table, empty.family, [rule.priority for rule in empty.rules]) == ("2", 4, [1536])
    assert empty.listing.at.source == "ip-route-all.txt"


def test_the_tables_own_empty_listing_is_the_plainest_proof() -> None:
    own = list(ip_route.FORMAT.parse(Document("own.txt", b"", command="ip route show table 2")))
    facts = read("table_lost", "ip-rule.txt") + read("table_lost", "ip-route-all.txt")
    (empty,) = tables_expected_but_empty(policy_database(facts + cast("list[NetworkFact]", own)))
    assert (empty.listing.at.source, empty.listing.at.excerpt) == ("own.txt", "ip route show table 2")


def test_the_healthy_twin_lacks_nothing() -> None:
    assert tables_expected_but_empty(node("healthy_twin")) == ()
    assert tables_not_listed(node("healthy_twin")) == ()
    assert compare_tables(node("healthy_twin"), node("healthy_twin")) == ()


def test_a_table_that_nobody_listed_is_a_question_not_a_fault() -> None:
    only_rules = policy_database(read("table_lost", "ip-rule.txt"))
    assert tables_expected_but_empty(only_rules) == ()
    (unlisted,) = tables_not_listed(only_rules)
    assert (unlisted.table, unlisted.command) == ("2", "ip route show table 2")


def test_the_default_table_is_empty_on_every_host() -> None:
    assert all(empty.table != "default" for empty in tables_expected_but_empty(node("healthy_twin")))


def test_comparison_shows_what_the_table_should_hold() -> None:
    (lost,) = compare_tables(node("table_lost"), node("healthy_twin"))
    assert isinstance(lost, LostTable)
    assert [route.at.excerpt for route in lost.there] == [
        "default via 10.176.44.1 dev eth1 table 2",
        "10.176.44.1 dev eth1 table 2 scope link",
    ]


def test_a_table_without_its_default_route_is_shorter() -> None:
    text = (CASES / "healthy_twin" / "evidence" / "ip-route-all.txt").read_text()
    cut = text.replace("default via 10.176.44.1 dev eth1 table 2 \n", "")
    facts = cast("list[NetworkFact]", list(ip_route.FORMAT.parse(Document("cut.txt", cut.encode()))))
    here = policy_database(read("healthy_twin", "ip-rule.txt") + facts)
    (shorter,) = compare_tables(here, node("healthy_twin"))
    assert isinstance(shorter, ShorterTable)
    assert shorter.default_there.via == "10.176.44.1"
