"""Attempts to connect, as nc, ncat, telnet, curl, wget and bash print them (kwhy.ingest.net.connect_forms)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal, cast

import msgspec

from kwhy.facts.network import ConnectAttempt, ConnectOutcome
from kwhy.ingest.certificates.curl import refused_tls, tls_checks
from kwhy.ingest.invocation import Invocation, invocation
from kwhy.ingest.net.addresses import address
from kwhy.ingest.net.connect_forms import (
    BEGINNINGS,
    CURL_CONNECTED,
    CURL_REASON,
    CURL_TRYING,
    FORMS,
    HTTP_STATUS,
    SIGNS,
    TRYING,
    Form,
    Tool,
    outcome_of,
)
from kwhy.ingest.net.noise import is_noise
from kwhy.ingest.net.output import head_lines, place_of_command
from kwhy.ingest.net.targets import Target, target_of
from kwhy.model.document import Document, Locator, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

_LONGEST: Final = 512
_TOOLS: Final = ("nc", "netcat", "ncat", "telnet", "curl", "wget")
#: Lines that belong to an attempt and say nothing of how it ended.
_CHATTER: Final = expression(
    r"^(?:Ncat: Version|Ncat: \d+ bytes|Escape character is|Connection closed by foreign host|Trying |\s*[*<>{}]|"
    r"  % Total|\s+Dload|\s*\d+ |Connecting to |bash: connect: |telnet>|\^)"
)


#: bash: nc: command not found   ·   sh: curl: not found   ·   curl: (3) URL using bad/illegal format   ·   Usage: nc …
_COMPLAINT: Final = expression(
    r"^(?:curl|nc|Ncat|ncat|netcat|-?bash|sh|/bin/sh|zsh|ash|timeout|error|Error|OCI runtime|Usage|usage|BusyBox)\b"
)


def recognise(head: Head) -> float:
    ran = invocation(head.command)
    if ran is not None and (ran.program in _TOOLS or _is_dev_tcp(head.command)):
        return 0.9
    lines = head_lines(head)
    hits = sum(1 for line in lines if _ending(line) or CURL_CONNECTED.match(line[:_LONGEST]) or refused_tls(line))
    if not hits:
        return 0.0
    related = hits + sum(1 for line in lines if not _ending(line) and _CHATTER.match(line[:_LONGEST]))
    return 0.9 * related / len(lines)


def _is_dev_tcp(command: str | None) -> bool:
    return "/dev/tcp/" in (command or "")


def _ending(line: str) -> tuple[Form, re.Match[str]] | None:
    cut = line[:_LONGEST]
    if not cut.startswith(BEGINNINGS) and not any(sign in cut for sign in SIGNS):
        return None
    for form in FORMS:
        match = form.pattern.match(cut)
        if match:
            return form, match
    return None


class _Seen(msgspec.Struct):
    """What the lines before an ending have told of the attempt."""

    address: str | None = None
    port: int | None = None
    reason: str | None = None
    connected: tuple[Locator, str, str, int] | None = None
    before: ConnectAttempt | None = None
    status: int | None = None


def parse(document: Document) -> Iterator[Parsed]:
    ran = invocation(document.command)
    asked = target_of(document.command)
    netns = ran.netns if ran else None
    seen = _Seen()
    checks = list(tls_checks(document, asked))
    yield from checks
    ended, read = len(checks), 0
    for number, raw in document.lines():
        if is_noise(raw):
            continue
        read += 1
        line = raw[:_LONGEST].rstrip()
        ending = _ending(line)
        if ending is None:
            _note(document, number, line, seen)
            continue
        attempt = _attempt(document.at(number, excerpt=line), *ending, seen, asked)
        ended += 1
        yield msgspec.structs.replace(attempt, netns=netns)
        # Ncat tells what became of a connection in a line of its own, which names nobody.
        seen = _Seen(before=attempt) if attempt.tool == "ncat" and attempt.outcome == "connected" else _Seen()
    if seen.connected is not None:
        ended += 1
        yield msgspec.structs.replace(_curl_connected(seen), netns=netns)
    if ended == 0:
        silent = _silent(document, ran, asked, seen, read)
        if silent is not None:
            yield msgspec.structs.replace(silent, netns=netns)
        elif read:
            yield Unparsed(document.at(document.first_line), "no line says how an attempt to connect ended")


FORMAT = Format("connect", recognise, parse)


def _note(document: Document, number: int, line: str, seen: _Seen) -> None:
    if trying := TRYING.match(line) or CURL_TRYING.match(line):
        seen.address = trying["address"]
    if reason := CURL_REASON.match(line):
        seen.reason, seen.address = reason["why"], reason["one"] or reason["two"]
    if connected := CURL_CONNECTED.match(line):
        place = document.at(number, excerpt=line.strip())
        seen.address = connected["address"]
        # With --connect-to curl 7.88 prints "Connected to (nil) (10.80.2.2) port 8443".
        host = connected["host"] if connected["host"] != "(nil)" else connected["address"]
        seen.connected = (place, host, connected["address"], int(connected["port"]))
    if status := HTTP_STATUS.match(line):
        seen.status = int(status["status"])


def _attempt(at: Locator, form: Form, match: re.Match[str], seen: _Seen, asked: Target | None) -> ConnectAttempt:
    found = match.groupdict()
    why = found.get("why") or match[0]
    host = (found.get("host") or "").rstrip(".") or None
    shown = found.get("address") or (seen.address if form.tool in ("telnet", "curl") else None)
    port = found.get("port")
    spoken = _spoken_to(seen)
    host = host or (asked.host if asked else None) or spoken[0] or found.get("address")
    known = address(shown) if shown else address(host) if host else None
    milliseconds = found.get("ms")
    return ConnectAttempt(
        at=at,
        tool=form.tool,
        host=host,
        port=_port(port) if port else asked.port if asked else spoken[1],
        outcome=form.outcome or _outcome(form.tool, why, seen),
        said=match[0] if form.outcome == "connected" else why,
        address=known[0] if known else None,
        protocol=cast("Literal['tcp', 'udp']", found.get("protocol") or (asked.protocol if asked else "tcp")),
        after=int(milliseconds) / 1000 if milliseconds else None,
        http_status=seen.status,
    )


def _spoken_to(seen: _Seen) -> tuple[str | None, int | None]:
    """Whom the lines before said the tool had reached."""
    if seen.connected is not None:
        return seen.connected[1], seen.connected[3]
    return (seen.before.host, seen.before.port) if seen.before is not None else (None, None)


def _outcome(tool: Tool, why: str, seen: _Seen) -> ConnectOutcome:
    """curl says "Couldn't connect to server" for every cause; with -v the cause stands in a line before."""
    outcome = outcome_of(why)
    return outcome_of(seen.reason) if outcome == "failed" and tool == "curl" and seen.reason else outcome


def _port(text: str) -> int | None:
    number = int(text)
    return number if number < 65536 else None


def _curl_connected(seen: _Seen) -> ConnectAttempt:
    if seen.connected is None:
        raise AssertionError("only called where a connection was seen")
    place, host, shown, port = seen.connected
    return ConnectAttempt(
        at=place, tool="curl", host=host, port=port, outcome="connected", said=place.excerpt, address=shown,
        http_status=seen.status,
    )  # fmt: skip


def _complains(document: Document) -> bool:
    """Whether the shell, the tool itself or kubectl speaks, not the server."""
    return any(_COMPLAINT.match(line[:_LONGEST]) for _, line in document.lines())


def _silent(
    document: Document, ran: Invocation | None, asked: Target | None, seen: _Seen, read: int
) -> ConnectAttempt | None:
    """An attempt known from its command: the output is the server's answer, or only "Trying …" (interrupted)."""
    if ran is None or asked is None or ran.filtered:
        return None
    place = place_of_command(document)
    tool = cast("Tool", "nc" if ran.program == "netcat" else ran.program)
    known = address(seen.address or asked.host)
    base = ConnectAttempt(
        at=place, tool=tool, host=asked.host, port=asked.port, outcome="connected", said="",
        address=known[0] if known else None, protocol=asked.protocol, http_status=seen.status,
    )  # fmt: skip
    if tool in ("curl", "nc", "ncat") and read and seen.address is None and not _complains(document):
        return msgspec.structs.replace(base, said="the server answered")
    if tool == "telnet" and seen.address is not None:
        return msgspec.structs.replace(base, outcome="failed", said="Trying, and nothing after it")
    return None
