"""`ipvsadm -Ln` and `ipvsadm -Sn`: virtual servers of IPVS and their backends.

Printed by ipvsadm 1.28 to 1.31 (ipvsadm.c print_service_entry, print_title; -S: the commands that would make them).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kwhy.facts.netfilter import RealServer, VirtualServer, VirtualServerListing
from kwhy.ingest.invocation import invocation
from kwhy.model.document import Document, Locator, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: IP Virtual Server version 1.2.1 (size=4096)
_TITLE: Final = expression(r"^IP Virtual Server version \S{1,20} \(size=\d{1,10}\)$")
#: Prot LocalAddress:Port Scheduler Flags   ·     -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
_HEADER: Final = expression(r"^(?:Prot LocalAddress:Port Scheduler Flags|  -> RemoteAddress:Port\s.*)$")
#: TCP  10.96.0.1:443 rr   ·   UDP  [fd00::a]:53 rr persistent 10800   ·   FWM  5 rr
_SERVER: Final = expression(
    r"^(?P<protocol>TCP|UDP|SCTP|FWM)\s+(?P<address>\[[0-9a-fA-F:.]{2,45}\]|[0-9.]{7,15}|\d{1,10})(?::(?P<port>\d{1,5}))?"
    r"(?: IPv6)? (?P<scheduler>[a-z]{1,12})(?P<flags>(?: .*)?)$"
)
#:   -> 10.244.0.5:53                Masq    1      0          12
_BACKEND: Final = expression(
    r"^\s+-> (?P<address>\[[0-9a-fA-F:.]{2,45}\]|[0-9.]{7,15}):(?P<port>\d{1,5})"
    r"\s+(?P<forwarding>Masq|Route|Tunnel|Local)\s+(?P<weight>-?\d{1,10})(?:\s+\d{1,12}){0,3}\s*$"
)
#: -A -t 10.96.0.1:443 -s rr   ·   -a -t 10.96.0.1:443 -r 10.55.0.10:6443 -m -w 1
_SAVED: Final = expression(
    r"^-(?P<what>A|a) -(?P<protocol>[tuf]|-sctp-service) (?P<address>\[[0-9a-fA-F:.]{2,45}\]|[0-9.]{7,15}|\d{1,10})"
    r"(?::(?P<port>\d{1,5}))?(?P<rest>(?: .*)?)$"
)
_TO: Final = expression(r" -r (?P<address>\[[0-9a-fA-F:.]{2,45}\]|[0-9.]{7,15}):(?P<port>\d{1,5})")
_WEIGHT: Final = expression(r" -w (?P<weight>\d{1,10})")
_SCHEDULER: Final = expression(r" -s (?P<scheduler>[a-z]{1,12})")
_PROTOCOLS: Final = {"t": "tcp", "u": "udp", "f": "fwm", "-sctp-service": "sctp"}
_FORWARDING: Final = {"-m": "Masq", "-g": "Route", "-i": "Tunnel"}


def recognise(head: Head) -> float:
    lines = head.whole_lines[:10]
    if any(_TITLE.match(line) for line in lines):
        return 0.97
    ran = invocation(head.command)
    named = ran is not None and ran.program == "ipvsadm"
    fits = sum(_SERVER.match(line) is not None or _SAVED.match(line) is not None for line in lines)
    if lines and fits and all(_fits(line) for line in lines):
        return 0.95 if named else 0.9
    return 0.0


def _fits(line: str) -> bool:
    return any(form.match(line) for form in (_TITLE, _HEADER, _SERVER, _BACKEND, _SAVED))


class _Open:
    def __init__(self, protocol: str, address: str, port: int | None, scheduler: str, flags: str, at: Locator) -> None:
        self.protocol, self.scheduler, self.at = protocol, scheduler, at
        self.mark = int(address) if protocol == "fwm" else None
        self.address = None if protocol == "fwm" else address.strip("[]")
        self.port = port
        self.persistent = "persistent" in flags or " -p" in flags
        self.servers: list[RealServer] = []

    def closed(self, document: Document) -> VirtualServer:
        ran = invocation(document.command)
        return VirtualServer(
            self.protocol, self.address, self.port, self.scheduler, tuple(self.servers), self.at, self.mark,
            self.persistent, document.captured, ran.netns if ran else None,
        )  # fmt: skip


def parse(document: Document) -> Iterator[Parsed]:
    ran = invocation(document.command)
    found: dict[tuple[str, str, str | None], _Open] = {}
    current: _Open | None = None
    first: Locator | None = None
    titled = False
    for number, raw in document.lines():
        line = raw[:1024].rstrip()
        if not line:
            continue
        at = document.at(number, excerpt=line.strip())
        first = first or at
        if _TITLE.match(line) or _HEADER.match(line):
            titled = True
        elif match := _SERVER.match(line):
            port = int(match["port"]) if match["port"] else None
            current = _Open(match["protocol"].lower(), match["address"], port, match["scheduler"], match["flags"], at)
            found[(current.protocol, match["address"], match["port"])] = current
        elif current is not None and (match := _BACKEND.match(line)):
            backend = match["address"].strip("[]"), int(match["port"]), match["forwarding"], int(match["weight"])
            current.servers.append(RealServer(*backend, at))
        elif (match := _SAVED.match(line)) and _saved(found, match.groupdict(), at):
            continue
        else:
            yield Unparsed(at, "this line is not part of what ipvsadm prints")
    for server in found.values():
        yield server.closed(document)
    if first is not None and (found or titled):
        whole = (ran is None or not ran.filtered) and (titled or ran is not None)
        yield VirtualServerListing(len(found), whole, first, document.captured, ran.netns if ran else None)


def _saved(found: dict[tuple[str, str, str | None], _Open], words: dict[str, str | None], at: Locator) -> bool:
    """One line of `ipvsadm -S`; True where it is understood."""
    protocol, rest, address = _PROTOCOLS[words["protocol"] or "t"], words["rest"] or "", words["address"] or ""
    key = (protocol, address, words["port"])
    if words["what"] == "A":
        scheduler = _SCHEDULER.search(rest)
        port = int(words["port"]) if words["port"] else None
        found[key] = _Open(protocol, address, port, scheduler["scheduler"] if scheduler else "wlc", rest, at)
        return True
    to, weight = _TO.search(rest), _WEIGHT.search(rest)
    if to is None or key not in found:
        return False
    forwarding = next((name for option, name in _FORWARDING.items() if f" {option}" in rest), "Route")
    count = int(weight["weight"]) if weight else 1
    found[key].servers.append(RealServer(to["address"].strip("[]"), int(to["port"]), forwarding, count, at))
    return True


FORMAT = Format("ipvsadm", recognise, parse)
