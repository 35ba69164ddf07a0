"""A Corefile as a file, or printed by `cat`, `kubectl exec` or `kubectl get -o jsonpath`.

Source: coredns/caddy v1.1.2 caddyfile; the grammar stands in kwhy.facts.corefile.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kwhy.facts.corefile import DIRECTIVES, LONGEST, parse_corefile
from kwhy.facts.dns import CorefileText
from kwhy.ingest.invocation import invocation
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: ".:53 {" · "example.org:1053 {" · "cluster.local in-addr.arpa {" · "(snippet) {"
_BLOCK: Final = expression(
    r"^(?:\([\w-]{1,60}\)|(?:[a-z0-9]{1,6}://)?[\w.*{$}/-]{1,253}(?::\d{1,5})?(?:[ ,]{1,4}[\w./:-]{1,253})*) \{\s*$"
)
#: How many of its lines a Corefile's directives make up at least.
_LEAST_KNOWN: Final = 3


def recognise(head: Head) -> float:
    ran = invocation(head.command)
    if ran is not None and any(word.rpartition("/")[2] == "Corefile" for word in ran.operands):
        return 0.95
    lines = [line for line in head.whole_lines[:200] if not line.lstrip().startswith("#")]
    if not lines or len(lines) > LONGEST or _BLOCK.match(lines[0]) is None:
        return 0.0
    known = sum(1 for line in lines if line[:1] in " \t" and line.split(None, 1)[0] in DIRECTIVES)
    closed = any(line.startswith("}") for line in lines)
    return 0.9 if known >= _LEAST_KNOWN and closed else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    corefile = parse_corefile(document.text)
    yield CorefileText(document.at(document.first_line, excerpt=document.line(document.first_line)), corefile)
    if corefile.refused is not None:
        line = document.first_line + corefile.refused.line - 1
        at = document.at(line, excerpt=document.line(line).strip())
        yield Unparsed(at, f"CoreDNS refuses this Corefile: {corefile.refused.what}")


FORMAT: Final = Format("corefile", recognise, parse)
