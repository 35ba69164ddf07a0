"""What real clients and servers print of calls that fail, recorded on a loopback network.

MariaDB 10.11.19, PostgreSQL 15.18, Redis 7.0.15 and nginx 1.22.1 of Debian 12; PyMySQL 1.2.4, psycopg2 2.9.13, psycopg
3.3.9, asyncpg 0.32, SQLAlchemy 2.1.9, redis-py 8.1, PyMongo 4.20, requests 2.34, httpx 0.28, aiohttp 3.14, grpcio 1.85
on Python 3.11; mysql2 3.24, pg 8.23, ioredis 6.0, redis 6.3, mongodb 7.9, axios 1.21, grpc-js 1.14 on Node.js 20;
go-sql-driver/mysql 1.10, pgx 5.12, lib/pq 1.12, go-redis 9.23, mongo-driver 1.17, grpc-go 1.85 on Go 1.26; Spring Boot
3.3.5 with HikariCP 5.1, Connector/J 8.3, pgjdbc 42.7.4, Lettuce 6.3.2, Jedis 5.0, mongodb-driver-sync 5.0 on OpenJDK 17.
"""
# ruff: noqa: E501 - a line per recorded file

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.log_patterns.application_answers import ANSWERS
from kwhy.facts.log_patterns.application_places import PLACES
from kwhy.facts.log_patterns.application_states import POOLS, STATES
from kwhy.facts.logs import AppErrors, CallPattern
from kwhy.ingest.logs.failed_calls import read_call
from kwhy.ingest.logs.records import record_at
from kwhy.ingest.parsers import log
from kwhy.model.document import Document, Unparsed

FILES = Path(__file__).parent / "failed_calls"

