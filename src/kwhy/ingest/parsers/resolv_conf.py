"""resolv.conf, of a node or of a pod (`kubectl exec POD -- cat /etc/resolv.conf`).

Source: resolv.conf(5) of glibc; the kubelet writes "search", "nameserver" and "options" in this order (Kubernetes v1.34
pkg/kubelet/network/dns/dns.go); of several search or domain lines the last one counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kwhy.facts.dns import ResolvConf
from kwhy.ingest.invocation import invocation
from kwhy.ingest.net.addresses import address
from kwhy.ingest.net.output import LONGEST_LINE, content_lines, head_lines, not_understood, share
from kwhy.model.document import Document, Locator, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

_LINE: Final = expression(
    r"^\s{0,8}(?:(?P<word>nameserver|search|domain|options|sortlist)(?:\s+(?P<rest>.{0,4000}))?|[#;].*)$"
)
_FILE: Final = expression(r"resolv\.conf\b")


def recognise(head: Head) -> float:
    ran = invocation(head.command)
    if ran is not None:
        shows = ran.program in ("cat", "head", "tail", "less", "more")
        return 0.95 if shows and any(_FILE.search(operand) for operand in ran.operands) else 0.0
    lines = head_lines(head)
    if not any((match := _LINE.match(line)) and match["word"] in ("nameserver", "search") for line in lines):
        return 0.0
    return 0.94 * share(lines, (bool(_LINE.match(line[:LONGEST_LINE])) for line in lines))


def parse(document: Document) -> Iterator[Parsed]:
    ran = invocation(document.command)
    servers: list[str] = []
    searches: tuple[str, ...] = ()
    options: list[tuple[str, str | None]] = []
    first: Locator | None = None
    for number, raw in content_lines(document):
        match = _LINE.match(raw[:LONGEST_LINE].rstrip())
        if match is None:
            yield not_understood(document, number, raw, "a line of resolv.conf")
            continue
        words = (match["rest"] or "").split()
        first = first or (document.at(number, excerpt=raw.strip()) if match["word"] else None)
        if match["word"] == "nameserver":
            known = address(words[0].partition("%")[0]) if words else None
            if known is None:
                yield Unparsed(document.at(number, excerpt=raw), "the address of a name server was expected")
                continue
            servers.append(known[0])
            first = document.at(number, excerpt=raw.strip()) if len(servers) == 1 else first
        elif match["word"] in ("search", "domain"):
            searches = tuple(word.rstrip(".") or "." for word in words)
        elif match["word"] == "options":
            options += [(name, value if colon else None) for name, colon, value in (w.partition(":") for w in words)]
    if first is None:
        yield Unparsed(document.at(document.first_line), "nameserver or search was expected in a resolv.conf")
        return
    named = next((word for word in ran.operands if _FILE.search(word)), None) if ran is not None else None
    yield ResolvConf(
        at=first,
        nameservers=tuple(servers),
        searches=searches,
        options=tuple(options),
        path=named,
        netns=ran.netns if ran is not None else None,
    )


FORMAT: Final = Format("resolv.conf", recognise, parse)
