"""`nft -j list ruleset` says what `nft list ruleset` says."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.knowledge.netfilter.rules import ELSEWHERE, tcp

from kwhy.facts.netfilter import NftListing, NftTable
from kwhy.ingest.parsers import nft_json, nft_ruleset
from kwhy.knowledge.netfilter.evaluating import evaluate
from kwhy.knowledge.netfilter.ruleset import RuleSet, rule_set
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head, Parsed

#: Recorded one after the other from the same rules: nft 1.0.6, Linux 6.18.
DATA = Path(__file__).parent / "data" / "nft"
JSON, TEXT = (DATA / "ruleset_v1.0.6.json").read_bytes(), (DATA / "ruleset_v1.0.6.txt").read_bytes()


def read(data: bytes) -> list[Parsed]:
    return list(nft_json.FORMAT.parse(Document("nft.json", data, command="nft -j list ruleset")))


def rules(parsed: list[Parsed]) -> RuleSet:
    return rule_set(fact for fact in parsed if isinstance(fact, (NftTable, NftListing)))


def test_it_is_recognised_by_its_beginning() -> None:
    assert nft_json.FORMAT.recognise(Head(JSON.decode(), len(JSON), None)) > 0.9
    assert nft_json.FORMAT.recognise(Head('{"kind": "List"}', 16, None)) == 0.0


def test_tables_chains_and_sets_are_those_of_the_text() -> None:
    text = {t.name: t for t in nft_ruleset.FORMAT.parse(Document("nft.txt", TEXT)) if isinstance(t, NftTable)}
    for table in (fact for fact in read(JSON) if isinstance(fact, NftTable)):
        same = text[table.name]
        assert table.complete
        assert {n: (c.type, c.hook, c.priority, c.policy, len(c.rules)) for n, c in table.chains.items()} == {
            n: (c.type, c.hook, c.priority, c.policy, len(c.rules)) for n, c in same.chains.items()
        }
        assert {n: (s.kind, s.type, s.value, len(s.elements or ())) for n, s in table.sets.items()} == {
            n: (s.kind, s.type, s.value, len(s.elements or ())) for n, s in same.sets.items()
        }


def test_packets_fare_the_same_by_both() -> None:
    one, other = rules(read(JSON)), rules(list(nft_ruleset.FORMAT.parse(Document("nft.txt", TEXT))))
    destinations = ("172.30.0.41", "172.30.0.46", "1.2.3.4", "10.2.0.3", "1.1.1.1", "1.1.1.3")
    for address, port, protocol, mark in product(destinations, (80, 81, 90, 91, 443), ("tcp", "udp"), (0, 0x100)):
        packet = tcp(address, port, protocol=protocol, mark=mark, source="192.168.1.5")
        for hook in ("prerouting", "forward", "postrouting"):
            by_json = evaluate(one, hook, packet, ELSEWHERE)
            by_text = evaluate(other, hook, packet, ELSEWHERE)
            assert [(o.verdict, o.packet, o.chance) for o in by_json] == [
                (o.verdict, o.packet, o.chance) for o in by_text
            ]


def test_rules_know_where_they_stand() -> None:
    table = next(fact for fact in read(JSON) if isinstance(fact, NftTable))
    (rule,) = table.chains["nat-prerouting"].rules
    assert rule.text == "jump services"
    assert str(rule.path).startswith("nftables[")


def test_cut_json_is_said_to_be_cut() -> None:
    (only,) = read(JSON[:5000])
    assert isinstance(only, Unparsed)


def test_a_statement_that_is_not_known_stays_unknown() -> None:
    place = {"family": "ip", "table": "t"}
    hook = {"type": "filter", "hook": "forward", "prio": 0, "policy": "accept"}
    rule = {"chain": "c", "expr": [{"dup": {"addr": "10.0.0.1"}}, {"drop": None}]}
    items = [{"table": {"family": "ip", "name": "t"}}, {"chain": place | hook | {"name": "c"}}, {"rule": place | rule}]
    text = json.dumps({"nftables": items}).encode()
    assert len(evaluate(rules(read(text)), "forward", tcp(), ELSEWHERE)) == 2


@given(st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_read_without_failing(data: bytes) -> None:
    nft_json.FORMAT.recognise(Head(data.decode("utf-8", "replace"), len(data), None))
    read(data)
    read(b'{"nftables": [' + data + b"]}")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("table", "chain", "rule", "set", "map", "family", "name", "expr", "match", "left", "op", "elem")
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(st.lists(_JSON, max_size=4))
@settings(max_examples=80, deadline=None)
def test_any_json_is_read_without_failing(items: list[object]) -> None:

    read(json.dumps({"nftables": items}).encode())
