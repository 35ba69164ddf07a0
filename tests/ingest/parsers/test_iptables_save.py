"""iptables-save: tables, and where kube-proxy sends what."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.iptables import IptablesTable, ServiceRule
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


def test_service_rules_name_address_port_and_service() -> None:
    rules = [fact for fact in read(RECORDED) if isinstance(fact, ServiceRule)]
    assert [(r.address, r.protocol, r.port, r.comment, r.at.line) for r in rules] == [
        ("10.96.0.10", "udp", 53, "kube-system/kube-dns:dns cluster IP", 109),
        ("10.96.0.10", "tcp", 53, "kube-system/kube-dns:dns-tcp cluster IP", 110),
        ("10.96.137.196", "tcp", 80, "shop/web cluster IP", 111),
        ("10.96.0.1", "tcp", 443, "default/kubernetes:https cluster IP", 112),
    ]
    assert all(r.target.startswith("KUBE-SVC-") for r in rules)


def test_it_is_recognised_with_and_without_its_header() -> None:
    without = b"\n".join(line for line in RECORDED.split(b"\n") if not line.startswith(b"#"))
    assert recognised(RECORDED) > 0.9
    assert recognised(without) > 0.9
    assert recognised(b"nat\nfilter\nsome words *nat*\n") == 0.0


def test_counters_before_rules_are_passed_over() -> None:
    # iptables-save -c
    text = (
        b"*nat\n:KUBE-SERVICES - [0:0]\n"
        b"[12:720] -A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m tcp --dport 443 -j KUBE-SVC-X\nCOMMIT\n"
    )
    rule, table = read(text)
    assert isinstance(rule, ServiceRule)
    assert (rule.address, rule.port) == ("10.96.0.1", 443)
    assert isinstance(table, IptablesTable)


def test_a_rejected_service_is_a_rule_too() -> None:
    # Kubernetes v1.34 pkg/proxy/iptables/proxier.go: Services without endpoints, table filter
    text = (
        b"*filter\n:KUBE-SERVICES - [0:0]\n-A KUBE-SERVICES -d 10.96.1.2/32 -p tcp -m comment --comment "
        b'"shop/db has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable\nCOMMIT\n'
    )
    (rule,) = [fact for fact in read(text) if isinstance(fact, ServiceRule)]
    assert (rule.table, rule.target, rule.comment) == ("filter", "REJECT", "shop/db has no endpoints")


def test_a_table_without_its_end_is_said_to_be_cut() -> None:
    facts = read(RECORDED[: RECORDED.index(b"-A KUBE-SVC-TCOU")])
    last = [fact for fact in facts if isinstance(fact, IptablesTable)][-1]
    assert (last.name, last.complete) == ("nat", False)
    assert any(isinstance(fact, Unparsed) and "end is missing" in fact.why for fact in facts)


def test_words_in_a_comment_are_no_options() -> None:
    text = (
        b"*nat\n:KUBE-SERVICES - [0:0]\n"
        b'-A KUBE-SERVICES -m comment --comment "x -d 10.9.9.9/32 -j Y" -j KUBE-NODEPORTS\nCOMMIT\n'
    )
    assert not [fact for fact in read(text) if isinstance(fact, ServiceRule)]


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