#: File, complaint, target, protocol, host, address, port, user, database; "" is None.
RECORDED = """\
go/grpc-deadline | timeout |  | grpc |  |  |  |  |
go/grpc-noname | name resolution |  | grpc |  |  |  |  |
go/grpc-refused | connection refused | 10.96.88.4:50051 | grpc |  | 10.96.88.4 | 50051 |  |
go/http-503 | server error | http://inventory:8099/stock | http | inventory |  | 8099 |  |
go/http-noname | name resolution | http://inventry:8080/ |  | inventry |  |  |  |
go/http-refused | connection refused | http://inventory:8080/ |  |  | 10.96.88.4 | 8080 |  |
go/http-timeout | timeout | http://audit:8080/ | http | audit |  | 8080 |  |
go/mongo-refused | connection refused | inventory:27017 | mongodb | inventory | 10.96.88.4 | 27017 |  |
go/mysql-denied | access refused |  | mysql |  |  |  | orders |
go/mysql-noname | name resolution | tcp://orders-database |  | orders-database |  |  |  |
go/mysql-refused | connection refused | 10.96.88.4:3306 | mysql |  | 10.96.88.4 | 3306 |  |
go/mysql-timeout | timeout | 10.96.200.5:3306 | mysql |  | 10.96.200.5 | 3306 |  |
go/mysql-unknown-db | unknown database |  | mysql |  |  |  |  | shop_v2
go/pgx-denied | access refused | ledger-db:5432 | postgresql | ledger-db | 10.96.40.21 | 5432 | ledger | ledger
go/pgx-noname | name resolution | postgresql://ledger-database | postgresql | ledger-database |  |  | ledger | ledger
go/pgx-refused | connection refused | inventory:5432 | postgresql | inventory | 10.96.88.4 | 5432 | ledger | ledger
go/pgx-unknown-db | unknown database | ledger-db:5432 | postgresql | ledger-db | 10.96.40.21 | 5432 | ledger | ledgers
go/pq-denied | access refused |  | postgresql |  |  |  | ledger |
go/pq-ssl | other |  |  |  |  |  |  |
go/redis-noauth | access refused |  | redis |  |  |  |  |
go/redis-readonly | read-only |  | redis |  |  |  |  |
go/redis-refused | connection refused | 10.96.88.4:6379 | redis |  | 10.96.88.4 | 6379 |  |
go/redis-wrongpass | access refused |  | redis |  |  |  |  |
java/hikari-exhausted | pool exhausted |  |  |  |  |  |  |
java/jedis-refused | connection refused |  |  |  |  |  |  |
java/lettuce-noauth | access refused | cart-cache:6379 | redis | cart-cache |  | 6379 |  |
java/lettuce-noname | name resolution | cart-redis:6379 | redis | cart-redis |  | 6379 |  |
java/lettuce-readonly | read-only |  | redis |  |  |  |  |
java/lettuce-refused | connection refused | inventory:6379 | redis | inventory | 10.96.88.4 | 6379 |  |
java/mariadb-refused | connection refused | inventory:3306 | mysql | inventory |  | 3306 |  |
java/mongo-refused | connection refused | inventory:27017 |  |  |  |  |  |
java/mysql-denied | access refused |  | mysql |  |  |  | orders |
java/mysql-noname | name resolution | tcp://orders-database |  | orders-database |  |  |  |
java/mysql-refused | connection refused |  |  |  |  |  |  |
java/mysql-unknown-db | unknown database |  | mysql |  |  |  |  | shop_v2
java/pg-denied | access refused |  | postgresql |  |  |  | ledger |
java/pg-refused | connection refused | inventory:5432 | postgresql | inventory |  | 5432 |  |
java/rest-503 | server error |  |  |  |  |  |  |
java/rest-refused | connection refused | http://inventory:8080/ | http | inventory |  | 8080 |  |
nginx/unknown-upstream | name resolution | order-service:8080 | http | order-service |  | 8080 |  |
nginx/upstreams | connection refused | http://10.96.88.4:8080/ | http |  | 10.96.88.4 | 8080 |  |
nginx/upstreams | server error | /orders/ |  |  |  |  |  |
nginx/upstreams | connection refused | http://10.96.88.4:8081/ | http |  | 10.96.88.4 | 8081 |  |
nginx/upstreams | server error | /two/ |  |  |  |  |  |
nginx/upstreams | unavailable | http://two/two/2 | http | two |  |  |  |
nginx/upstreams | timeout | http://10.96.200.5:8080/ | http |  | 10.96.200.5 | 8080 |  |
nginx/upstreams | timeout | /audit/ |  |  |  |  |  |
nginx/upstreams | server error | /stock/ |  |  |  |  |  |
node/axios-503 | server error | http://inventory:8099/api/v1/stock/7 | http | inventory |  | 8099 |  |
node/axios-noname | name resolution | http://inventry:8080/ |  | inventry |  | 8080 |  |
node/axios-refused-short | connection refused | 10.96.88.4:8080 |  |  | 10.96.88.4 | 8080 |  |
node/axios-refused | connection refused | http://inventory:8080/ |  | inventory | 10.96.88.4 | 8080 |  |
node/axios-timeout | timeout | http://audit:8080/ | http | audit |  | 8080 |  |
node/fetch-refused-uncaught | connection refused | 10.96.88.4:8080 |  |  | 10.96.88.4 | 8080 |  |
node/fetch-refused | connection refused | 10.96.88.4:8080 |  |  | 10.96.88.4 | 8080 |  |
node/grpc-deadline | timeout |  | grpc |  |  |  |  |
node/grpc-refused | connection refused | 10.96.88.4:50051 | grpc |  | 10.96.88.4 | 50051 |  |
node/grpc-refused | unavailable |  | grpc |  |  |  |  |
node/http-refused | connection refused | 10.96.88.4:8080 |  |  | 10.96.88.4 | 8080 |  |
node/ioredis-noauth | access refused |  | redis |  |  |  |  |
node/ioredis-readonly | read-only |  | redis |  |  |  |  |
node/ioredis-refused-uncaught | connection refused | 10.96.88.4:6379 | redis |  | 10.96.88.4 | 6379 |  |
node/ioredis-refused | connection refused | 10.96.88.4:6379 | redis |  | 10.96.88.4 | 6379 |  |
node/ioredis-refused | other |  |  |  |  |  |  |
node/ioredis-wrongpass | access refused |  | redis |  |  |  |  |
node/mongodb-refused | connection refused | inventory:27017 | mongodb | inventory | 10.96.88.4 | 27017 |  |
node/mysql2-denied | access refused |  | mysql |  |  |  | orders |
node/mysql2-noname | name resolution | tcp://orders-database |  | orders-database |  |  |  |
node/mysql2-refused | connection refused | 10.96.88.4:3306 | mysql |  | 10.96.88.4 | 3306 |  |
node/mysql2-unknown-db | access refused |  | mysql |  |  |  | orders | shop_v2
node/pg-denied | access refused |  | postgresql |  |  |  | ledger |
node/pg-refused | connection refused | 10.96.88.4:5432 | postgresql |  | 10.96.88.4 | 5432 |  |
node/pg-unknown-db | unknown database |  | postgresql |  |  |  |  | ledgers
node/redis-noauth | access refused |  | redis |  |  |  |  |
node/redis-refused | connection refused | 10.96.88.4:6379 | redis |  | 10.96.88.4 | 6379 |  |
python/aiohttp-refused | connection refused | inventory:8080 | http | inventory | 10.96.88.4 | 8080 |  |
python/asyncpg-denied | access refused |  | postgresql |  |  |  | ledger |
python/asyncpg-refused | connection refused | 10.96.88.4:5432 | postgresql |  | 10.96.88.4 | 5432 |  |
python/grpc-deadline | timeout |  | grpc |  |  |  |  |
python/grpc-noname | name resolution | inventry:50051 | grpc |  |  |  |  |
python/grpc-refused | connection refused | 10.96.88.4:50051 | grpc |  | 10.96.88.4 | 50051 |  |
python/httpx-503 | server error | http://inventory:8099/api/v1/stock/7 | http | inventory |  | 8099 |  |
python/httpx-refused | connection refused |  |  |  |  |  |  |
python/mysql-many | too many connections |  | mysql |  |  |  |  |
python/mysql-readonly | read-only |  | mysql |  |  |  |  |
python/mysql-user-many | too many connections |  | mysql |  |  |  | limited |
python/mysqlconnector-denied | access refused |  | mysql |  |  |  | orders |
python/mysqlconnector-refused | connection refused | inventory:3306 | mysql | inventory |  | 3306 |  |
python/pg-many | too many connections | ledger-db:5432 | postgresql | ledger-db | 10.96.40.21 | 5432 |  |
python/pg-readonly | read-only |  | postgresql |  |  |  |  |
python/psycopg2-denied | access refused | ledger-db:5432 | postgresql | ledger-db | 10.96.40.21 | 5432 | ledger |
python/psycopg2-noname | name resolution | postgresql://ledger-database | postgresql | ledger-database |  |  |  |
python/psycopg2-refused-uncaught | connection refused | inventory:5432 | postgresql | inventory | 10.96.88.4 | 5432 |  |
python/psycopg2-refused | connection refused | inventory:5432 | postgresql | inventory | 10.96.88.4 | 5432 |  |
python/psycopg2-timeout | timeout | audit:5432 | postgresql | audit | 10.96.200.5 | 5432 |  |
python/psycopg2-unknown-db | unknown database | ledger-db:5432 | postgresql | ledger-db | 10.96.40.21 | 5432 |  | ledgers
python/psycopg3-denied | access refused | 10.96.40.21:5432 | postgresql |  | 10.96.40.21 | 5432 | ledger |
python/psycopg3-refused | connection refused | 10.96.88.4:5432 | postgresql |  | 10.96.88.4 | 5432 |  |
python/pymongo-refused | connection refused | inventory:27017 | mongodb | inventory |  | 27017 |  |
python/pymysql-1049 | unknown database |  | mysql |  |  |  |  | shop_v2
python/pymysql-denied-uncaught | access refused |  | mysql |  |  |  | orders |
python/pymysql-denied | access refused |  | mysql |  |  |  | orders |
python/pymysql-noname | name resolution | mysql://orders-database | mysql | orders-database |  |  |  |
python/pymysql-refused | connection refused | mysql://inventory | mysql | inventory |  |  |  |
python/pymysql-timeout | timeout | mysql://audit | mysql | audit |  |  |  |
python/pymysql-unknown-db | access refused |  | mysql |  |  |  | orders | shop_v2
python/redis-maxclients | too many connections |  | redis |  |  |  |  |
python/redis-noauth | access refused |  | redis |  |  |  |  |
python/redis-noname | name resolution | cart-redis:6379 | redis | cart-redis |  | 6379 |  |
python/redis-readonly | read-only |  | redis |  |  |  |  |
python/redis-refused-uncaught | connection refused | inventory:6379 | redis | inventory |  | 6379 |  |
python/redis-refused | connection refused | inventory:6379 | redis | inventory |  | 6379 |  |
python/redis-timeout | timeout |  |  |  |  |  |  |
python/redis-wrongpass | access refused |  | redis |  |  |  |  |
python/requests-500 | server error | http://inventory:8099/api/v1/stock/7 | http | inventory |  | 8099 |  |
python/requests-noname | name resolution | inventry:8080 | http | inventry |  | 8080 |  |
python/requests-noroute | no route | mailer:8080 | http | mailer |  | 8080 |  |
python/requests-refused | connection refused | inventory:8080 | http | inventory |  | 8080 |  |
python/requests-timeout | timeout | audit:8080 | http | audit |  | 8080 |  |
python/sqlalchemy-mysql-denied | access refused |  | mysql |  |  |  | orders |
python/sqlalchemy-pg-refused | connection refused | inventory:5432 | postgresql | inventory | 10.96.88.4 | 5432 |  |
python/sqlalchemy-pool | pool exhausted |  |  |  |  |  |  |
server/mariadb | access refused |  | mysql |  |  |  | orders |
server/mariadb | access refused |  | mysql |  |  |  | orders | shop_v2
server/mariadb | other |  |  |  |  |  |  |
server/postgres | access refused |  | postgresql |  |  |  | ledger |
server/postgres | unknown database |  | postgresql |  |  |  |  | ledgers
server/postgres | too many connections |  | postgresql |  |  |  |  |
server/postgres | read-only |  | postgresql |  |  |  |  |
"""

