"""`nft list ruleset` (and `list table`): tables, chains with their rules, sets and maps.

Printed by nft 0.9 to 1.1 (nftables src/rule.c table_print, chain_print, do_set_print; src/datatype.c). Rules stay text
here: they are understood when a packet asks for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kwhy.facts.netfilter import NftChain, NftFamily, NftListing, NftRule, NftSet, NftTable
from kwhy.ingest.invocation import Invocation, invocation
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

_FAMILIES: Final[dict[str, NftFamily]] = {
    "ip": "ip", "ip6": "ip6", "inet": "inet", "arp": "arp", "bridge": "bridge", "netdev": "netdev",
}  # fmt: skip
#: table ip kube-proxy {
_TABLE: Final = expression(r"^table (?P<family>ip6?|inet|arp|bridge|netdev) (?P<name>\S{1,300}) \{(?: # .*)?$")
#: chain nat-prerouting {   set cluster-ips {   map service-ips {   flowtable f {   ct helper sip {
_BLOCK: Final = expression(
    r"^(?P<kind>chain|set|map|flowtable|counter|quota|limit|secmark|synproxy|ct helper|ct timeout|ct expectation)"
    r" (?P<name>\S{1,300}) \{(?: # .*)?$"
)
#: type filter hook forward priority filter + 5; policy drop;
_HOOK: Final = expression(
    r"^type (?P<type>\w{1,20}) hook (?P<hook>\w{1,20})(?: devices? (?P<device>[^;]{1,200}?))? priority"
    r" (?P<priority>[^;]{1,40});(?: policy (?P<policy>\w{1,10});)?"
)
#: dstnat - 10   -110   filter
_PRIORITY: Final = expression(
    r"^(?:(?P<name>[a-z]{1,12})(?: (?P<sign>[+-]) (?P<by>\d{1,10}))?|(?P<number>-?\d{1,10}))$"
)
#: include/uapi/linux/netfilter_ipv4.h enum nf_ip_hook_priorities; nftables src/rule.c std_prios
_NAMED: Final = {"raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50, "srcnat": 100, "out": 100}
#: type ipv4_addr . inet_proto . inet_service : verdict
_TYPE: Final = expression(r"^(?:type|typeof) (?P<key>.{1,300}?)(?: : (?P<value>.{1,200}))?$")
#: comment "ns6/svc6:p80"   timeout 3h expires 2h59m   counter packets 0 bytes 0   (an element's attributes)
_ATTRIBUTES: Final = expression(
    r' (?:comment "[^"]{0,200}"|timeout [0-9a-z]{1,30}|expires [0-9a-z]{1,30}|counter packets \d{1,20} bytes \d{1,20}'
    r"|limit rate [^:,]{1,60})"
)
#: # handle 12   (nft -a)
_HANDLE: Final = expression(r" # handle \d+$")
_ELEMENT: Final = expression(r'(?:"[^"]*"|[^",])+')
_QUOTED: Final = expression(r'"(?:[^"\\]|\\.)*"')
_DAMAGED: Final = expression(r"[\x00-\x08\x0b-\x1f\x7f\ufffd]")
_LONGEST_LINE: Final = 1 << 20


def recognise(head: Head) -> float:
    lines = [line for line in head.lines[:200] if line.strip() and not line.startswith("#")]
    return 0.96 if lines and _TABLE.match(lines[0].strip()) else 0.0


class _Block:
    """A chain, set or map that is being read."""

    def __init__(self, kind: str, name: str, line: int) -> None:
        self.kind, self.name, self.line = kind, name, line
        self.rules: list[NftRule] = []
        self.hook: dict[str, str | None] = {}
        self.type = ""
        self.value: str | None = None
        self.flags: frozenset[str] = frozenset()
        self.elements: tuple[str, ...] | None = ()

    def chain(self, *, whole: bool) -> NftChain:
        hook = self.hook
        if not hook:
            return NftChain(tuple(self.rules), self.line, whole=whole)
        priority = _priority(hook["priority"] or "")
        return NftChain(
            tuple(self.rules), self.line, hook["type"], hook["hook"], priority, hook["policy"] or "accept",
            hook["device"], whole,
        )  # fmt: skip

    def set(self) -> NftSet:
        kind = "map" if self.kind == "map" else "set"
        return NftSet(kind, self.type, self.line, self.value, self.flags, self.elements)  # type: ignore[arg-type]  # one of two


class _Table:
    def __init__(self, family: NftFamily, name: str, document: Document, number: int, line: str) -> None:
        self.family, self.name = family, name
        self.at = document.at(number, excerpt=line)
        self.chains: dict[str, NftChain] = {}
        self.sets: dict[str, NftSet] = {}
        self.dormant = False

    def keep(self, block: _Block, *, whole: bool) -> None:
        if block.kind == "chain":
            self.chains[block.name] = block.chain(whole=whole)
        elif block.kind in ("set", "map"):
            if not whole:
                block.elements = None
            self.sets[block.name] = block.set()

    def closed(self, document: Document, ran: Invocation | None, *, complete: bool) -> NftTable:
        netns = ran.netns if ran else None
        return NftTable(
            self.family, self.name, self.chains, self.sets, complete, self.at, self.dormant, document.captured, netns
        )


def parse(document: Document) -> Iterator[Parsed]:
    ran = invocation(document.command)
    filtered = ran is not None and ran.filtered
    terse = ran is not None and any(each in ("-t", "--terse") for each in ran.arguments)
    table: _Table | None = None
    block: _Block | None = None
    count = 0
    for number, line in _logical_lines(document):
        if not line or (line.startswith("#") and not line.startswith("# xt_")):
            continue
        if _DAMAGED.search(line) or len(line) > _LONGEST_LINE:
            yield Unparsed(document.at(number, excerpt=line), "this line holds what nft does not print")
        elif found := _TABLE.match(line):
            if table is not None:
                yield from _cut(table, block, document, ran)
            table, block = _Table(_FAMILIES[found["family"]], found["name"], document, number, line), None
        elif table is None:
            yield Unparsed(document.at(number, excerpt=line), "this line stands in no table of `nft list ruleset`")
        elif block is not None and line == "}":
            if terse and block.kind in ("set", "map"):
                block.elements = None
            table.keep(block, whole=not filtered)
            block = None
        elif block is not None:
            unread = _within(block, number, line)
            if unread is not None:
                yield Unparsed(document.at(number, excerpt=line), unread)
        elif found := _BLOCK.match(line):
            block = _Block(found["kind"], found["name"], number)
        elif line == "}":
            count += 1
            yield table.closed(document, ran, complete=not filtered)
            table = None
        elif line.startswith("flags "):
            table.dormant = "dormant" in line
        elif not line.startswith("comment "):
            yield Unparsed(document.at(number, excerpt=line), "this line of a table of nft is not understood")
    if table is not None:
        yield from _cut(table, block, document, ran)
    elif ran is not None and ran.program == "nft" and "ruleset" in ran.arguments and not filtered and count:
        first = document.at(document.first_line, excerpt=document.line(document.first_line))
        yield NftListing(count, first, document.captured, ran.netns)


def _cut(table: _Table, block: _Block | None, document: Document, ran: Invocation | None) -> Iterator[Parsed]:
    if block is not None:
        table.keep(block, whole=False)
    yield table.closed(document, ran, complete=False)
    yield Unparsed(table.at, f"table {table.family} {table.name} has no closing brace: its end is missing")


def _logical_lines(document: Document) -> Iterator[tuple[int, str]]:
    """Lines without indentation; one that opens braces within (elements of a set) goes on until they are closed."""
    start, parts, depth = 0, list[str](), 0
    for number, raw in document.lines():
        line = raw.strip()
        if not parts and "{" not in line:
            yield number, line
            continue
        bare = _QUOTED.sub("", line) if '"' in line else line
        depth += bare.count("{") - bare.count("}")
        if not parts:
            start = number
            if (bare.endswith("{") and not bare.startswith("elements")) or _HANDLE.search(bare):
                depth = 0
        parts.append(line)
        if depth <= 0:
            yield start, parts[0] if len(parts) == 1 else " ".join(parts)
            parts, depth = [], 0
    if parts:
        yield start, " ".join(parts)


def _within(block: _Block, number: int, line: str) -> str | None:
    """Reads one line of a block; the reason where it is not understood."""
    if block.kind == "chain":
        found = _HOOK.match(line)
        if found is not None:
            block.hook = found.groupdict()
        elif not line.startswith("comment "):
            block.rules.append(NftRule(_HANDLE.sub("", line), number))
        return None
    if block.kind not in ("set", "map"):
        return None
    if found := _TYPE.match(line):
        block.type, block.value = found["key"], found["value"]
    elif line.startswith("flags "):
        block.flags = frozenset(line.removeprefix("flags ").replace(",", " ").split())
    elif line.startswith("elements = {"):
        if not line.endswith("}"):
            block.elements = None
            return "the elements of this set have no end: they are left out"
        block.elements = _elements(line.removeprefix("elements = {")[:-1])
    return None


def _elements(text: str) -> tuple[str, ...]:
    found = _ELEMENT.findall(text) if '"' in text else text.split(",")
    return tuple(stripped for each in found if (stripped := _ATTRIBUTES.sub("", each.strip())))


def _priority(text: str) -> int | None:
    found = _PRIORITY.match(text.strip())
    if found is None:
        return None
    if found["number"]:
        return int(found["number"])
    start = _NAMED.get(found["name"])
    if start is None:
        return None
    by = int(found["by"] or 0)
    return start - by if found["sign"] == "-" else start + by


FORMAT = Format("nft-ruleset", recognise, parse)
