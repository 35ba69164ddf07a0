"""dig, also `+short`, `+tcp`, `+trace` and with several names, and drill.

Source: BIND 9.18 bin/dig/dig.c (printmessage, received), bin/dig/dighost.c ("communications error to", "no servers
could be reached"; before 9.18 "connection timed out; no servers could be reached").
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

import msgspec

from kwhy.facts.dns import Answer, Lookup, LookupOutcome
from kwhy.facts.network import NetworkNamespace
from kwhy.ingest.invocation import invocation
from kwhy.ingest.net.output import LONGEST_LINE, content_lines, head_lines, not_understood, share
from kwhy.model.document import Document, Locator
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: ; <<>> DiG 9.18.49-1~deb12u3-Debian <<>> @10.96.0.10 web.shop.svc.cluster.local   BIND 9.18
_BANNER: Final = expression(r"^; <<>> DiG (?P<version>\S{1,60}) <<>>(?P<arguments>.{0,500})$")
#: ;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 46038   BIND; drill prints rcode: NOERROR
_HEADER: Final = expression(
    r"^;; ->>HEADER<<- opcode: \w{1,10}, (?:status|rcode): (?P<status>[A-Z0-9]{1,12}), id: \d{1,5}"
)
#: ;; ANSWER SECTION:   ·   ;; QUESTION SECTION:
_SECTION: Final = expression(r"^;; (?P<section>QUESTION|ANSWER|AUTHORITY|ADDITIONAL|OPT PSEUDO)\s?SECTION:")
#: ;web.shop.svc.cluster.local.	IN	A
_QUESTION: Final = expression(r"^;+\s?(?P<name>\S{1,255})\s+(?:IN|CH|HS)\s+(?P<type>[A-Z0-9]{1,10})$")
#: rates.example.com.	4	IN	A	10.55.0.10
_RECORD: Final = expression(
    r"^(?P<name>[^\s;]\S{0,255})\s+(?:(?P<ttl>\d{1,10})\s+)?(?:IN|CH|HS)\s+(?P<type>[A-Z0-9]{1,10})\s+(?P<value>\S.{0,1000})$"
)
#: ;; Query time: 2000 msec
_TIME: Final = expression(r"^;; Query time: (?P<took>\d{1,9}) (?P<unit>msec|usec)")
#: ;; SERVER: 10.96.0.10#53(10.96.0.10) (UDP)   ·   ;; SERVER: 10.96.0.10   drill
_SERVER: Final = expression(r"^;; SERVER: (?P<server>[0-9a-fA-F.:%\w]{2,60})(?:#(?P<port>\d{1,5}))?")
#: ;; communications error to 10.55.0.10#5354: connection refused   ·   … timed out   BIND 9.18
#: ;; Connection to 127.0.0.9#53(127.0.0.9) for rates.example.com failed: connection refused.   +tcp
_ERROR: Final = expression(
    r"^;; (?:communications error to|[Cc]onnection to) (?P<server>[0-9a-fA-F.:%\w]{2,60})#(?P<port>\d{1,5})"
    r"(?:\([^)\s]{1,60}\) for \S{1,255} failed)?: (?P<how>[^\n]{1,120})"
)
#: ;; connection timed out; no servers could be reached   BIND 9.11   ·   ;; no servers could be reached   9.18
_NONE: Final = expression(r"^;; (?:connection timed out; )?no servers could be reached")
#: dig: couldn't get address for 'ns1.example.org': not found
_REFUSAL: Final = expression(r"^(?:dig|drill): (?P<what>.{1,200})|^Error: (?P<drill>.{1,200})")
_CHATTER: Final = expression(r"^;|^\s*$")
#: Types that stand as a word of their own in the arguments.
_TYPES: Final = frozenset("A AAAA ANY CNAME MX NS PTR SOA SRV TXT HINFO CAA DS DNSKEY".split())  # noqa: SIM905
_WITH_VALUE: Final = ("-p", "-b", "-c", "-f", "-k", "-t", "-q", "-x", "-y")


def recognise(head: Head) -> float:
    ran = invocation(head.command)
    if ran is not None:
        return 0.96 if ran.program in ("dig", "drill") else 0.0
    lines = head_lines(head)
    if not any(_BANNER.match(line) or _HEADER.match(line) or _ERROR.match(line) for line in lines):
        return 0.0
    return 0.95 * share(lines, (bool(_CHATTER.match(line) or _RECORD.match(line[:LONGEST_LINE])) for line in lines))


class _Run(msgspec.Struct):
    """A question while its output is read."""

    at: Locator
    name: str | None = None
    type: str | None = None
    server: str | None = None
    port: int = 53
    status: str | None = None
    section: str = ""
    error: str = ""
    took: float | None = None
    answers: list[Answer] = msgspec.field(default_factory=list)
    short: bool = False
    banner: bool = False
    none: bool = False


def parse(document: Document) -> Iterator[Parsed]:
    ran = invocation(document.command)
    netns = ran.netns if ran is not None else None
    arguments = ran.arguments if ran is not None and ran.program in ("dig", "drill") else ()
    run: _Run | None = None
    empty = True
    for number, raw in content_lines(document):
        line = raw[:LONGEST_LINE].rstrip()
        at = document.at(number, excerpt=line)
        empty = False
        banner = _BANNER.match(line)
        if run is not None and _ends(run, line, banner is not None):
            yield _lookup(run, netns)
            run = None
        if run is None:
            run = _begun(at, arguments)
        if banner:
            _take_arguments(run, tuple(banner["arguments"].split()))
            run.banner, run.at = True, at if not run.error else run.at
        elif not _read(run, line, at):
            yield not_understood(document, number, raw, "a line of dig")
    if run is not None:
        yield _lookup(run, netns)
    elif empty and arguments:
        yield _lookup(_begun(document.at(document.first_line, excerpt=document.command or ""), arguments), netns)


def _ends(run: _Run, line: str, is_banner: bool) -> bool:
    """Whether the line belongs to another question. Errors stand before the banner of theirs."""
    if is_banner:
        return run.banner or run.none
    return run.status is not None and bool(_HEADER.match(line) or _ERROR.match(line))


def _begun(at: Locator, arguments: tuple[str, ...]) -> _Run:
    run = _Run(at)
    _take_arguments(run, arguments)
    run.short = "+short" in arguments
    return run


def _read(run: _Run, line: str, at: Locator) -> bool:
    """Whether the line is understood; what it tells goes into the run."""
    if header := _HEADER.match(line):
        run.status, run.at, run.section = header["status"], at, ""
    elif section := _SECTION.match(line):
        run.section = section["section"]
    elif run.section == "QUESTION" and (question := _QUESTION.match(line)):
        run.name, run.type = question["name"], question["type"]
    elif error := _ERROR.match(line):
        run.server, run.port, run.error = error["server"], int(error["port"]), error["how"].rstrip(".")
    elif _NONE.match(line):
        run.none = True
        run.error = run.error or "timed out"
    elif refusal := _REFUSAL.match(line):
        run.error = refusal["what"] or refusal["drill"] or ""
    elif time := _TIME.match(line):
        run.took = int(time["took"]) / (1000 if time["unit"] == "usec" else 1)
    elif server := _SERVER.match(line):
        run.server, run.port = server["server"], int(server["port"] or run.port)
    elif record := _RECORD.match(line):
        if run.section in ("ANSWER", ""):
            run.answers.append(_answer(record))
    elif run.short and not line.startswith(";"):
        run.answers.append(Answer(run.name or "", _kind_of(line), line.strip().strip('"')))
    else:
        return bool(_CHATTER.match(line))
    return True


def _answer(record: re.Match[str]) -> Answer:
    ttl = record["ttl"]
    return Answer(record["name"], record["type"], record["value"].strip(), int(ttl) if ttl else None)


def _kind_of(value: str) -> str:
    try:
        return "A" if ipaddress.ip_address(value.strip()).version == 4 else "AAAA"
    except ValueError:
        return "CNAME" if value.strip().endswith(".") else "TXT"


def _take_arguments(run: _Run, arguments: tuple[str, ...]) -> None:
    position = 0
    while position < len(arguments):
        word = arguments[position]
        value = arguments[position + 1] if position + 1 < len(arguments) else ""
        if word.startswith("@"):
            run.server = word[1:] or run.server
        elif word in _WITH_VALUE:
            position += 1
            if word == "-p" and value.isdigit() and len(value) <= 5:
                run.port = int(value)
            elif word == "-t":
                run.type = value.upper()
            elif word in ("-q", "-x"):
                run.name = value
        elif word.upper() in _TYPES:
            run.type = word.upper()
        elif not word.startswith(("+", "-")) and word.upper() != "IN":
            run.name = word
        position += 1


def _lookup(run: _Run, netns: NetworkNamespace | None) -> Lookup:
    outcome: LookupOutcome = "answered"
    if run.status is None and (run.error or not (run.answers or run.short)):
        outcome = _outcome(run.error)
    return Lookup(
        at=run.at,
        tool="dig",
        name=run.name,
        type=run.type or "A",
        server=run.server,
        port=run.port,
        outcome=outcome,
        status=run.status,
        answers=tuple(run.answers),
        took=run.took,
        said=run.error or run.status or "",
        netns=netns,
    )


def _outcome(error: str) -> LookupOutcome:
    words = error.lower()
    if "refused" in words:
        return "refused"
    if "timed out" in words:
        return "timed-out"
    return "unreachable" if "unreachable" in words or "no route" in words else "failed"


FORMAT: Final = Format("dig", recognise, parse)
