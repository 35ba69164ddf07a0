"""Given captures of real servers, what was asked, how long the answers took, and that no value is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.dialogues import Dialogue, NameQuestion
from kwhy.ingest.capture import hello
from kwhy.ingest.capture.questions import answer, question, without_values
from kwhy.ingest.capture.resolution import message_of
from kwhy.ingest.parsers.capture import parse
from kwhy.model.document import Document

#: Recorded by tests/labs/capture_faults.py: PostgreSQL 15, Redis 7.0, openssl 3.0 s_server, dnsmasq 2.90.
CAPTURES = Path(__file__).resolve().parents[2] / "fixtures" / "captures"


def said(name: str) -> list[Dialogue]:
    data = (CAPTURES / f"said-{name}.pcap").read_bytes()
    return [fact for fact in parse(Document(f"{name}.pcap", data)) if isinstance(fact, Dialogue)]


def asked_names(name: str) -> list[NameQuestion]:
    data = (CAPTURES / f"said-{name}.pcap").read_bytes()
    return [fact for fact in parse(Document(f"{name}.pcap", data)) if isinstance(fact, NameQuestion)]


def test_questions_to_postgresql_are_counted_with_the_wait_for_each() -> None:
    slow = max(said("slow_postgresql"), key=lambda dialogue: dialogue.waited)
    assert (slow.language, slow.b_port, slow.questions) == ("postgresql", 5432, 5)
    assert all(1.4 < exchange.wait < 1.7 for exchange in slow.slowest)
    assert slow.at_server == pytest.approx(slow.waited, abs=0.01)
    assert slow.paused < 0.1


def test_an_error_of_postgresql_is_told_by_its_code() -> None:
    answers = [exchange.answer for dialogue in said("slow_postgresql") for exchange in dialogue.slowest]
    assert "error 42P01" in answers


def test_values_of_statements_are_not_told() -> None:
    texts = [exchange.question for dialogue in said("slow_postgresql") for exchange in dialogue.slowest]
    assert texts
    assert not any("secret" in text for text in texts)


def test_a_blocking_command_of_redis_waits_because_it_asked_to() -> None:
    exchanges = {e.question: e for dialogue in said("redis_waits") for e in dialogue.slowest}
    assert exchanges["BLPOP"].patient
    assert exchanges["BLPOP"].wait > 1.9
    assert not exchanges["EVAL"].patient
    assert exchanges["EVAL"].wait > 1.0
    assert not any("secret" in word for word in exchanges)


def test_a_tls_alert_is_told_with_the_name_that_was_asked_for() -> None:
    refused = next(dialogue for dialogue in said("tls_alert") if dialogue.alert)
    assert (refused.alert, refused.server_name) == ("protocol_version", "free.example")
    assert refused.alerted is not None
    assert refused.alerted.source == "10.80.2.2"


def test_certificates_of_tls_1_2_are_read() -> None:
    assert any(dialogue.certificates == ("CN=free.example",) for dialogue in said("tls_alert"))


def test_names_that_do_not_exist_are_counted_beside_the_one_that_does() -> None:
    found = asked_names("dns_search")
    missing = [q for q in found if q.code == "NXDOMAIN"]
    assert {q.name.removeprefix("api0.payments.example.com.") for q in missing if q.name.startswith("api0.")} == {
        "shop.svc.cluster.local",
        "svc.cluster.local",
        "cluster.local",
        "corp.example",
    }
    right = [q for q in found if q.addresses == ("10.80.9.9",)]
    assert len(right) == 20
    assert all(q.answered is not None and q.longest is not None for q in right)


def test_a_service_that_thinks_for_three_seconds_is_not_a_slow_network() -> None:
    for dialogue in said("http_slow"):
        assert dialogue.slowest[0].question == "GET /wait/3"
        assert dialogue.slowest[0].answer == "200"
        assert dialogue.at_server > 2.9
        assert dialogue.round_trip is not None
        assert dialogue.round_trip < 0.01


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("SELECT a FROM t1 WHERE b = 'it''s' AND c = 12.5", "SELECT a FROM t1 WHERE b = ? AND c = ?"),
        ("INSERT INTO users VALUES ('p\\'w', \"x\", 0xFF)", "INSERT INTO users VALUES (?, ?, ?)"),
        ("SELECT 'never closed", "SELECT ?"),
    ],
)
def test_literals_of_sql_are_masked(statement: str, shown: str) -> None:
    assert without_values(statement) == shown


def test_the_query_of_a_url_is_not_told_and_a_watch_is_patient() -> None:
    told = question("http", b"GET /api/v1/pods?watch=true&token=abc HTTP/1.1\r\nHost: api.example\r\n\r\n")
    assert told == ("GET /api/v1/pods", True, "api.example")


def test_a_mysql_statement_with_query_attributes_is_read() -> None:
    statement = b"\x00\x01select 1 from t"
    packet = (len(statement) + 1).to_bytes(3, "little") + b"\x00\x03" + statement
    assert question("mysql", packet).text == "select ? from t"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_arbitrary_bytes_never_raise(data: bytes) -> None:
    message_of(data)
    hello.read([(0, data)], [(1, data)])
    for language in ("http", "tls", "mysql", "postgresql", "redis"):
        question(language, data)
        answer(language, data)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["slow_postgresql", "redis_waits", "tls_alert", "http_slow"]),
    st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=12),
    st.integers(0, 1 << 16),
)
def test_damaged_captures_never_raise(name: str, changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray((CAPTURES / f"said-{name}.pcap").read_bytes())
    for place, value in changes:
        data[24 + place % (len(data) - 24)] = value
    list(parse(Document("x.pcap", bytes(data[: max(24, cut % len(data))]))))
