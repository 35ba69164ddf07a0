"""nslookup: BIND's and busybox', old and new.

Source: BIND 9.18 bin/dig/nslookup.c (printmessage, show_settings); busybox 1.35 networking/nslookup_lede.c, which
expands the search list itself and prints each name; busybox up to 1.28 networking/nslookup.c ("Address 1: 10.96.0.10
kube-dns").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from kwhy.facts.dns import Answer, Lookup, LookupOutcome
from kwhy.ingest.invocation import Invocation, invocation
from kwhy.ingest.net.addresses import address
from kwhy.ingest.net.output import LONGEST_LINE, content_lines, head_lines, not_understood, share
from kwhy.model.document import Document, Locator
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: Server:		10.96.0.10
_SERVER: Final = expression(r"^Server:\s{1,10}(?P<server>\S{1,253})$")
#: Address:	10.96.0.10#53   BIND   ·   Address:	10.96.0.10:53   busybox   ·   Address 1: 10.96.0.10 kube-dns
_ADDRESS: Final = expression(
    r"^Address(?:es)?(?: \d{1,3})?:\s{1,10}(?P<address>[\[\]0-9a-fA-F.:]{2,50})(?:#(?P<port>\d{1,5}))?"
    r"(?:\s+\S{1,253})?$"
)
#: Name:	web.shop.svc.cluster.local
_NAME: Final = expression(r"^Name:\s{1,10}(?P<name>\S{1,253})$")
#: www.example.com	canonical name = rates.example.com.
_ALIAS: Final = expression(r"^(?P<name>\S{1,253})\s+canonical name = (?P<target>\S{1,253})$")
#: ** server can't find web.cluster.local: NXDOMAIN   ·   *** Can't find rates.example.com: No answer
_NOT_FOUND: Final = expression(r"^\*\*\*? (?:server can't find|Can't find) (?P<name>\S{1,253}): (?P<why>[\w ]{1,40})")
#: ;; connection timed out; no servers could be reached   ·   ;; no servers could be reached   BIND 9.18
_NONE: Final = expression(r"^;; (?:connection timed out; )?no servers could be reached")
#: ;; communications error to 127.0.0.9#53: connection refused   ·   nslookup: write to '10.96.0.10': Connection refused
_ERROR: Final = expression(
    r"^(?:;; communications error to (?P<server>[0-9a-fA-F.:]{2,45})#\d{1,5}: |nslookup: (?:write to|read from) "
    r"'(?P<written>[0-9a-fA-F.:]{2,45})': )(?P<how>[\w ]{1,80})"
)
#: nslookup: can't resolve 'web': Name does not resolve   busybox 1.28
_REFUSAL: Final = expression(r"^nslookup: can't resolve '(?P<name>[^'\s]{1,253})'(?:: (?P<why>.{1,80}))?")
_CHATTER: Final = expression(r"^(?:Non-authoritative answer:|Authoritative answers can be found|Aliases:|;; Got |>)")
_FORMS: Final = (_SERVER, _ADDRESS, _NAME, _ALIAS, _NOT_FOUND, _NONE, _ERROR, _REFUSAL, _CHATTER)


def recognise(head: Head) -> float:
    ran = invocation(head.command)
    if ran is not None:
        return 0.95 if ran.program == "nslookup" else 0.0
    lines = head_lines(head)
    if not any(_SERVER.match(line) or line.startswith("nslookup: ") for line in lines):
        return 0.0
    return 0.93 * share(lines, (any(form.match(line[:LONGEST_LINE]) for form in _FORMS) for line in lines))


class _Found(msgspec.Struct):
    """What was said of one name."""

    at: Locator
    status: str | None = None
    answers: list[Answer] = msgspec.field(default_factory=list)


class _Run(msgspec.Struct):
    server: str | None = None
    port: int = 53
    error: str = ""
    error_at: Locator | None = None
    current: str | None = None
    header: bool = False
    names: dict[str, _Found] = msgspec.field(default_factory=dict)


def parse(document: Document) -> Iterator[Parsed]:
    ran = invocation(document.command)
    run = _Run()
    for number, raw in content_lines(document):
        line = raw[:LONGEST_LINE].rstrip()
        at = document.at(number, excerpt=line)
        if _SERVER.match(line) and (run.names or run.error):
            yield from _lookups(run, ran)
            run = _Run()
        if not _read(run, line, at):
            yield not_understood(document, number, raw, "a line of nslookup")
    yield from _lookups(run, ran)


def _read(run: _Run, line: str, at: Locator) -> bool:
    if server := _SERVER.match(line):
        known = address(server["server"])
        run.server, run.header = known[0] if known else None, True
    elif found := _ADDRESS.match(line):
        written, port = _with_port(found["address"], found["port"])
        known = address(written)
        if known is None:
            return False
        if run.current is None and run.header:
            run.server, run.port, run.header = known[0], port, False
        elif run.current is not None:
            kind = "AAAA" if known[1] == 6 else "A"
            run.names[run.current].answers.append(Answer(run.current, kind, known[0]))
    elif name := _NAME.match(line):
        run.current, run.header = name["name"], False
        run.names.setdefault(run.current, _Found(at)).status = "NOERROR"
    elif alias := _ALIAS.match(line):
        entry = run.names.setdefault(alias["name"], _Found(at, "NOERROR"))
        entry.answers.append(Answer(alias["name"], "CNAME", alias["target"]))
    elif missing := _NOT_FOUND.match(line):
        status = "NOERROR" if missing["why"] == "No answer" else missing["why"].strip()
        entry = run.names.setdefault(missing["name"], _Found(at))
        entry.status = entry.status or status
    elif error := _ERROR.match(line):
        run.server = run.server or error["server"] or error["written"]
        run.error, run.error_at = error["how"], at
    elif _NONE.match(line):
        run.error, run.error_at = run.error or "timed out", run.error_at or at
    elif refusal := _REFUSAL.match(line):
        run.names.setdefault(refusal["name"], _Found(at))
        run.error, run.error_at = refusal["why"] or "not resolved", at
    else:
        return bool(_CHATTER.match(line))
    return True


def _with_port(written: str, port: str | None) -> tuple[str, int]:
    """busybox writes 10.96.0.10:53 and [fd00::10]:53."""
    if written.startswith("[") or written.count(":") == 1:
        written, _, port = written.lstrip("[").replace("]", "").rpartition(":")
    return written, int(port) if port and port.isdigit() else 53


def _lookups(run: _Run, ran: Invocation | None) -> Iterator[Lookup]:
    netns = ran.netns if ran is not None else None
    asked = ran.operands[0] if ran is not None and ran.program == "nslookup" and ran.operands else None
    for name, found in run.names.items():
        answered = found.status is not None
        yield Lookup(
            at=found.at,
            tool="nslookup",
            name=name,
            server=run.server,
            port=run.port,
            outcome="answered" if answered else _outcome(run.error),
            status=found.status,
            answers=tuple(found.answers),
            said=found.status or run.error,
            netns=netns,
        )
    if not run.names and run.error and run.error_at is not None:
        yield Lookup(
            at=run.error_at, tool="nslookup", name=asked, server=run.server, port=run.port, outcome=_outcome(run.error),
            said=run.error, netns=netns,
        )  # fmt: skip


def _outcome(error: str) -> LookupOutcome:
    words = error.lower()
    if "refused" in words:
        return "refused"
    if "timed out" in words:
        return "timed-out"
    return "unreachable" if "unreachable" in words or "no route" in words else "failed"


FORMAT: Final = Format("nslookup", recognise, parse)
