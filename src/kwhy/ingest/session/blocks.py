"""Outputs of several commands glued together without any prompt, cut where something unmistakable begins."""

from __future__ import annotations

import re
from typing import Final

from kwhy.model.document import Document
from kwhy.model.expressions import expression

#: Lines that begin an output and cannot be part of another one's middle, by the kind of output.
_HEADERS: Final[tuple[tuple[str, re.Pattern[bytes]], ...]] = tuple(
    (name, expression(pattern))
    for name, pattern in (
        # NAMESPACE   NAME   READY   STATUS …        kubectl get
        ("table", rb"(?:NAMESPACE|NAME|LAST SEEN|LASTSEEN)(?: {2,}| ?\t)[A-Z][A-Z-]+"),
        # goroutine 67570 [syscall, 1595 minutes, locked to thread]:      Go runtime
        ("goroutines", rb"goroutine \d+ (?:gp=0x[0-9a-f]+ m=\S+ (?:mp=0x[0-9a-f]+ )?)?\["),
        # Name:                 coredns-cd7ddf6c9-gk5dp                  kubectl describe
        ("describe", rb"Name: {3,}[a-z0-9]"),
        # UID PID PPID …   F S UID PID …   USER PID %CPU …   PID PPID …    ps(1)
        ("ps", rb" *(?:F S +)?(?:UID|USER|PID|LWP|PPID|STAT?)(?: +[A-Z%][A-Z%:]*){2,}(?: |$)"),
        # apiVersion: v1                                                  kubectl get -o yaml
        ("yaml", rb"apiVersion: \S"),
        ("json", rb"\{(?:$|\"(?:apiVersion|kind)\")"),
        # PID: 19246  TASK: ffff880951f70fd0  CPU: 16  COMMAND: "terwayd"  crash(8) bt
        ("crash", rb"PID: \d+ +TASK: [0-9a-f]+ "),
        # default via 10.0.0.1 dev eth0        ip route
        ("routes", rb"default via \S+ dev \S+"),
        # 1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536                         ip addr, ip link
        ("links", rb"1: lo: <"),
        # 0:	from all lookup local                                       ip rule
        ("rules", rb"0:\s+from all lookup "),
        # *nat   *filter                                                  iptables-save
        ("iptables", rb"\*(?:nat|filter|mangle|raw)$"),
    )
)


#: What the expressions above begin with.
_FIRST_BYTES: Final = frozenset(bytes([byte]) for byte in b"NLgFUPSa{d10* ")


def header_kind(line: bytes) -> str | None:
    """The kind of output that ``line`` begins; None for every other line."""
    if line[:1] not in _FIRST_BYTES:
        return None
    for name, pattern in _HEADERS:
        if pattern.match(line):
            return name
    return None


_BLANK_LINES: Final = expression(rb"\n(?:[ \t\r\x0b\x0c]*\n)+")
_BLANK_BEGINNING: Final = expression(rb"(?:[ \t\r\x0b\x0c]*\n)*")


def begins_several(head: bytes) -> bool:
    """Whether outputs of several kinds, or one behind something else, begin at the first line or behind blank lines."""
    found: set[str | None] = set()
    blank = _BLANK_BEGINNING.match(head)
    for paragraph in _BLANK_LINES.split(head[blank.end() :] if blank is not None else head):
        line = paragraph.partition(b"\n")[0]
        if line.strip():
            kind = header_kind(line)
            if kind is not None or not found:
                found.add(kind)
    return len(found) >= 2


def blocks_of(document: Document) -> list[Document]:
    """The document cut at unmistakable beginnings of a new kind of output, and at all of them after a blank line.

    One piece only means that there is nothing to cut.
    """
    data = bytes(document.data)
    starts: list[tuple[int, int]] = [(0, document.first_line)]
    current: str | None = None
    begin, after_blank = 0, True
    for number, line in enumerate(data.split(b"\n"), document.first_line):
        kind = header_kind(line)
        # Goroutines of one dump, tables of one `get all` and objects of one describe stay together.
        if kind is not None and kind != current and (after_blank or kind in ("goroutines", "crash") or current is None):
            if begin > starts[-1][0]:
                starts.append((begin, number))
            current = kind
        after_blank = not line.strip()
        begin += len(line) + 1
    if len(starts) == 1:
        return []
    ends = [start for start, _ in starts[1:]] + [len(data)]
    return [
        Document(
            document.source,
            data[start:end],
            first_line=line,
            command=document.command,
            host=document.host,
            captured=document.captured,
            parent=document,
        )
        for (start, line), end in zip(starts, ends, strict=True)
        if data[start:end].strip()
    ]
