"""Sockets: `ss` and `netstat` with their usual options (-t -u -l -n -a -p).

Source: iproute2 6.1 misc/ss.c (the columns Netid and State are left out where only one kind was asked for);
net-tools 2.10 netstat.c; busybox 1.35 networking/netstat.c (the same columns as net-tools).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from kwhy.facts.network import NetworkNamespace
from kwhy.facts.sockets import Socket, SocketListing, SocketProtocol
from kwhy.ingest.invocation import Invocation, invocation
from kwhy.ingest.net.addresses import address
from kwhy.ingest.net.output import LONGEST_LINE, content_lines, head_lines, not_understood
from kwhy.model.document import Document, Locator
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess
_SS_HEADER: Final = expression(
    r"^(?P<netid>Netid\s+)?(?P<state>State\s+)?Recv-Q\s+Send-Q\s+Local Address:Port\s+Peer Address:Port"
)
#: Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
_NETSTAT_HEADER: Final = expression(
    r"^Proto\s+Recv-Q\s+Send-Q\s+Local Address\s+Foreign Address(?:\s+State)?(?P<process>\s+PID/Program name)?"
)
#: udp   UNCONN 0      0            0.0.0.0:8472      0.0.0.0:*    users:(("python",pid=30956,fd=3))
_SS: Final = expression(
    r"^(?:(?P<netid>[a-z][a-z0-9_]{1,9})\s+)?(?P<state>LISTEN|UNCONN|ESTAB|SYN-SENT|SYN-RECV|FIN-WAIT-1|FIN-WAIT-2"
    r"|TIME-WAIT|CLOSE-WAIT|LAST-ACK|CLOSING|CLOSED)\s+(?P<received>\d{1,12})\s+\d{1,12}\s+"
    r"(?P<local>\S{1,80}:\S{1,20})\s+(?P<peer>\S{1,80}:\S{1,20})(?P<rest>(?:\s.{0,2000})?)$"
)
#: users:(("python",pid=30956,fd=3))   ·   users:(("nginx",1234,6))   (iproute2 before 4.0)
_USERS: Final = expression(r'users:\(\("(?P<program>[^"]{1,64})",(?:pid=)?(?P<pid>\d{1,10}),')
#: tcp        0      0 10.244.2.7:8080         0.0.0.0:*               LISTEN      30956/python
_NETSTAT: Final = expression(
    r"^(?P<protocol>tcp|udp)6?\s+(?P<received>\d{1,12})\s+\d{1,12}\s+(?P<local>\S{1,80}:[\w*-]{1,20})\s+"
    r"(?P<peer>\S{1,80}:[\w*-]{1,20})(?:\s+(?P<state>[A-Z][A-Z_0-9]{2,14}))?"
    r"(?:\s+(?:(?P<pid>\d{1,10})/(?P<program>\S{1,64})|-))?(?:\s.{0,300})?$"
)
#: State words of net-tools in ss's spelling.
_WORDS: Final = {"ESTABLISHED": "ESTAB", "CLOSE": "CLOSED"}
#: Active Internet connections (only servers)   ·   Active UNIX domain sockets …   ·   unix  2 …   ·   raw …
_ASIDE: Final = expression(
    r"^Active (?:Internet connections|UNIX domain sockets)|^Proto RefCnt|^(?:unix|raw6?|u_str|u_dgr|u_seq|nl|p_raw"
    r"|p_dgr|icmp6|sctp|v_str|v_dgr|xdp|mptcp|ti_st|udplite6?|tipc)\s|^\(|^netstat: |^ss: |^\s{2,}|^\t"
)


def recognise(head: Head) -> float:
    lines = head_lines(head)
    if not lines:
        return 0.0
    if any(_SS_HEADER.match(line) or _NETSTAT_HEADER.match(line) for line in lines[:3]):
        return 0.97
    ran = invocation(head.command)
    told = ran is not None and ran.program in ("ss", "netstat")
    hits = sum(1 for line in lines if _row(line))
    return (0.95 if told else 0.85) * hits / len(lines) if hits else 0.0


def _row(line: str) -> bool:
    cut = line[:LONGEST_LINE].rstrip()
    return bool(_SS.match(cut) or _NETSTAT.match(cut))


class _Seen(msgspec.Struct):
    """What was learnt of a listing while its rows went by."""

    count: int = 0
    header: Locator | None = None
    processes: bool = False
    protocols: set[SocketProtocol] = msgspec.field(default_factory=set)


def parse(document: Document) -> Iterator[Parsed]:
    ran = invocation(document.command)
    netns = ran.netns if ran else None
    seen = _Seen()
    only = _only_protocol(ran)
    for number, raw in content_lines(document):
        line = raw[:LONGEST_LINE].rstrip()
        at = document.at(number, excerpt=line.strip())
        if _SS_HEADER.match(line) or _NETSTAT_HEADER.match(line):
            seen.header = seen.header or at
            seen.processes = seen.processes or "PID/Program" in line
            continue
        found = _socket(line, at, only, netns)
        if found is not None:
            seen.count += 1
            seen.protocols.add(found.protocol)
            seen.processes = seen.processes or found.pid is not None
            yield found
        elif not _ASIDE.match(line) and not (_SS.match(line) and only is None):
            yield not_understood(document, number, raw, "a socket as ss or netstat prints it")
    listing = _listing(document, ran, seen)
    if listing is not None:
        yield listing


FORMAT = Format("sockets", recognise, parse)


def _socket(line: str, at: Locator, only: SocketProtocol | None, netns: NetworkNamespace | None) -> Socket | None:
    if match := _SS.match(line):
        netid = match["netid"] or only
        protocol: SocketProtocol | None = "tcp" if netid == "tcp" else "udp" if netid == "udp" else None
        if protocol is None and match["netid"] is None:
            protocol = "udp" if match["state"] == "UNCONN" else "tcp"
        if protocol is None:
            return None
        users = _USERS.search(match["rest"])
        return _made(at, protocol, match["state"], match["local"], match["peer"], int(match["received"]), netns,
                     users["program"] if users else None, int(users["pid"]) if users else None)  # fmt: skip
    if match := _NETSTAT.match(line):
        kind: SocketProtocol = "tcp" if match["protocol"] == "tcp" else "udp"
        state = match["state"] or ("UNCONN" if kind == "udp" else "")
        state = _WORDS.get(state, state.replace("_", "-").replace("WAIT1", "WAIT-1").replace("WAIT2", "WAIT-2"))
        return _made(at, kind, state, match["local"], match["peer"], int(match["received"]), netns,
                     match["program"], int(match["pid"]) if match["pid"] else None)  # fmt: skip
    return None


def _made(
    at: Locator,
    protocol: SocketProtocol,
    state: str,
    local: str,
    peer: str,
    received: int,
    netns: NetworkNamespace | None,
    program: str | None,
    pid: int | None,
) -> Socket | None:
    host, _, port = local.rpartition(":")
    other, _, other_port = peer.rpartition(":")
    bare, _, device = host.partition("%")
    own = _canonical(bare)
    if own is None:
        return None
    return Socket(
        at=at,
        protocol=protocol,
        state=state,
        address=own,
        port=_port(port),
        peer=_canonical(other.partition("%")[0]) if _port(other_port) is not None else None,
        peer_port=_port(other_port),
        device=device.rstrip("]") or None,
        program=program.rstrip(":") if program else None,
        pid=pid,
        received=received,
        netns=netns,
    )


def _canonical(text: str) -> str | None:
    bare = text.strip("[]")
    if bare in ("*", ""):
        return "*" if bare == "*" else None
    known = address(bare)
    return known[0] if known else None


def _port(text: str) -> int | None:
    """A port number; the names of services that ss prints without -n are none, they may be anything."""
    return int(text) if text.isdigit() and int(text) < 65536 else None


def _letters(ran: Invocation) -> str:
    return "".join(word[1:] for word in ran.arguments if word.startswith("-") and not word.startswith("--"))


def _only_protocol(ran: Invocation | None) -> SocketProtocol | None:
    if ran is None or ran.program not in ("ss", "netstat"):
        return None
    letters, words = _letters(ran), ran.arguments
    tcp, udp = "t" in letters or "--tcp" in words, "u" in letters or "--udp" in words
    return "tcp" if tcp and not udp else "udp" if udp and not tcp else None


def _listing(document: Document, ran: Invocation | None, seen: _Seen) -> SocketListing | None:
    """That the document lists every listening socket; known from the command, and for netstat from its own words."""
    place = seen.header or document.at(document.first_line, excerpt=document.command or "")
    netns = ran.netns if ran else None
    if ran is None or ran.program not in ("ss", "netstat"):
        first = document.line(document.first_line)
        if not first.startswith("Active Internet connections (") or "servers" not in first:
            return None
        return SocketListing(
            at=place,
            protocols=tuple(sorted(seen.protocols)),
            count=seen.count,
            processes=seen.processes,
            netns=netns,
        )
    letters, words = _letters(ran), ran.arguments
    listening = any(letter in letters for letter in "la") or "--listening" in words or "--all" in words
    if not listening or ran.filtered or ran.operands:
        return None
    only = _only_protocol(ran)
    protocols: tuple[SocketProtocol, ...] = (only,) if only else ("tcp", "udp")
    asked = "p" in letters or "--processes" in words or "--program" in words
    return SocketListing(at=place, protocols=protocols, count=seen.count, processes=asked, netns=netns)
