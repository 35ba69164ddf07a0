"""`route -n` and `netstat -rn` (net-tools, busybox): the main table of IPv4.

They print /proc/net/route, which shows neither preferred sources nor further next hops, and `!` for both unreachable
and prohibit (kernel net/ipv4/fib_trie.c fib_route_seq_show(), fib_flag_trans()). So the routes are partial.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kwhy.facts.network import NetworkNamespace, NextHop, Route, RouteTableListing, RouteType
from kwhy.ingest.invocation import invocation
from kwhy.ingest.net.addresses import address, prefix
from kwhy.ingest.net.output import content_lines, not_understood
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: Kernel IP routing table   (net-tools 2.10, busybox 1.35)
_TITLE: Final = "Kernel IP routing table"
#: Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
_HEADER: Final = expression(r"^Destination\s+Gateway\s+Genmask\s+Flags\s+(?P<columns>Metric|MSS)\b")
#: 10.5.0.0        10.0.0.5        255.255.0.0     UG    0      0        0 eth0
_ROW: Final = expression(
    r"^(?P<to>\S{1,64})\s+(?P<via>\S{1,64})\s+(?P<mask>[0-9.*]{1,15})\s+(?P<flags>[A-Z!]{1,8})\s+"
    r"(?P<first>\d{1,10}|-)\s+(?:\d{1,10}|-)\s+(?:\d{1,12}|-)\s+(?P<dev>\S{1,20})\s*$"
)


def recognise(head: Head) -> float:
    if head.command is not None:
        ran = invocation(head.command)
        if ran is not None and ran.program in ("route", "netstat", "ip"):
            return 0.97 if _TITLE in head.text else 0.0
    start = head.text[:4096]
    return 0.96 if _TITLE in start and re.search(r"^Destination\s+Gateway\s+Genmask", start, re.MULTILINE) else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    ran = invocation(document.command)
    netns = ran.netns if ran else None
    columns = ""
    routes: list[Route] = []
    refused = 0
    for number, line in content_lines(document):
        header = _HEADER.match(line)
        if header:
            columns = header["columns"]
        elif line.strip() != _TITLE:
            item = _row(document, number, line, columns, netns)
            refused += isinstance(item, Unparsed)
            if isinstance(item, Route):
                routes.append(item)
            yield item
    if columns and not refused and not (ran and ran.filtered):
        place = routes[0].at if routes else document.at(document.first_line, excerpt=_TITLE)
        yield RouteTableListing(at=place, table="main", families=(4,), count=len(routes), basis="content", netns=netns)


FORMAT = Format("route-n", recognise, parse)


def _row(document: Document, number: int, line: str, columns: str, netns: NetworkNamespace | None) -> Route | Unparsed:
    match = _ROW.match(line[:512])
    destination = _destination(match["to"], match["mask"]) if match else None
    if match is None or destination is None:
        return not_understood(document, number, line, "a row of the kernel's IPv4 routing table")
    kind: RouteType = "unreachable" if "!" in match["flags"] else "blackhole" if match["dev"] == "*" else "unicast"
    gateway = address(match["via"])
    via = gateway[0] if gateway and gateway[0] != "0.0.0.0" else match["via"] if gateway is None else None
    hops = (NextHop(via if "G" in match["flags"] else None, match["dev"]),) if kind == "unicast" else ()
    metric = int(match["first"]) if columns == "Metric" and match["first"].isdigit() else None
    return Route(
        at=document.at(number, excerpt=line.strip()),
        family=4,
        destination=destination,
        table="main",
        type=kind,
        nexthops=hops,
        metric=metric,
        partial=True,
        netns=netns,
    )


def _destination(host: str, mask: str) -> str | None:
    if host == "default":
        host = "0.0.0.0"
    if address(host) is None:  # `route` without -n prints names; the prefix is lost
        return None
    known = prefix(f"{host}/{mask}")
    return known[0] if known else None
