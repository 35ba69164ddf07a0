"""iptables-save: tables, and where kube-proxy sends what."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.netfilter import IptablesTable
from kwhy.ingest.parsers.iptables_save import FORMAT
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head, Parsed

#: Recorded: iptables 1.8.9 (nf_tables), kube-proxy 1.34.4 in iptables mode.
RECORDED = (Path(__file__).parent / "data" / "iptables" / "kube_proxy_v1.34.txt").read_bytes()


def read(data: bytes, command: str | None = None) -> list[Parsed]:
    return list(FORMAT.parse(Document("iptables-save.txt", data, command=command)))


def recognised(data: bytes) -> float:
    return FORMAT.recognise(Head(data[:65536].decode("utf-8", "replace"), len(data), None))


def test_every_table_is_read_to_its_end() -> None:
    tables = [fact for fact in read(RECORDED) if isinstance(fact, IptablesTable)]
    assert [(t.name, t.rules, t.complete, t.backend, t.family) for t in tables] == [
        ("mangle", 0, True, "nf_tables", 4),
        ("filter", 15, True, "nf_tables", 4),
        ("nat", 51, True, "nf_tables", 4),
    ]
    assert "KUBE-SERVICES" in tables[2].chains


def test_it_is_recognised_with_and_without_its_header() -> None:
    without = b"\n".join(line for line in RECORDED.split(b"\n") if not line.startswith(b"#"))
    assert recognised(RECORDED) > 0.9
    assert recognised(without) > 0.9
    assert recognised(b"nat\nfilter\nsome words *nat*\n") == 0.0


def tables_of(data: bytes, command: str | None = None) -> dict[str, IptablesTable]:
    return {fact.name: fact for fact in read(data, command) if isinstance(fact, IptablesTable)}


def test_chains_know_their_policy_and_the_lines_of_their_rules() -> None:
    tables = tables_of(RECORDED)
    assert tables["filter"].chains["FORWARD"].policy == "ACCEPT"
    assert tables["nat"].chains["KUBE-SERVICES"].policy is None
    lines = tables["nat"].chains["KUBE-SERVICES"].lines
    assert lines == (109, 110, 111, 112, 113)
    assert tables["nat"].text(111).startswith("-A KUBE-SERVICES -d 10.96.137.196/32 -p tcp")
    assert tables["nat"].place(111).excerpt == tables["nat"].text(111)


def test_counters_before_rules_are_passed_over() -> None:
    # iptables-save -c
    text = (
        b"*nat\n:KUBE-SERVICES - [0:0]\n"
        b"[12:720] -A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m tcp --dport 443 -j KUBE-SVC-X\nCOMMIT\n"
    )
    assert tables_of(text)["nat"].chains["KUBE-SERVICES"].lines == (3,)


def test_the_list_of_one_table_is_told_by_its_built_in_chains() -> None:
    # iptables -t nat -S (iptables 1.8.9)
    text = (
        b"-P PREROUTING ACCEPT\n-P INPUT ACCEPT\n-P OUTPUT ACCEPT\n-P POSTROUTING ACCEPT\n-N MINE\n-A MINE -j RETURN\n"
    )
    assert recognised(text) > 0.9
    table = tables_of(text, "iptables -t nat -S")["nat"]
    assert (table.complete, table.chains["MINE"].lines) == (True, (6,))
    assert not tables_of(text)["nat"].complete


def test_what_went_through_grep_is_not_the_whole_table() -> None:
    table = tables_of(RECORDED, "iptables-save | grep -v CNI")["nat"]
    assert not table.complete
    assert not table.chains["KUBE-SERVICES"].whole


def test_the_network_namespace_of_the_command_is_kept() -> None:
    table = tables_of(RECORDED, "ip netns exec web iptables-save")["nat"]
    assert str(table.netns) == "name web"


def test_a_table_without_its_end_is_said_to_be_cut() -> None:
    facts = read(RECORDED[: RECORDED.index(b"-A KUBE-SVC-TCOU")])
    last = [fact for fact in facts if isinstance(fact, IptablesTable)][-1]
    assert (last.name, last.complete) == ("nat", False)
    assert any(isinstance(fact, Unparsed) and "end is missing" in fact.why for fact in facts)


def test_of_a_cut_table_the_chains_before_the_last_are_whole() -> None:
    table = tables_of(RECORDED[: RECORDED.index(b"-A KUBE-SVC-TCOU") + 40])["nat"]
    assert table.chains["KUBE-SERVICES"].whole
    assert not table.chains["KUBE-SVC-NPX46M4PTMTKRN6Y"].whole
    assert table.chains["KUBE-SVC-TCOU7JCQXEZGVUNU"].lines == ()


def test_a_damaged_rule_is_said_and_left_out() -> None:
    text = b"*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 10.0.\x00\x01 -j DROP\n-A INPUT -j ACCEPT\nCOMMIT\n"
    facts = read(text)
    assert tables_of(text)["filter"].chains["INPUT"].lines == (4,)
    assert [fact.at.line for fact in facts if isinstance(fact, Unparsed)] == [3]


@given(st.binary(max_size=400))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_read_without_failing(data: bytes) -> None:
    recognised(data)
    read(data)


@given(st.integers(0, len(RECORDED)), st.integers(0, 200), st.binary(max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_damage_is_read_and_lines_stay_those_of_the_source(start: int, lost: int, put: bytes) -> None:
    damaged = RECORDED[:start] + put + RECORDED[start + lost :]
    lines = damaged.count(b"\n") + 1
    assert all(1 <= (fact.at.line or 1) <= lines for fact in read(damaged) if not isinstance(fact, Document))
