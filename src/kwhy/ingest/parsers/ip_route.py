r"""`ip route show`: the routes of one table or of all, by iproute2 and busybox, as text, `-o`, `-d` and `-j`.

A table that the kernel does not know prints "Error: ipv4: FIB table does not exist." and "Dump terminated" (iproute2
since 5.0 with a kernel since 4.20); before, and with busybox, it prints nothing, as an empty table does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import msgspec

from kwhy.facts.network import TABLE_NAMES, Family, MissingDevice, NextHop, Route, RouteTableListing
from kwhy.ingest.net.ip_command import IpCommand, ip_command
from kwhy.ingest.net.missing import missing_device
from kwhy.ingest.net.output import (
    LONGEST_LINE,
    content_lines,
    failed,
    head_lines,
    not_understood,
    place_of_command,
    share,
)
from kwhy.ingest.net.route_words import json_words, read_next_hop, read_words, route_of
from kwhy.model.document import Document, Locator, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: Error: ipv4: FIB table does not exist.   (iproute2 6.1; the kernel's extended acknowledgement, 4.20 and later)
_NO_TABLE: Final = expression(r"^Error: ipv(?P<family>[46]): FIB table does not exist\.")
#: Dump terminated   (iproute2 6.1)
_DUMP_TERMINATED: Final = "Dump terminated"
#: 10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.1   (iproute2 6.1)
_ROUTE_START: Final = expression(
    r"^(?:(?:unicast|local|broadcast|anycast|multicast|unreachable|blackhole|prohibit|throw|nat) )?"
    r"(?:default|[0-9a-fA-F:.]{2,45}(?:/\d{1,3})?)"
    r"(?: +(?:via|dev|table|proto|scope|src|metric|from|nhid|tos|encap|pref|error|mtu|realms?|expires|dead|linkdown|"
    r"onlink|offload|trap|rt_\w+)\b| *\\| *$)"
)
#: 10.0.0.2 dev eth0 lladdr 02:00:00:00:00:02 REACHABLE is no route though it begins like one   (ip neigh)
_NEIGHBOUR: Final = expression(r" lladdr | (?:FAILED|INCOMPLETE)\s*$")
#: [{"dst":"default","gateway":"10.0.0.2","dev":"eth0","flags":[]}]   (iproute2 6.1 -j; "type" comes first with -d)
_JSON: Final = expression(r'^\s*\[\s*\{\s*(?:"type"\s*:\s*"\w+"\s*,\s*)?"dst"\s*:\s*"')
#: Selectors of `ip route show` that leave lines out (ip-route(8)); "table" and a family are no such.
_FILTERS: Final = frozenset(
    ("dev", "oif", "iif", "via", "src", "proto", "protocol", "scope", "type", "root", "match", "exact", "to", "from",
     "realm", "realms", "tos", "dsfield", "mark", "vrf", "nhid", "default", "cloned", "cached", "metric")
)  # fmt: skip


#: A tuple is the message that a table of that family does not exist.
_Item: TypeAlias = Route | Unparsed | MissingDevice | tuple[Family, Locator]


class _Scope(msgspec.Struct, frozen=True):
    """What the command asked for. ``table`` None: all; ``listed``: no selector left lines out."""

    table: str | None
    families: tuple[Family, ...]
    listed: bool


def recognise(head: Head) -> float:
    asked = ip_command(head.command)
    if asked is not None:
        return 0.97 if asked.object == "route" and asked.verb == "show" else 0.0
    if _JSON.match(head.text):
        return 0.6 if '"cache"' in head.text or '"uid"' in head.text else 0.94
    lines = head_lines(head)
    return 0.94 * share(lines, (_fits(line) for line in lines))


def _fits(line: str) -> bool:
    cut = line[:LONGEST_LINE]
    begins = _ROUTE_START.match(cut) or _NO_TABLE.match(cut)
    if not begins and not cut.strip().startswith(("nexthop via ", "nexthop dev ")):
        return False
    return _NEIGHBOUR.search(cut) is None


def parse(document: Document) -> Iterator[Parsed]:
    asked = ip_command(document.command)
    scope = _scope(asked)
    netns = asked.ran.netns if asked else None
    routes: list[Route] = []
    missing: list[tuple[Family, Locator]] = []
    refused = 0
    for item in _items(document, scope):
        if isinstance(item, Unparsed):
            refused += 1
            yield item
        elif isinstance(item, MissingDevice):
            refused += 1
            yield msgspec.structs.replace(item, netns=netns)
        elif isinstance(item, Route):
            routes.append(item)
        else:
            missing.append(item)
    table = scope.table if scope else _table_by_content(routes)
    in_all = scope.table is None if scope else _shows_tables(routes)
    for route in routes:
        own = route.table or ("main" if in_all else table)
        yield msgspec.structs.replace(route, table=own, netns=netns)
    ended_badly = failed(document) and not missing
    if refused or ended_badly or (asked is not None and asked.ran.filtered):
        return
    if missing and (scope is None or scope.table is None):
        yield Unparsed(
            missing[0][1], "a table does not exist, but the command that would say which is not in the evidence"
        )
    elif scope is not None and scope.listed:
        yield from _listings_by_command(document, asked, scope, routes, missing)
    elif asked is None and (table is not None or _shows_all_tables(routes)):
        families = tuple(sorted({route.family for route in routes}))
        yield RouteTableListing(
            at=routes[0].at, table=None if in_all else table, families=families, count=len(routes), basis="content"
        )


FORMAT = Format("ip-route", recognise, parse)


def _listings_by_command(
    document: Document,
    asked: IpCommand | None,
    scope: _Scope,
    routes: list[Route],
    missing: list[tuple[Family, Locator]],
) -> Iterator[RouteTableListing]:
    """One listing, unless nothing printed proves nothing: busybox shows no IPv6 table but main and local."""
    blind = asked is not None and (asked.ran.busybox or asked.ran.contained)
    families = scope.families
    if blind and not routes and not missing and scope.table not in ("main", "local"):
        families = tuple(family for family in families if family == 4)
    if not families:
        return
    place = missing[0][1] if missing else routes[0].at if routes else place_of_command(document)
    yield RouteTableListing(
        at=place,
        table=scope.table,
        families=families,
        count=len(routes),
        basis="command",
        missing=bool(missing),
        netns=asked.ran.netns if asked else None,
    )


def _scope(asked: IpCommand | None) -> _Scope | None:
    """The table that `ip route show …` lists: main unless told, IPv4 unless told, both families for `table all`."""
    if asked is None:
        return None
    table: str | None = "main"
    listed = True
    words = iter(asked.arguments)
    for word in words:
        if word != "t" and not "table".startswith(word):
            listed = listed and word not in _FILTERS and not word[:1].isdigit() and ":" not in word
            continue
        name = next(words, "")
        table = None if name == "all" else TABLE_NAMES.get(name, name)
        listed = listed and name not in ("", "cache")
    families: tuple[Family, ...] = asked.families or ((4, 6) if table is None else (4,))
    return _Scope(table, families, listed)


def _table_by_content(routes: list[Route]) -> str | None:
    """The kernel itself adds link routes to main and addresses to local; no table column means a single table.

    Source: net/ipv4/fib_frontend.c fib_magic(). Devices in a VRF are the exception (their own table).
    """
    if not routes or _shows_tables(routes):
        return None
    if any(route.type in ("local", "broadcast", "anycast") for route in routes):
        return "local"
    return "main" if any(route.proto == "kernel" for route in routes) else None


def _shows_tables(routes: list[Route]) -> bool:
    """`table X` is printed only where all tables are listed."""
    return any(route.table is not None for route in routes)


def _shows_all_tables(routes: list[Route]) -> bool:
    """Main and local, the ends of every kernel's dump, both stand there: nothing in between was cut."""
    return any(route.table == "local" for route in routes) and any(route.table is None for route in routes)


