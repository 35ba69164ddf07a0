"""ICMP, ICMPv6 and ARP as tcpdump prints them.

print-icmp.c, print-icmp6.c, print-arp.c of tcpdump 4.99. Without -v only an unreachable port names what was sent.
"""

from __future__ import annotations

from typing import Final

from kwhy.facts.packets import IcmpReason, Packet
from kwhy.ingest.capture.control import Ledger, Quoted
from kwhy.ingest.capture.printed_lines import SERVICES
from kwhy.model.expressions import expression

#: "ICMP echo request, id 17014, seq 1, length 64", "ICMP6, echo reply, id 17090, seq 1, length 64"
_ECHO: Final = expression(r"ICMP6?,? echo (?P<word>request|reply), id (?P<id>\d{1,5}), seq (?P<seq>\d{1,5})")
#: "ICMP 10.77.2.2 udp port 9999 unreachable",
#: "ICMP6, destination unreachable, unreachable port, fd77:2::2 udp port 9999"
_PORT: Final = expression(
    r"ICMP(?:6, destination unreachable, unreachable port,)? (?P<about>\S{1,260}) (?P<protocol>tcp|udp) "
    r"port (?P<port>[\w*+-]{1,40})"
)
#: "ICMP host 10.77.1.99 unreachable", "ICMP host 10.77.2.2 unreachable - admin prohibited",
#: "ICMP net 10.9.0.1 unreachable"
_UNREACHABLE: Final = expression(
    r"ICMP (?P<what>net|host) (?P<about>\S{1,260}) unreachable(?: - (?P<why>[a-z ]{3,40}))?"
)
#: "ICMP 10.77.2.2 unreachable - need to frag (mtu 1300)"
_NEED_TO_FRAG: Final = expression(r"ICMP (?P<about>\S{1,260}) unreachable - need to frag(?: \(mtu (?P<mtu>\d{1,5})\))?")
#: "ICMP 10.77.2.2 protocol 132 unreachable"
_PROTOCOL: Final = expression(r"ICMP (?P<about>\S{1,260}) protocol \d{1,3} (?:port \d{1,5} )?unreachable")
#: "ICMP time exceeded in-transit", "ICMP6, time exceeded in-transit for fd77:9::1"
_IN_TRANSIT: Final = expression(r"ICMP6?,? time exceeded in-transit(?: for (?P<about>\S{1,60}?))?(?=,|$)")
_REASSEMBLY: Final = expression(r"ICMP(?: ip reassembly time exceeded|6, time exceeded in-transit \(reassembly\))")
#: "ICMP redirect 10.0.0.9 to host 10.0.0.2"
_REDIRECT: Final = expression(r"ICMP redirect\S{0,5} (?P<about>\S{1,260}) to ")
#: "ICMP6, destination unreachable, unreachable route fd77:9::1", " unreachable prohibited" has a space of its own
_V6_UNREACHABLE: Final = expression(
    r"ICMP6, destination unreachable, +"
    r"(?P<why>unreachable route|unreachable prohibited|unreachable address|beyond scope) (?P<about>[0-9a-fA-F:.]{2,60})"
)
#: "ICMP6, packet too big, mtu 1280"
_V6_TOO_BIG: Final = expression(r"ICMP6, packet too big, mtu (?P<mtu>\d{1,10})")
#: "ICMP6, neighbor solicitation, who has fd77:1::99", "ICMP6, neighbor advertisement, tgt is fd77:1::1"
_SOLICITATION: Final = expression(r"ICMP6, neighbor solicitation, who has (?P<target>[0-9a-fA-F:.]{2,60}?)(?=,|$| )")
_ADVERTISEMENT: Final = expression(r"ICMP6, neighbor advertisement, tgt is (?P<target>[0-9a-fA-F:.]{2,60}?)(?=,|$| )")
#: "Request who-has 10.77.1.99 tell 10.77.1.2", "who-has 10.0.0.9 (Broadcast) tell 10.0.0.1"
_WHO_HAS: Final = expression(
    r"(?:Request )?who-has (?P<target>\S{1,260})(?: \([^)]{1,40}\))? tell (?P<asker>[^\s,]{1,260})"
)
#: "Reply 10.77.1.1 is-at 4a:49:b2:97:02:80"
_IS_AT: Final = expression(r"(?:Reply )?(?P<target>\S{1,260}) is-at (?P<hardware>[0-9a-f:]{5,59})")

