"""`ip netns list`: the named network namespaces, with the numbers by which devices name them.

Source: iproute2 6.1 ip/ipnetns.c netns_list() ("NAME (id: 0)").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kwhy.facts.devices import NamedNamespace
from kwhy.ingest.invocation import runs
from kwhy.ingest.net.output import LONGEST_LINE, content_lines, head_lines, not_understood, share
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: cni-6b1f7a3e-0001-4d5c-a1b2-93ddc1a1fd3e (id: 3)   ·   blue   (no number where no device leads there)
_NAMED: Final = expression(r"^(?P<name>[\w.:-]{1,255})(?: \(id: (?P<id>\d{1,10})\))?\s*$")


def recognise(head: Head) -> float:
    ran = runs(head.command, "ip")
    if ran is not None and ran.operands[:1] == ("netns",):
        return 0.97 if ran.operands[1:2] in ((), ("list",), ("ls",), ("show",)) else 0.0
    lines = head_lines(head)
    return 0.9 * share(lines, ("(id: " in line and _NAMED.match(line) is not None for line in lines))


def parse(document: Document) -> Iterator[Parsed]:
    ran = runs(document.command, "ip")
    for number, line in content_lines(document):
        match = _NAMED.match(line[:LONGEST_LINE])
        if match is None:
            yield not_understood(document, number, line, 'a network namespace ("NAME (id: 0)")')
            continue
        yield NamedNamespace(
            at=document.at(number, excerpt=line.strip()),
            name=match["name"],
            id=int(match["id"]) if match["id"] else None,
            netns=ran.netns if ran else None,
        )


FORMAT = Format("ip-netns", recognise, parse)
