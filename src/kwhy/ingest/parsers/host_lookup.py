"""host and `getent hosts`.

Source: BIND 9.18 bin/dig/host.c (printmessage: "has address", "not found: 3(NXDOMAIN)"); glibc nss/getent.c (ahosts,
hosts: address and name; nothing where there is none).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from kwhy.facts.dns import Answer, Lookup, LookupOutcome
from kwhy.ingest.invocation import Invocation, invocation
from kwhy.ingest.net.addresses import address
from kwhy.ingest.net.output import LONGEST_LINE, content_lines, head_lines, not_understood, place_of_command, share
from kwhy.model.document import Document, Locator
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: rates.example.com has address 10.55.0.10   ·   … has IPv6 address fd00::1
_HAS: Final = expression(r"^(?P<name>\S{1,253}) has (?:IPv6 )?address (?P<address>[0-9a-fA-F.:]{2,45})$")
#: www.example.com is an alias for rates.example.com.
_ALIAS: Final = expression(r"^(?P<name>\S{1,253}) is an alias for (?P<target>\S{1,253})$")
#: Host rates.example.com not found: 3(NXDOMAIN)
_NOT_FOUND: Final = expression(r"^Host (?P<name>\S{1,253}) not found: \d{1,2}\((?P<status>[A-Z]{1,12})\)")
#: rates.example.com has no AAAA record
_NO_RECORD: Final = expression(r"^(?P<name>\S{1,253}) has no [A-Z0-9]{1,10} record")
_USING: Final = expression(r"^(?:Using domain server:|Name: \S{1,253}|Aliases: ?)$")
_SERVER: Final = expression(r"^Address: (?P<server>[0-9a-fA-F.:]{2,45})#(?P<port>\d{1,5})$")
_ERROR: Final = expression(
    r"^;; communications error to (?P<server>[0-9a-fA-F.:]{2,45})#(?P<port>\d{1,5}): (?P<how>[\w ]{1,80})"
)
_NONE: Final = expression(r"^;; (?:connection timed out; )?no servers could be reached")
#: rates.example.com mail is handled by 10 mail.example.com.   ·   domain name pointer …
_OTHER: Final = expression(
    r"^\S{1,253} (?:mail is handled by|domain name pointer|name server|descriptive text|has SOA record) "
)
_FORMS: Final = (_HAS, _ALIAS, _NOT_FOUND, _NO_RECORD, _USING, _SERVER, _ERROR, _NONE, _OTHER)
#: 10.96.181.95    web.shop.svc.cluster.local
_GETENT: Final = expression(r"^(?P<address>[0-9a-fA-F.:]{2,45})\s+(?:(?:STREAM|DGRAM|RAW)\s*)?(?P<name>\S{0,253})")


def recognise_host(head: Head) -> float:
    ran = invocation(head.command)
    if ran is not None:
        return 0.95 if ran.program == "host" else 0.0
    lines = head_lines(head)
    if not any(_HAS.match(line) or _NOT_FOUND.match(line) or _ALIAS.match(line) for line in lines):
        return 0.0
    return 0.93 * share(lines, (any(form.match(line[:LONGEST_LINE]) for form in _FORMS) for line in lines))


class _Found(msgspec.Struct):
    at: Locator
    status: str | None = None
    answers: list[Answer] = msgspec.field(default_factory=list)


class _Run(msgspec.Struct):
    server: str | None = None
    port: int = 53
    error: str = ""
    at: Locator | None = None
    names: dict[str, _Found] = msgspec.field(default_factory=dict)


def parse_host(document: Document) -> Iterator[Parsed]:
    run = _Run()
    for number, raw in content_lines(document):
        line = raw[:LONGEST_LINE].rstrip()
        if not _read(run, line, document.at(number, excerpt=line)):
            yield not_understood(document, number, raw, "a line of host")
    yield from _lookups(run, invocation(document.command))


def _read(run: _Run, line: str, at: Locator) -> bool:
    if has := _HAS.match(line):
        known = address(has["address"])
        if known is None:
            return False
        found = run.names.setdefault(has["name"], _Found(at))
        found.status = "NOERROR"
        found.answers.append(Answer(has["name"], "AAAA" if known[1] == 6 else "A", known[0]))
    elif alias := _ALIAS.match(line):
        found = run.names.setdefault(alias["name"], _Found(at, "NOERROR"))
        found.answers.append(Answer(alias["name"], "CNAME", alias["target"]))
    elif missing := _NOT_FOUND.match(line):
        found = run.names.setdefault(missing["name"], _Found(at))
        found.status = found.status or missing["status"]
    elif server := _SERVER.match(line):
        run.server, run.port = server["server"], int(server["port"])
    elif error := _ERROR.match(line):
        run.server, run.port, run.error, run.at = error["server"], int(error["port"]), error["how"], run.at or at
    elif _NONE.match(line):
        run.error, run.at = run.error or "timed out", run.at or at
    else:
        return any(form.match(line) for form in (_USING, _NO_RECORD, _OTHER))
    return True


def _lookups(run: _Run, ran: Invocation | None) -> Iterator[Lookup]:
    netns = ran.netns if ran is not None else None
    for name, found in run.names.items():
        yield Lookup(
            at=found.at, tool="host", name=name, server=run.server, port=run.port, outcome="answered",
            status=found.status, answers=tuple(found.answers), said=found.status or "", netns=netns,
        )  # fmt: skip
    if not run.names and run.at is not None:
        asked = ran.operands[0] if ran is not None and ran.operands else None
        outcome: LookupOutcome = "refused" if "refused" in run.error else "timed-out"
        outcome = "unreachable" if "unreachable" in run.error else outcome
        yield Lookup(
            at=run.at, tool="host", name=asked, server=run.server, port=run.port, outcome=outcome, said=run.error,
            netns=netns,
        )  # fmt: skip


def recognise_getent(head: Head) -> float:
    ran = invocation(head.command)
    asks = ran is not None and ran.program == "getent" and ran.arguments[:1] and ran.arguments[0].endswith("hosts")
    return 0.95 if asks or (ran is not None and ran.arguments[:1] in (("ahostsv4",), ("ahostsv6",))) else 0.0


def parse_getent(document: Document) -> Iterator[Parsed]:
    ran = invocation(document.command)
    names = ran.operands[1:] if ran is not None else ()
    answers: list[Answer] = []
    at: Locator | None = None
    for number, raw in content_lines(document):
        line = _GETENT.match(raw[:LONGEST_LINE])
        known = address(line["address"]) if line else None
        if line is None or known is None:
            yield not_understood(document, number, raw, "a line of getent hosts")
            continue
        at = at or document.at(number, excerpt=raw.strip())
        answers.append(Answer(line["name"] or (names[0] if names else ""), "AAAA" if known[1] == 6 else "A", known[0]))
    if names:
        netns = ran.netns if ran is not None else None
        outcome: LookupOutcome = "answered" if answers else "failed"
        place = at or place_of_command(document)
        said = "" if answers else "no address"
        yield Lookup(
            at=place, tool="getent", name=names[0], outcome=outcome, answers=tuple(answers), said=said, netns=netns
        )


FORMATS: Final = (
    Format("host", recognise_host, parse_host),
    Format("getent-hosts", recognise_getent, parse_getent),
)
