"""The slow log of MySQL and MariaDB (slow_query_log_file).

Versions seen: MariaDB 10.11. Texts from MariaDB 10.11 sql/log.cc (MYSQL_QUERY_LOG::write) and MySQL 8.0 sql/log.cc
(File_query_log::write_slow), which writes the time in RFC 3339 and more figures on a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from kwhy.facts.slow_queries import SlowStatement
from kwhy.model.document import Document, Locator, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed
from kwhy.model.time import UNKNOWN_MOMENT, Moment, at

#: "# User@Host: app[app] @  [10.80.1.2]", "# User@Host: app[app] @ db-client [10.80.1.2]  Id:     8" (MySQL 8.0)
_USER: Final = expression(
    r"# User@Host: (?P<user>[^\[\s]{0,100})\[[^\]]{0,100}\] @ *"
    r"(?P<host>[^\s\[]{0,255}) *\[(?P<client>[0-9A-Fa-f:.]{0,45})\]"
)
#: "# Query_time: 7.592706  Lock_time: 0.000223  Rows_sent: 1  Rows_examined: 487"
_TIMES: Final = expression(
    r"# Query_time: (?P<seconds>\d{1,9}(?:\.\d{1,9})?) +Lock_time: (?P<locked>\d{1,9}(?:\.\d{1,9})?) +"
    r"Rows_sent: (?P<sent>\d{1,18}) +Rows_examined: (?P<examined>\d{1,18})"
)
#: "# Time: 261122  5:48:37" (MariaDB), "# Time: 2024-05-01T10:00:00.123456Z" (MySQL 5.7 and later)
_TIME: Final = expression(r"# Time: (?P<stamp>\d{6} {1,2}\d{1,2}:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S{0,16})")
#: "SET timestamp=1795326517;"
_SET: Final = expression(r"(?i)SET timestamp=(?P<epoch>\d{9,11})(?:\.\d{1,6})?;$")
_USE: Final = expression(r"(?i)use [`\w$-]{1,130};$")
#: 'O''Brien', "text", 0x1f, 12.5: whatever a value may be.
_LITERAL: Final = expression(
    r"'(?:[^'\\]|\\.|'')*+'?|\"(?:[^\"\\]|\\.)*+\"?|\b0x[0-9a-fA-F]+\b|\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b"
)
_LONGEST_LINE: Final = 4096
_SHOWN: Final = 200


def recognise(head: Head) -> float:
    """Whether entries stand in ``head``."""
    text = head.text
    if "# Query_time: " not in text or "# User@Host: " not in text:
        return 0.0
    return 0.95 if any(_TIMES.match(line[:_LONGEST_LINE]) for line in head.lines) else 0.0


class _Entry:
    """What was read of the entry that is not ended yet."""

    def __init__(self, user: str | None, client: str | None) -> None:
        self.user, self.client = user, client
        self.times: re.Match[str] | None = None
        self.place: Locator | None = None
        self.ended = UNKNOWN_MOMENT
        self.lines: list[str] = []

    def fact(self) -> SlowStatement | None:
        if self.times is None or self.place is None:
            return None
        return SlowStatement(
            self.place,
            _masked(" ".join(self.lines)),
            float(self.times["seconds"]),
            self.ended,
            self.user or None,
            self.client or None,
            float(self.times["locked"]),
            int(self.times["examined"]),
            int(self.times["sent"]),
        )


def parse(document: Document) -> Iterator[Parsed]:
    """One fact per entry; an entry begins with its user and ends where the next begins."""
    entry: _Entry | None = None
    stated = UNKNOWN_MOMENT
    for number, whole in document.lines():
        line = whole[:_LONGEST_LINE]
        if user := _USER.match(line):
            yield from _ended(document, entry)
            entry = _Entry(user["user"], user["client"] or user["host"])
            entry.ended = stated
        elif times := _TIMES.match(line):
            if entry is None:
                yield Unparsed(document.at(line=number), "times of a statement without the line of its user before")
                continue
            entry.times, entry.place = times, document.at(line=number, excerpt=line.strip())
        elif time := _TIME.match(line):
            stated = _stated(time["stamp"])
            yield from _ended(document, entry)
            entry = None
        elif line.startswith("#") or entry is None or entry.times is None or _USE.match(line.strip()):
            continue
        elif stamp := _SET.match(line.strip()):
            entry.ended = at(float(stamp["epoch"]) + 0.5, within=0.5)
        elif len(entry.lines) < 20:
            entry.lines.append(line.strip())
    yield from _ended(document, entry)


def _ended(document: Document, entry: _Entry | None) -> Iterator[Parsed]:
    if entry is None:
        return
    fact = entry.fact()
    if fact is not None:
        yield fact
    else:
        yield Unparsed(document.at(line=document.first_line), f"an entry of {entry.user or 'a user'} without its times")


def _stated(stamp: str) -> Moment:
    """MySQL states the zone; MariaDB's clock is local, so the time of SET timestamp counts."""
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return UNKNOWN_MOMENT
    return at(moment.astimezone(UTC).timestamp()) if moment.tzinfo else UNKNOWN_MOMENT


def _masked(statement: str) -> str:
    text = " ".join(_LITERAL.sub("?", statement).split()).rstrip(";")
    printable = "".join(letter if letter.isprintable() else "?" for letter in text)
    return printable if len(printable) <= _SHOWN else printable[:_SHOWN] + " …"


FORMAT = Format("mysql-slow-log", recognise, parse)
