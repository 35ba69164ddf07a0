"""Tracked connections: `conntrack -L`, `cat /proc/net/nf_conntrack`.

Source: Linux 6.18 net/netfilter/nf_conntrack_standalone.c ct_seq_show(); libnetfilter_conntrack 1.0.9
src/conntrack/snprintf_default.c (the same words; `-o extended` puts the layer 3 protocol in front).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from kwhy.facts.conntrack import ConntrackEntry, ConntrackListing
from kwhy.ingest.invocation import Invocation, invocation
from kwhy.ingest.net.addresses import address
from kwhy.ingest.net.output import LONGEST_LINE, content_lines, head_lines, not_understood, share
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: udp      17 29 src=10.244.1.5 dst=10.96.0.10 sport=40700 dport=53 [UNREPLIED] src=10.244.2.7 … mark=0 use=1
#: ipv4     2 tcp      6 431999 ESTABLISHED src=…   (conntrack 1.4.7 -o extended; /proc/net/nf_conntrack, Linux 6.18)
_ENTRY: Final = expression(
    r"^(?:ipv[46] +\d{1,3} +)?(?P<protocol>[a-z][a-z0-9-]{1,12}) +(?P<number>\d{1,3}) +(?:(?P<timeout>\d{1,10}) +)?"
    r"(?:(?P<state>[A-Z][A-Z_0-9]{2,15}) +)?(?P<rest>src=.{10,2000})$"
)
#: src=10.244.1.5 dst=10.96.0.10 sport=40700 dport=53
_ENDS: Final = ("src", "dst", "sport", "dport")
#: conntrack v1.4.7 (conntrack-tools): 19 flow entries have been shown.
_TRAILER: Final = expression(
    r"^conntrack v[\d.]{1,20} \(conntrack-tools\): \d{1,10} flow entries have been (?:shown|dumped)"
)
_LISTS: Final = ("-L", "--dump", "-o", "extended", "id", "save", "-f", "ipv4", "ipv6", "--family")


def recognise(head: Head) -> float:
    lines = head_lines(head)
    if not lines or not any("src=" in line or "flow entries" in line for line in lines):
        return 0.0
    return 0.95 * share(lines, (_fits(line) for line in lines))


def _fits(line: str) -> bool:
    return bool(_ENTRY.match(line[:LONGEST_LINE]) or _TRAILER.match(line))


def parse(document: Document) -> Iterator[Parsed]:
    ran = invocation(document.command)
    netns = ran.netns if ran else None
    count = unreplied = 0
    for number, line in content_lines(document):
        if _TRAILER.match(line):
            continue
        match = _ENTRY.match(line[:LONGEST_LINE])
        ends = _ends(match["rest"]) if match else None
        replied = "[UNREPLIED]" not in line
        if match is not None and ends is not None and replied and ends[0]["dst"] == ends[1]["src"]:
            count += 1
            continue  # neither translated nor unanswered: it says nothing
        if match is None or ends is None or not all(map(_canonical, _addresses(*ends))):
            yield not_understood(document, number, line, "a tracked connection (udp 17 29 src=… dst=… src=… dst=…)")
            continue
        count += 1
        unreplied += not replied
        first, reply = ends
        source, destination, reply_source, reply_destination = (_canonical(a) or a for a in _addresses(first, reply))
        yield ConntrackEntry(
            at=document.at(number, excerpt=line.strip()),
            protocol=match["protocol"],
            source=source,
            destination=destination,
            source_port=_port(first.get("sport")),
            destination_port=_port(first.get("dport")),
            reply_source=reply_source,
            reply_destination=reply_destination,
            reply_source_port=_port(reply.get("sport")),
            reply_destination_port=_port(reply.get("dport")),
            replied=replied,
            assured="[ASSURED]" in line,
            timeout=int(match["timeout"]) if match["timeout"] else None,
            state=match["state"],
            netns=netns,
        )
    place = document.at(document.first_line, excerpt=document.command or "")
    yield ConntrackListing(at=place, count=count, unreplied=unreplied, whole=_is_whole(ran), netns=netns)


FORMAT = Format("conntrack", recognise, parse)


def _ends(rest: str) -> tuple[dict[str, str], dict[str, str]] | None:
    """The two directions of an entry as written; each begins with src=."""
    halves: list[dict[str, str]] = []
    for word in rest.split():
        key, equals, value = word.partition("=")
        if key == "src":
            halves.append({})
        if equals and halves and key in _ENDS:
            halves[-1].setdefault(key, value)
    if len(halves) != 2 or any("dst" not in half for half in halves):
        return None
    return halves[0], halves[1]


@lru_cache(maxsize=1 << 16)
def _canonical(text: str) -> str | None:
    known = address(text)
    return known[0] if known else None


def _addresses(first: dict[str, str], reply: dict[str, str]) -> tuple[str, str, str, str]:
    return first["src"], first["dst"], reply["src"], reply["dst"]


def _port(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() else None


def _is_whole(ran: Invocation | None) -> bool:
    """Whether the command asked for all connections; without a command nothing says so."""
    if ran is None or ran.filtered:
        return False
    if ran.program == "cat":
        return any(word.endswith("nf_conntrack") for word in ran.arguments)
    return ran.program == "conntrack" and all(word in _LISTS for word in ran.arguments)
