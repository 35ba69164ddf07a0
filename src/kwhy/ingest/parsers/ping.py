"""Runs of ping: iputils, inetutils, busybox.

Source: iputils 20221126 ping/ping_common.c finish(), ping/ping.c pr_icmph(); busybox 1.35 networking/ping.c; inetutils
ping prints as busybox with "icmp_seq=". A run that never begins prints "ping: connect: Network is unreachable" alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from kwhy.facts.network import MissingDevice, Ping
from kwhy.ingest.invocation import Invocation, invocation
from kwhy.ingest.net.addresses import address
from kwhy.ingest.net.missing import missing_device
from kwhy.ingest.net.output import LONGEST_LINE, content_lines, head_lines, not_understood, share
from kwhy.ingest.net.targets import ping_target
from kwhy.model.document import Document, Locator
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: PING 10.0.0.2 (10.0.0.2) from 10.0.0.1 c0: 56(84) bytes of data.   iputils; "PING fd00::2(fd00::2) 56 data bytes" v6
#: PING 10.0.0.2 (10.0.0.2): 56 data bytes   busybox, inetutils
_BEGIN: Final = expression(
    r"^PING (?P<target>[^\s(]{1,253}?) ?\((?:[^\s()]{1,253} \()?(?P<address>[0-9a-fA-F.:%\w]{2,60})\)?\)"
    r"(?: from (?P<source>[0-9a-fA-F.:]{2,45})(?:%\S{1,15})? (?P<dev>[^\s:]{0,15})?)?:? +"
    r"(?P<size>\d{1,6})(?:\(\d{1,6}\))? "
)
#: 64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=0.045 ms   iputils; "seq=0" busybox
_REPLY: Final = expression(r"^\d{1,6} bytes from [^\n]{1,300}?(?:icmp_)?seq=\d{1,6}")
#: From 10.0.0.2 icmp_seq=1 Destination Host Unreachable   iputils; "92 bytes from 10.0.0.2: Destination …" inetutils
_ERROR: Final = expression(
    r"^(?:From (?P<one>\S{1,253})(?: \(\S{1,60}\))?:? icmp_seq=\d{1,6}|"
    r"\d{1,6} bytes from (?P<two>\S{1,253})(?: \(\S{1,60}\))?:) "
    r"(?P<what>(?:Dest|Time to live|Packet filtered|Communication|Frag|Redirect|Source|Parameter)[^\n]{0,120})"
)
#: --- 10.0.0.2 ping statistics ---
_STATISTICS: Final = expression(r"^--- (?P<target>\S{1,253}) ping statistics ---")
#: 2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 327ms   ·   …, 2 packets received, … (busybox)
_COUNTS: Final = expression(r"^(?P<sent>\d{1,9}) packets transmitted, (?P<received>\d{1,9}) (?:packets )?received")
#: rtt min/avg/max/mdev = 0.045/0.055/0.066/0.010 ms   ·   round-trip min/avg/max = 0.074/0.077/0.080 ms (busybox)
_TIMES: Final = expression(
    r"^(?:rtt|round-trip) min/avg/max(?:/\w{1,8})? = "
    r"(?P<min>\d{1,9}\.\d{1,6})/(?P<avg>\d{1,9}\.\d{1,6})/(?P<max>\d{1,9}\.\d{1,6})"
)
#: ping: connect: Network is unreachable   ·   ping: nope.invalid: Name or service not known   (iputils 20221126)
#: ping: bad address 'nope.invalid'   (busybox)   ·   connect: Network is unreachable   (iputils s20160308)
_REFUSAL: Final = expression(r"^(?:ping6?: |connect: )(?P<what>[^\n]{1,200})")
#: ping: local error: message too long, mtu=1500   ·   From 10.0.0.2 icmp_seq=1 Frag needed and DF set (mtu = 1400)
_MTU: Final = expression(r"\bmtu ?= ?(?P<mtu>\d{3,5})")
_CHATTER: Final = expression(r"^(?:\^C|no answer yet for |WARNING: |\(Re)|^\.{1,}$")


def recognise(head: Head) -> float:
    ran = invocation(head.command)
    if ran is not None:
        return 0.95 if ran.program in ("ping", "ping6") else 0.0
    lines = head_lines(head)
    if not any(_BEGIN.match(line) or _STATISTICS.match(line) or _is_refusal(line) for line in lines):
        return 0.0
    return 0.95 * share(lines, (_fits(line[:LONGEST_LINE]) for line in lines))


def _is_refusal(line: str) -> bool:
    return line.startswith(("ping: ", "ping6: "))


def _fits(line: str) -> bool:
    return any(form.match(line) for form in (_BEGIN, _REPLY, _ERROR, _STATISTICS, _COUNTS, _TIMES, _REFUSAL, _CHATTER))


class _Run(msgspec.Struct):
    """A run of ping while its lines are read."""

    at: Locator
    target: str
    address: str | None = None
    source: str | None = None
    interface: str | None = None
    payload: int | None = None
    sent: int | None = None
    received: int = 0
    times: tuple[float, float, float] | None = None
    complaints: dict[str, None] = msgspec.field(default_factory=dict)
    answered_by: dict[str, None] = msgspec.field(default_factory=dict)
    path_mtu: int | None = None


def parse(document: Document) -> Iterator[Parsed]:
    ran = invocation(document.command)
    netns = ran.netns if ran else None
    run: _Run | None = None
    for number, raw in content_lines(document):
        line = raw[:LONGEST_LINE].removeprefix("^C").rstrip()
        at = document.at(number, excerpt=line)
        if begin := _BEGIN.match(line):
            if run is not None:
                yield _ping(run, ran)
            run = _begun(at, begin)
        elif missing := missing_device(line):
            yield MissingDevice(at, missing, netns)
        elif run is None and (_REFUSAL.match(line) or _STATISTICS.match(line)):
            run = _Run(at, _target(line, ran))
            _read(run, line)
        elif run is not None and (_fits(line) or not line):
            _read(run, line)
        else:
            yield not_understood(document, number, raw, "a line of ping")
    if run is not None:
        yield _ping(run, ran)


FORMAT = Format("ping", recognise, parse)


def _begun(at: Locator, begin: re.Match[str]) -> _Run:
    known = address(begin["address"])
    return _Run(
        at,
        begin["target"],
        known[0] if known else None,
        begin["source"],
        begin["dev"] or None,
        int(begin["size"]),
    )


def _target(line: str, ran: Invocation | None) -> str:
    statistics = _STATISTICS.match(line)
    if statistics:
        return statistics["target"]
    named = re.match(r"^ping6?: (?:bad address '|unknown host )?(?P<host>[\w.-]{1,253})'?(?::|$)", line)
    asked = ping_target(ran) if ran else None
    word = named["host"] if named else ""
    return asked or (word if "." in word else "")


def _read(run: _Run, line: str) -> None:
    if _REPLY.match(line):
        run.received += 1
    elif counts := _COUNTS.match(line):
        run.sent, run.received = int(counts["sent"]), int(counts["received"])
    elif times := _TIMES.match(line):
        run.times = float(times["min"]), float(times["avg"]), float(times["max"])
    elif error := _ERROR.match(line):
        run.complaints[error["what"].strip()] = None
        run.answered_by[(error["one"] or error["two"]).rstrip(":")] = None
    elif refusal := _REFUSAL.match(line):
        run.complaints[refusal["what"].removeprefix("connect: ").removeprefix("sendto: ").strip()] = None
    mtu = _MTU.search(line)
    run.path_mtu = int(mtu["mtu"]) if mtu else run.path_mtu


def _ping(run: _Run, ran: Invocation | None) -> Ping:
    low, mean, high = run.times or (None, None, None)
    known = address(run.target)
    return Ping(
        at=run.at,
        target=run.target,
        address=run.address or (known[0] if known else None),
        source=run.source,
        interface=run.interface,
        payload=run.payload,
        sent=run.sent,
        received=run.received,
        rtt_min=low,
        rtt_avg=mean,
        rtt_max=high,
        complaints=tuple(run.complaints),
        answered_by=tuple(run.answered_by),
        path_mtu=run.path_mtu,
        netns=ran.netns if ran else None,
    )