_PROHIBITED: Final[dict[str, IcmpReason]] = {"net": "net prohibited", "host": "host prohibited"}
_V6_REASONS: Final[dict[str, IcmpReason]] = {
    "unreachable route": "net unreachable",
    "unreachable prohibited": "admin prohibited",
    "unreachable address": "host unreachable",
    "beyond scope": "host unreachable",
}


def icmp(ledger: Ledger, view: int, rest: str, source: str, destination: str, time: int, packet: Packet) -> bool:
    """Adds an ICMP or ICMPv6 line to the ledger; whether it is an error (whose packet -v quotes on the next lines)."""
    if found := _ECHO.match(rest):
        add = ledger.request if found["word"] == "request" else ledger.reply
        add(view, source, destination, int(found["id"]), int(found["seq"]), time, packet)
        return False
    if found := _SOLICITATION.match(rest):
        ledger.question(view, "ndp", source, found["target"], packet)
        return False
    if found := _ADVERTISEMENT.match(rest):
        ledger.answer(view, found["target"], "")
        return False
    return error_of(rest, destination) is not None


def error_of(rest: str, told: str) -> tuple[IcmpReason, Quoted, int | None] | None:
    """What an ICMP error says; the one who is told is the sender of what failed."""
    if found := _PORT.match(rest):
        port = found["port"]
        number = int(port) if port.isdigit() else SERVICES.get(port, 0)
        return "port unreachable", Quoted(found["protocol"], told, 0, found["about"], number), None
    if found := _UNREACHABLE.match(rest):
        return _unreachable(found["what"], found["why"]), Quoted(None, told, 0, found["about"], 0), None
    if found := _NEED_TO_FRAG.match(rest):
        mtu = int(found["mtu"]) if found["mtu"] else None
        return "fragmentation needed", Quoted(None, told, 0, found["about"], 0), mtu
    if found := _PROTOCOL.match(rest):
        return "protocol unreachable", Quoted(None, told, 0, found["about"], 0), None
    if found := _V6_UNREACHABLE.match(rest):
        return _V6_REASONS[found["why"]], Quoted(None, told, 0, found["about"], 0), None
    if found := _V6_TOO_BIG.match(rest):
        return "fragmentation needed", Quoted(None, told, 0, "?", 0), int(found["mtu"])
    if _REASSEMBLY.match(rest):
        return "reassembly time exceeded", Quoted(None, told, 0, "?", 0), None
    if found := _IN_TRANSIT.match(rest):
        return "time exceeded in transit", Quoted(None, told, 0, found["about"] or "?", 0), None
    if found := _REDIRECT.match(rest):
        return "redirect", Quoted(None, told, 0, found["about"], 0), None
    return None


def _unreachable(what: str, why: str | None) -> IcmpReason:
    if why and why.startswith("admin prohibited filter"):
        return "admin prohibited"
    if why and why.startswith("admin prohibited"):
        return _PROHIBITED[what]
    return "net unreachable" if what == "net" else "host unreachable"


def arp(ledger: Ledger, view: int, rest: str, packet: Packet) -> bool:
    """Adds an ARP line to the ledger; whether it was understood."""
    if found := _WHO_HAS.search(rest):
        ledger.question(view, "arp", found["asker"], found["target"], packet)
    elif found := _IS_AT.search(rest):
        ledger.answer(view, found["target"], found["hardware"])
    else:
        return False
    return True