CASES = [tuple(cell.strip() for cell in row.split("|")) for row in RECORDED.splitlines()]


def errors_in(data: bytes, source: str = "app.log") -> list[AppErrors]:
    return [fact for fact in log.parse(Document(source, data)) if isinstance(fact, AppErrors)]


@pytest.mark.parametrize("case", CASES, ids=[f"{case[0]}: {case[1]}" for case in CASES])
def test_a_recorded_failure_says_what_was_called_and_what_it_got(case: tuple[str, ...]) -> None:
    name, complaint, target, *fields = case
    errors = errors_in((FILES / f"{name}.log").read_bytes(), f"{name}.log")
    shown = [_shown(e) for e in errors if (e.complaint, e.target or "") == (complaint, target)]
    assert tuple(fields) in shown


def _shown(errors: AppErrors) -> tuple[str, ...]:
    call = errors.call
    values = (call.protocol, call.host, call.address, call.port, call.user, call.database) if call else (None,) * 6
    return tuple("" if value is None else str(value) for value in values)


@pytest.mark.parametrize("path", sorted(FILES.glob("*/*.log")), ids=lambda path: path.stem)
def test_the_excerpt_of_a_failure_stands_on_its_line(path: Path) -> None:
    data = path.read_bytes()
    lines = data.decode().split("\n")
    for errors in errors_in(data):
        for sample in errors.samples:
            assert sample.excerpt.partition("‹redacted›")[0].strip() in lines[sample.line - 1]


