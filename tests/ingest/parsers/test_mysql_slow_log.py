"""Given the slow log of MariaDB or MySQL, one fact per statement, without the values it carries."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.slow_queries import SlowStatement
from kwhy.ingest.parsers.mysql_slow_log import FORMAT, parse, recognise
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Head

TESTS = Path(__file__).resolve().parents[2]
#: Written by MariaDB 10.11 while tests/labs/capture_faults.py recorded.
RECORDED = (TESTS / "fixtures" / "incident-i3" / "stage-3-database" / "mariadb-slow.log").read_bytes()
#: The form of MySQL 8.0 (dev.mysql.com/doc/refman/8.0/en/slow-query-log.html).
MYSQL_8 = b"""\
# Time: 2024-05-01T10:00:03.500000Z
# User@Host: app[app] @ web [10.1.2.3]  Id:     8
# Query_time: 3.250000  Lock_time: 3.100000 Rows_sent: 1  Rows_examined: 20 Thread_id: 8
use shop;
SET timestamp=1714557600;
UPDATE users SET password = 'secret' WHERE id = 7;
"""


def statements(data: bytes) -> list[SlowStatement]:
    return [fact for fact in parse(Document("slow.log", data)) if isinstance(fact, SlowStatement)]


def test_every_statement_of_mariadb_is_read() -> None:
    found = statements(RECORDED)
    assert len(found) >= 13
    assert {each.client for each in found} == {"10.176.44.23"}
    assert all(each.seconds > 1 and each.ended.known for each in found)
    assert found[-1].at.excerpt.startswith("# Query_time: ")


def test_mysql_8_states_client_locks_and_rows_and_no_value_is_kept() -> None:
    (only,) = statements(MYSQL_8)
    assert (only.user, only.client, only.seconds, only.locked, only.examined) == ("app", "10.1.2.3", 3.25, 3.1, 20)
    assert only.statement == "UPDATE users SET password = ? WHERE id = ?"


def test_it_is_recognised_by_its_entries() -> None:
    text = RECORDED.decode()
    assert recognise(Head(text, len(text), None)) > 0.9
    assert recognise(Head("# Time: now\n", 12, None)) == 0.0
    assert FORMAT.name == "mysql-slow-log"


def test_a_log_that_is_cut_says_what_is_missing() -> None:
    cut = MYSQL_8[: MYSQL_8.index(b"# Query_time")]
    assert [fact.why for fact in parse(Document("slow.log", cut)) if isinstance(fact, Unparsed)] == [
        "an entry of app without its times"
    ]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(RECORDED) - 1), st.integers(0, 255)), max_size=20), st.binary(max_size=200)
)
def test_anything_is_read_to_its_end(changes: list[tuple[int, int]], more: bytes) -> None:
    data = bytearray(RECORDED)
    for place, value in changes:
        data[place] = value
    list(parse(Document("slow.log", bytes(data) + more)))
