"""Counters of connection tracking: `conntrack -S`, `cat /proc/net/stat/nf_conntrack`, `conntrack -C`.

Source: conntrack-tools 1.4.7 src/conntrack.c (mnl_nfct_stats_cb: name=value per processor); Linux 6.18
net/netfilter/nf_conntrack_standalone.c ct_cpu_seq_show() (hexadecimal columns).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kwhy.facts.conntrack import ConntrackCounters
from kwhy.facts.network import Sysctl
from kwhy.ingest.invocation import invocation
from kwhy.ingest.net.output import LONGEST_LINE, content_lines, head_lines, not_understood, share
from kwhy.model.document import Document, Locator
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: cpu=0   	found=0 invalid=3 insert=0 insert_failed=0 drop=0 early_drop=0 error=0 search_restart=0   (1.4.7)
_LINE: Final = expression(r"^cpu=\d{1,5}\s+(?P<values>(?:[a-z_]{2,30}=\d{1,20}\s*){3,40})$")
#: entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop …
_HEADER: Final = expression(r"^entries\s+(?:searched|clashres)\s+found\s+new\s+invalid\b")
_HEX: Final = expression(r"^[0-9a-f]{8,16}(?:\s+[0-9a-f]{8,16}){9,29}\s*$")
_COUNT: Final = expression(r"^\d{1,9}$")
#: Names of the file that conntrack(8) prints otherwise.
_NAMES: Final = {"clashres": "clash_resolve", "icmp_error": "error"}


def recognise(head: Head) -> float:
    lines = head_lines(head)
    ran = invocation(head.command)
    if ran is not None and ran.program == "conntrack" and ran.arguments in (("-C",), ("--count",)):
        return 0.97 if len(lines) == 1 and _COUNT.match(lines[0].strip()) else 0.0
    if not lines:
        return 0.0
    return 0.95 * share(lines, (_fits(line[:LONGEST_LINE]) for line in lines))


def _fits(line: str) -> bool:
    return bool(_LINE.match(line) or _HEADER.match(line) or _HEX.match(line.strip()))


def parse(document: Document) -> Iterator[Parsed]:
    ran = invocation(document.command)
    netns = ran.netns if ran else None
    totals: dict[str, int] = {}
    places: dict[str, Locator] = {}
    columns: list[str] = []
    first: Locator | None = None
    for number, raw in content_lines(document):
        line = raw[:LONGEST_LINE].strip()
        at = document.at(number, excerpt=line)
        if match := _LINE.match(line):
            values = dict(word.split("=") for word in match["values"].split())
            pairs = [(name, int(value)) for name, value in values.items()]
        elif _HEADER.match(line):
            columns = line.split()
            continue
        elif columns and _HEX.match(line):
            found = [int(word, 16) for word in line.split()]
            pairs = [(_NAMES.get(c, c), v) for c, v in zip(columns, found, strict=False) if c != "entries"]
        elif _COUNT.match(line) and ran is not None and ran.program == "conntrack":
            yield Sysctl(at=at, key="net.netfilter.nf_conntrack_count", value=line, netns=netns)
            continue
        else:
            yield not_understood(document, number, raw, "counters of connection tracking (cpu=0 found=0 …)")
            continue
        first = first or at
        for name, value in pairs:
            totals[name] = totals.get(name, 0) + value
            if value:
                places.setdefault(name, at)
    if first is not None:
        yield ConntrackCounters(at=first, values=totals, at_counter=places, netns=netns)


FORMAT = Format("conntrack-stats", recognise, parse)