def _items(document: Document, scope: _Scope | None) -> Iterator[_Item]:
    asked: Family | None = scope.families[0] if scope and len(scope.families) == 1 else None
    if _JSON.match(bytes(document.data[:256]).decode("utf-8", "replace")):
        yield from _json_items(document, asked)
    else:
        yield from _text_items(document, asked)


def _text_items(document: Document, asked: Family | None) -> Iterator[_Item]:
    pending: tuple[int, str] | None = None
    hops: list[NextHop] = []
    for number, raw in content_lines(document):
        parts = raw.split("\\") if len(raw) <= LONGEST_LINE else [raw]
        first = parts[0]
        hop = read_next_hop(first) if pending is not None and first[:1] in "\t " else None
        if hop is not None:
            hops.append(hop)
            continue
        if pending is not None:
            yield _route(document, *pending, hops, asked)
            pending, hops = None, []
        gone = _NO_TABLE.match(first)
        if gone:
            yield (6 if gone["family"] == "6" else 4), document.at(number, excerpt=raw.strip())
        elif first.strip() == _DUMP_TERMINATED:
            continue
        elif _ROUTE_START.match(first) and read_words(first):
            pending = number, first
            hops = [hop for part in parts[1:] if (hop := read_next_hop(part))]
        elif gone_device := missing_device(raw):
            yield MissingDevice(document.at(number, excerpt=raw.strip()), gone_device)
        else:
            yield not_understood(document, number, raw, 'a route ("default via 10.0.0.1 dev eth0")')
    if pending is not None:
        yield _route(document, *pending, hops, asked)


def _route(document: Document, number: int, line: str, hops: list[NextHop], asked: Family | None) -> Route | Unparsed:
    read = read_words(line)
    if read is None:
        return not_understood(document, number, line, "a route")
    return route_of(document.at(number, excerpt=line.strip()), read, tuple(hops), None, asked)


def _json_items(document: Document, asked: Family | None) -> Iterator[Route | Unparsed]:
    try:
        decoded = msgspec.json.decode(bytes(document.data), type=list[dict[str, Any]])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield Unparsed(document.at(document.first_line), f"this is not the JSON of `ip -j route`: {error}")
        return
    for index, item in enumerate(decoded):
        if not item:
            continue
        text, hops = json_words(item)
        place = document.at(document.first_line, f"[{index}]", text)
        read = read_words(text)
        if read is None:
            yield Unparsed(place, "this object is not a route")
            continue
        yield route_of(place, read, hops, None, asked)
