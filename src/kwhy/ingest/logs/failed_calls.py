"""What a record of a failure says of the call that failed: to what, as whom, and what it got."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from kwhy.facts.log_patterns.application_answers import ANSWERS
from kwhy.facts.log_patterns.application_places import PLACES
from kwhy.facts.log_patterns.application_states import POOLS, STATES
from kwhy.facts.logs import CallPattern, Complaint, FailedCall
from kwhy.model.expressions import expression

#: So much of a record's text is searched.
_SEARCHED = 24 << 10
#: Well-known ports, where neither the words nor the URL name the protocol.
_BY_PORT = {1433: "sqlserver", 3306: "mysql", 5432: "postgresql", 6379: "redis", 27017: "mongodb", 9092: "kafka",
            5672: "amqp", 2181: "zookeeper", 9200: "http"}  # fmt: skip
_SCHEMES = {"mysql": "mysql", "mariadb": "mysql", "postgres": "postgresql", "postgresql": "postgresql",
            "redis": "redis", "rediss": "redis", "mongodb": "mongodb", "http": "http", "https": "http",
            "amqp": "amqp", "amqps": "amqp", "grpc": "grpc", "sqlserver": "sqlserver"}  # fmt: skip
# http://inventory:8080/api · redis://cart-cache:6379/0 · postgresql+psycopg2://ledger:…@ledger-db/ledger
_URL = expression(
    r"\b(?P<scheme>[a-z][a-z0-9]{1,14})(?:[+.][a-z0-9+.-]{1,30})?://(?:(?P<user>[\w.%-]{1,80})?(?::[^@/\s]{0,200})?@)?"
    r"(?P<host>[A-Za-z0-9][\w.-]{0,252}|\[[0-9a-fA-F:.]{2,45}\])(?::(?P<port>\d{1,5}))?(?:/(?P<path>[\w-]{1,64}))?"
)
# Node.js prints the properties of an error: "  address: '10.96.88.4'," "  port: 3306,"
_PROPERTY = expression(
    r"(?m)^\s{2,}(?P<name>address|port|hostname|host|database|user): '?(?P<value>[\w.:-]{1,253})'?,?$"
)
# 10.96.88.4
_IP = expression(r"[\d.]{7,15}|\[?[0-9a-fA-F:]*:[0-9a-fA-F:.]*\]?")
#: The server speaks of its clients: MariaDB's error log, PostgreSQL's log lines, before which no client stands.
_SERVED = (
    # 2026-11-22  2:31:52 21 [Warning] Access denied for user 'orders'@'10.96.12.7' (using password: YES)
    # — MariaDB 10.11
    expression(
        r"^(?:\d{4}-\d\d-\d\d {1,2}\d{1,2}:\d\d:\d\d )?(?:\d{1,10} )?\[(?:Warning|Note|ERROR)\] "
        r"(?:\[[^\]]{1,40}\] ){0,2}(?:Access denied for|Aborted connection|Host '|Too many)"
    ),
    # 2026-11-22 02:24:54.513 UTC [26919] FATAL:  password authentication failed for user "ledger" — PostgreSQL 15
    expression(r"^(?:[A-Z]{3,5} )?\[\d{1,10}\](?: [^\n]{0,120}?)? ?(?:FATAL|ERROR):  "),
)  # fmt: skip


class Reading(NamedTuple):
    """``complaint`` is None where no pattern tells; ``place`` is the position of the telling words in the text.

    ``answered``: the server that was called said it; nothing in the record says more.
    """

    complaint: Complaint | None
    call: FailedCall | None
    place: int
    answered: bool
    served: bool


@cache
def _compiled(pattern: CallPattern) -> re.Pattern[str]:
    return re.compile(pattern.regex)


def read_call(text: str) -> Reading:
    """What the text of a record says of the call that failed."""
    text = text[:_SEARCHED]
    fields: dict[str, str] = {}
    answer = _first(ANSWERS, text)
    place = _places(text, fields)
    state = None if answer is not None else _first(POOLS, text) or _first(STATES, text)
    told = answer or state or place
    protocol = next((found[0].protocol for found in (answer, state, place) if found and found[0].protocol), None)
    for found in (answer, state):
        if found is not None:
            fields.update({name: value for name, value in found[1].groupdict().items() if value is not None})
    complaint = told[0].complaint if told is not None else None
    call = _call(fields, protocol)
    position = told[1].start() if told is not None else -1
    return Reading(
        complaint, call, position, answer is not None, any(pattern.search(text[:400]) for pattern in _SERVED)
    )


def _first(patterns: tuple[CallPattern, ...], text: str) -> tuple[CallPattern, re.Match[str]] | None:
    for pattern in patterns:
        if pattern.word in text:
            found = _compiled(pattern).search(text)
            if found is not None:
                return pattern, found
    return None


def _places(text: str, fields: dict[str, str]) -> tuple[CallPattern, re.Match[str]] | None:
    """Fill in where the call went; the pattern that says most comes back."""
    best: tuple[CallPattern, re.Match[str]] | None = None
    for pattern in PLACES:
        if pattern.word not in text or (found := _compiled(pattern).search(text)) is None:
            continue
        for name, value in found.groupdict().items():
            if value is not None and name != "detail":
                fields.setdefault(name.rstrip("2"), value)
        if best is None or (best[0].complaint is None and pattern.complaint is not None):
            best = pattern, found
    if "host" not in fields and "address" not in fields:
        _from_url(text, fields)
    if "    " in text or "\n  " in text:
        for found in _PROPERTY.finditer(text):
            name = "host" if found["name"] == "hostname" else found["name"]
            fields.setdefault(name, found["value"])
    return best


def _from_url(text: str, fields: dict[str, str]) -> None:
    for found in _URL.finditer(text):
        scheme = found["scheme"]
        if scheme not in _SCHEMES or found["host"] in ("sqlalche.me", "developer.mozilla.org"):
            continue
        fields.setdefault("protocol", _SCHEMES[scheme])
        for name in ("host", "port", "user"):
            if found[name] is not None:
                fields.setdefault(name, found[name])
        if found["path"] and _SCHEMES[scheme] not in ("http", "grpc"):
            fields.setdefault("database", found["path"])
        return


def _call(fields: dict[str, str], protocol: str | None) -> FailedCall | None:
    if not fields and protocol is None:
        return None
    host, address = fields.get("host"), fields.get("address")
    if host is not None and _IP.fullmatch(host):
        host, address = None, address or host
    port = int(fields["port"]) if fields.get("port", "").isdigit() and int(fields["port"]) < 65536 else None
    password = fields.get("password")
    stated = fields.get("protocol")
    return FailedCall(
        protocol=protocol or _SCHEMES.get(stated or "", stated) or (_BY_PORT.get(port) if port else None),
        host=host.lower().rstrip(".") if host else None,
        address=address.strip("[]") if address else None,
        port=port,
        user=fields.get("user") or None,
        database=fields.get("database") or None,
        client=fields.get("client") or None,
        password=None if password is None else password == "YES",
        detail=fields.get("detail") or None,
    )
