"""`nft list ruleset`: tables, chains, sets and maps."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.netfilter import NftListing, NftTable
from kwhy.ingest.parsers.nft_ruleset import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head, Parsed

#: Recorded: nft 1.0.6, Linux 6.18; chains and maps of the first table as kube-proxy 1.34 names them.
RECORDED = (Path(__file__).parent / "data" / "nft" / "ruleset_v1.0.6.txt").read_bytes()


def read(data: bytes, command: str | None = "nft list ruleset") -> list[Parsed]:
    return list(FORMAT.parse(Document("nft.txt", data, command=command)))


def tables(data: bytes, command: str | None = "nft list ruleset") -> dict[str, NftTable]:
    return {fact.name: fact for fact in read(data, command) if isinstance(fact, NftTable)}


def test_it_is_recognised_by_its_first_table() -> None:
    assert FORMAT.recognise(Head(RECORDED.decode(), len(RECORDED), None)) > 0.9
    assert FORMAT.recognise(Head("a table of things {\n", 20, None)) == 0.0


def test_tables_chains_and_hooks_are_read() -> None:
    found = tables(RECORDED)
    assert [(each.family, name, each.complete) for name, each in found.items()] == [
        ("ip", "kube-proxy", True),
        ("inet", "f", True),
    ]
    hooks = {name: (each.type, each.hook, each.priority, each.policy) for name, each in found["f"].chains.items()}
    assert hooks["fo"] == ("filter", "forward", 5, "drop")
    assert hooks["na"] == ("nat", "prerouting", -110, "accept")
    assert hooks["in"] == ("filter", "input", -150, "accept")
    assert hooks["x"] == (None, None, None, "accept")


def test_elements_over_several_lines_are_one_set_without_their_remarks() -> None:
    sets = tables(RECORDED)["kube-proxy"].sets
    assert sets["service-ips"].elements == (
        "172.30.0.43 . udp . 53 : goto service-ULMVA6XW-ns1/svc1/tcp/p80",
        "172.30.0.41 . tcp . 80 : goto service-ULMVA6XW-ns1/svc1/tcp/p80",
        "172.30.0.42 . tcp . 81 : goto service-ULMVA6XW-ns1/svc1/tcp/p80",
    )
    assert sets["no-endpoint-services"].elements == (
        "1.2.3.4 . tcp . 80 : drop",
        "172.30.0.46 . tcp . 80 : goto reject-chain",
    )
    assert (sets["service-ips"].kind, sets["service-ips"].value) == ("map", "verdict")


def test_rules_know_their_lines() -> None:
    table = tables(RECORDED)["kube-proxy"]
    (rule,) = table.chains["nat-prerouting"].rules
    lines = RECORDED.decode().splitlines()
    assert rule.line is not None
    assert rule.text == lines[rule.line - 1].strip() == "jump services"


def test_only_the_whole_ruleset_is_a_listing() -> None:
    assert any(isinstance(fact, NftListing) for fact in read(RECORDED))
    assert not any(isinstance(fact, NftListing) for fact in read(RECORDED, "nft list table ip kube-proxy"))
    assert not any(isinstance(fact, NftListing) for fact in read(RECORDED, "nft list ruleset | head -50"))


def test_of_a_cut_document_the_last_chain_is_not_whole() -> None:
    facts = read(RECORDED[: RECORDED.index(b"ip6 saddr fd00::/8")])
    table = next(fact for fact in facts if isinstance(fact, NftTable) and fact.name == "f")
    assert not table.complete
    assert not table.chains["fo"].whole
    assert any(isinstance(fact, Unparsed) and "no closing brace" in fact.why for fact in facts)


def test_handles_are_no_part_of_rules() -> None:
    # nft -a list ruleset
    text = b"table ip t { # handle 1\n\tchain c { # handle 2\n\t\taccept # handle 3\n\t}\n}\n"
    assert [rule.text for rule in tables(text)["t"].chains["c"].rules] == ["accept"]


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_read_without_failing(data: bytes) -> None:
    FORMAT.recognise(Head(data.decode("utf-8", "replace"), len(data), None))
    read(data)
    read(b"table ip x {\n\tset s {\n" + data)


@given(st.integers(0, len(RECORDED)), st.integers(0, 200), st.binary(max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_damage_is_read_and_lines_stay_those_of_the_source(start: int, lost: int, put: bytes) -> None:
    damaged = RECORDED[:start] + put + RECORDED[start + lost :]
    lines = damaged.count(b"\n") + 1
    assert all(1 <= (fact.at.line or 1) <= lines for fact in read(damaged) if not isinstance(fact, Document))
