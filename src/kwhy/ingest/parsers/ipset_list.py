"""`ipset list` and `ipset save`: sets of addresses, networks and ports.

Source: ipset 7.17 lib/session.c (list_create, list_add; output modes PLAIN and SAVE).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from kwhy.facts.netfilter import IpSet
from kwhy.ingest.invocation import invocation
from kwhy.model.document import Document, Locator, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

_TYPE: Final = r"(?:hash|bitmap|list):[a-z,]{1,40}"
#: create KUBE-CLUSTER-IP hash:ip,port family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x5c3d2b1a
_CREATE: Final = expression(rf"^create (?P<name>\S{{1,64}}) (?P<type>{_TYPE})(?P<options>(?: .*)?)$")
#: add KUBE-CLUSTER-IP 10.96.0.1,tcp:443
_ADD: Final = expression(r"^add (?P<name>\S{1,64}) (?P<entry>\S{1,200})(?P<options>(?: .*)?)$")
#: Name: KUBE-CLUSTER-IP
_NAME: Final = expression(r"^Name: (?P<name>\S{1,64})$")
#: Type: hash:ip,port   Header: family inet hashsize 1024 maxelem 65536   Size in memory: 512   References: 2
_FIELD: Final = expression(
    r"^(?P<key>Type|Revision|Header|Size in memory|References|Number of entries|Members):(?: (?P<value>.*))?$"
)
#: 10.96.0.1,tcp:443   10.0.0.0/8 nomatch   10.0.0.1 timeout 20 packets 0 bytes 0
_MEMBER: Final = expression(r"^(?P<entry>[^\s:]\S{0,200})(?P<options>(?: [a-z].*)?)$")
_LONGEST_LINE: Final = 2048


def recognise(head: Head) -> float:
    lines = [line.strip()[:_LONGEST_LINE] for line in head.whole_lines[:60]]
    if not lines:
        return 0.0
    if _CREATE.match(lines[0]):
        return 0.96
    if _NAME.match(lines[0]) and len(lines) > 1 and lines[1].startswith("Type: ") and _is_type(lines[1][6:]):
        return 0.96
    return 0.0


def _is_type(text: str) -> bool:
    return text.partition(":")[0] in ("hash", "bitmap", "list")


class _Open:
    def __init__(self, name: str, at: Locator) -> None:
        self.name, self.at = name, at
        self.type = ""
        self.options = ""
        self.count: int | None = None
        self.entries: list[str] = []
        self.nomatch: list[str] = []
        self.in_members = False

    def add(self, entry: str, options: str) -> None:
        (self.nomatch if "nomatch" in options.split() else self.entries).append(entry)

    def closed(self, document: Document, *, complete: bool) -> IpSet:
        words = self.options.split()
        family: Literal[4, 6] | None = None
        if "family" in words and words.index("family") + 1 < len(words):
            family = 6 if words[words.index("family") + 1] == "inet6" else 4
        counted = self.count is None or self.count == len(self.entries) + len(self.nomatch)
        ran = invocation(document.command)
        return IpSet(
            self.name, self.type, family, tuple(self.entries), complete and counted, self.at, tuple(self.nomatch),
            self.options.strip(), document.captured, ran.netns if ran else None,
        )  # fmt: skip


def parse(document: Document) -> Iterator[Parsed]:
    ran = invocation(document.command)
    whole = ran is None or not ran.filtered
    ends_with_line = bool(len(document.data)) and bytes(document.data[-1:]) == b"\n"
    saved: dict[str, _Open] = {}
    listed: _Open | None = None
    for number, raw in document.lines():
        line = raw[:_LONGEST_LINE].strip()
        if not line:
            continue
        at = document.at(number, excerpt=line)
        if found := _CREATE.match(line):
            saved[found["name"]] = made = _Open(found["name"], at)
            made.type, made.options = found["type"], found["options"]
        elif (found := _ADD.match(line)) and found["name"] in saved:
            saved[found["name"]].add(found["entry"], found["options"])
        elif found := _NAME.match(line):
            if listed is not None:
                yield listed.closed(document, complete=whole and listed.in_members)
            listed = _Open(found["name"], at)
        elif listed is not None and not listed.in_members and (found := _FIELD.match(line)):
            _field(listed, found["key"], found["value"] or "")
        elif listed is not None and listed.in_members and (found := _MEMBER.match(line)):
            listed.add(found["entry"], found["options"])
        else:
            yield Unparsed(at, "this line is not part of a set as `ipset list` or `ipset save` prints it")
    names = list(saved)
    for name, made in saved.items():
        # The members of a set follow it: only the last set of a document that is cut can lack some.
        yield made.closed(document, complete=whole and (ends_with_line or name != names[-1]))
    if listed is not None:
        yield listed.closed(document, complete=whole and listed.in_members and ends_with_line)


def _field(made: _Open, key: str, value: str) -> None:
    if key == "Type":
        made.type = value
    elif key == "Header":
        made.options = value
    elif key == "Number of entries":
        made.count = int(value) if value.isdigit() else None
    elif key == "Members":
        made.in_members = True


FORMAT = Format("ipset-list", recognise, parse)