def test_a_stack_trace_with_its_causes_is_one_failure() -> None:
    (errors,) = errors_in((FILES / "java" / "lettuce-refused.log").read_bytes())
    assert errors.count == 2
    assert errors.last.excerpt.startswith("Caused by: java.net.ConnectException: Connection refused")


def test_the_same_trace_behind_the_prefixes_of_a_container_runtime_is_one_failure() -> None:
    plain = (FILES / "java" / "pg-refused.log").read_text()
    wrapped = "".join(f"2026-11-22T02:37:27.941234567Z stdout F {line}\n" for line in plain.splitlines())
    (before,), (after,) = errors_in(plain.encode()), errors_in(wrapped.encode())
    assert (before.complaint, before.call, before.count) == (after.complaint, after.call, after.count)
    assert [s.line for s in before.samples] == [s.line for s in after.samples]


def test_a_trace_below_a_debug_line_is_no_failure() -> None:
    text = (FILES / "java" / "pg-refused.log").read_text().replace(" ERROR ", " DEBUG ")
    assert errors_in(text.encode()) == []


def test_a_traceback_below_a_message_about_something_else_is_a_failure() -> None:
    (errors,) = errors_in((FILES / "python" / "redis-refused-uncaught.log").read_bytes())
    assert errors.complaint == "connection refused"


