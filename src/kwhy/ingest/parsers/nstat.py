"""Counters of the kernel's network code: `nstat -az`, `cat /proc/net/netstat`, `cat /proc/net/snmp`, `netstat -s`.

Source: iproute2 6.1 misc/nstat.c ("NAME VALUE RATE" below "#kernel"; without -a since the last call); Linux 6.18
net/ipv4/proc.c (two lines per group: names, values); net-tools 2.10 statistics.c (names it has no words for are printed
as they are, "IPReversePathFilter: 7").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kwhy.facts.conntrack import NetworkCounter
from kwhy.ingest.invocation import invocation
from kwhy.ingest.net.output import LONGEST_LINE, content_lines, head_lines, not_understood
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: TcpExtIPReversePathFilter       7                  0.0
_NSTAT: Final = expression(
    r"^(?P<name>(?:Ip6?|Icmp6?|IcmpMsg|Tcp|Udp6?|UdpLite6?|TcpExt|IpExt|MPTcpExt|Xfrm|Sctp|Smc)[A-Za-z0-9_]{2,60})\s+"
    r"(?P<value>\d{1,20})\s+\d{1,12}\.\d$"
)
#: Ip: Forwarding DefaultTTL InReceives …   and   Ip: 1 64 24 …
_GROUP: Final = expression(
    r"^(?P<group>(?:Ip|Icmp|IcmpMsg|Tcp|Udp|UdpLite|TcpExt|IpExt|MPTcpExt)): (?P<rest>[A-Za-z0-9 _-]{1,8000})$"
)
#: Ip:   ·   TcpExt:      (the sections of netstat -s)
_SECTION: Final = expression(r"^(?P<section>Ip|Ip6|Icmp|Icmp6|IcmpMsg|Tcp|Udp|UdpLite|TcpExt|IpExt|MPTcpExt):$")
#:     IPReversePathFilter: 7        (netstat -s of net-tools 2.10)
_NAMED: Final = expression(r"^ {4,}(?P<name>[A-Za-z0-9]{3,60}): (?P<value>\d{1,20})$")


def recognise(head: Head) -> float:
    lines = head_lines(head)
    if not lines:
        return 0.0
    if lines[0].startswith(("#kernel", "#17", "#")) and any(_NSTAT.match(line) for line in lines[1:4]):
        return 0.95
    groups = sum(1 for line in lines if _GROUP.match(line[:LONGEST_LINE]))
    if groups >= 2:
        return 0.95 * groups / len(lines)
    sections = sum(1 for line in lines if _SECTION.match(line))
    inside = sum(1 for line in lines if line.startswith("    "))
    return 0.95 if sections >= 2 and sections + inside == len(lines) else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    ran = invocation(document.command)
    netns = ran.netns if ran else None
    section, names, named_group = "", [""], ""
    for number, raw in content_lines(document):
        line = raw[:LONGEST_LINE].rstrip()
        at = document.at(number, excerpt=line.strip())
        if match := _NSTAT.match(line):
            yield NetworkCounter(at=at, name=match["name"], value=int(match["value"]), netns=netns)
        elif match := _GROUP.match(line):
            group, words = match["group"], match["rest"].split()
            if group == named_group and len(words) == len(names) and all(_is_number(word) for word in words):
                for name, value in zip(names, words, strict=True):
                    if not value.startswith("-"):
                        yield NetworkCounter(at=at, name=group + name, value=int(value), netns=netns)
                named_group = ""
            else:
                names, named_group = words, group
        elif match := _SECTION.match(line):
            section = match["section"]
        elif match := _NAMED.match(line):
            yield NetworkCounter(at=at, name=section + match["name"], value=int(match["value"]), netns=netns)
        elif not line.startswith(("#", "    ")):
            yield not_understood(document, number, raw, "a counter (TcpExtIPReversePathFilter 7 0.0)")


FORMAT = Format("network-counters", recognise, parse)


def _is_number(word: str) -> bool:
    return word.removeprefix("-").isdigit()