def test_what_a_client_of_the_server_did_wrong_is_no_failure_of_the_server() -> None:
    errors = errors_in((FILES / "nginx" / "upstreams.log").read_bytes())
    assert not any("favicon" in sample.excerpt for e in errors for sample in e.samples)


def test_a_database_that_refuses_clients_is_told_from_a_client() -> None:
    for name in ("mariadb", "postgres"):
        errors = errors_in((FILES / "server" / f"{name}.log").read_bytes())
        assert errors
        assert all(e.served for e in errors)
    assert not any(e.served for e in errors_in((FILES / "python" / "psycopg2-denied.log").read_bytes()))


def test_no_password_reaches_a_fact() -> None:
    for path in FILES.glob("*/*.log"):
        for errors in errors_in(path.read_bytes()):
            assert "correct-horse" not in repr(errors)


@pytest.mark.parametrize(
    ("pattern", "example"),
    [(pattern, example) for pattern in (*ANSWERS, *POOLS, *STATES, *PLACES) for example in pattern.examples],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_every_example_of_a_pattern_is_matched_by_it(pattern: CallPattern, example: str) -> None:
    assert pattern.word in example
    reading = read_call(example)
    assert reading.call is not None or reading.complaint is not None
    if pattern.complaint is not None:
        assert reading.complaint == pattern.complaint


_REAL = [path.read_bytes() for path in sorted(FILES.glob("*/*.log"))]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_logs_never_raise(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(_REAL))[:6000])
    for _ in range(data.draw(st.integers(0, 30))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=40))
        if not raw:
            raw = bytearray(b"\n")
    assert all(fact is not None for fact in log.parse(Document("a.log", bytes(raw))))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=3000))
def test_any_bytes_are_read(raw: bytes) -> None:
    facts = list(log.parse(Document("a.log", raw)))
    assert all(not isinstance(fact, Unparsed) or fact.why for fact in facts)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["\tat a.b(C.java:1)", "Caused by: a.B: x", "", "}", "  x: 1", "ERROR x", "a.bError: y",
                                 "Traceback (most recent call last):", "2026-01-01 00:00:00 ERROR z"]), min_size=1),
       st.integers(0))  # fmt: skip
def test_every_line_belongs_to_a_record(lines: list[str], number: int) -> None:
    data = "\n".join(lines).encode()
    starts = [0, *(i + 1 for i, byte in enumerate(data) if byte == 10)]
    offset = starts[number % len(starts)]
    record = record_at(data, offset)
    assert record.offsets[0] <= offset
    assert len(record.offsets) == len(record.texts)
    assert list(record.offsets) == sorted(set(record.offsets))
