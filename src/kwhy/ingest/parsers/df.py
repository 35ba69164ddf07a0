"""`df` of bytes or inodes: procps-like columns of coreutils 8 and 9, busybox; also with -T.

Sources: coreutils 9.1 src/df.c, busybox 1.35 coreutils/df.c (a long device name stands on a line of its own).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from kwhy.facts.disk import FileSystem
from kwhy.ingest.host.amounts import bytes_of
from kwhy.ingest.net.output import content_lines, head_lines, not_understood
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

# Filesystem      Size  Used Avail Use% Mounted on; Filesystem  Type  1K-blocks …; Filesystem  Inodes IUsed IFree IUse%
_HEADING: Final = expression(
    r"^(?:Filesystem|文件系统)\s+(?P<type>(?:Type|类型)\s+)?(?P<unit>Size|容量|Inodes|1K-blocks|1K-块"
    r"|1024-blocks|1M-blocks|1B-blocks|512-blocks)\s"
)
# /dev/vda        252G   27G   65G  29% /var/lib/kubelet; the last word may hold blanks
_ROW: Final = expression(
    r"^(?P<device>\S{1,400})\s+(?P<size>[\d.,]{1,20}[KMGTPE]?|-)\s+(?P<used>[\d.,]{1,20}[KMGTPE]?|-)"
    r"\s+(?P<available>-?[\d.,]{1,20}[KMGTPE]?|-)\s+(?:\d{1,3}%|-)\s+(?P<mounted>/.{0,400})$"
)
_UNITS: Final = {"1K-blocks": 1024, "1K-块": 1024, "1024-blocks": 1024, "1M-blocks": 1024**2, "1B-blocks": 1,
                 "512-blocks": 512}  # fmt: skip


def recognise(head: Head) -> float:
    lines = head_lines(head)
    heading = next((number for number, line in enumerate(lines[:6]) if _HEADING.match(line)), None)
    if heading is None:
        return 0.0
    return 0.96 if heading == 0 or lines[0].startswith("df: ") else 0.8


def parse(document: Document) -> Iterator[Parsed]:
    unit, of, typed = 1024, "bytes", False
    alone = ""
    for number, line in content_lines(document):
        text = line.strip()
        if heading := _HEADING.match(text):
            of, typed = ("inodes" if heading["unit"] == "Inodes" else "bytes"), bool(heading["type"])
            unit = 1 if of == "inodes" else _UNITS.get(heading["unit"], 1)
            continue
        words = text.split()
        if len(words) == 1 and not alone:
            alone = text
            continue
        cut = f"{alone} {text}".strip()
        parts = cut.split(maxsplit=2)
        cut = f"{parts[0]} {parts[2]}" if typed and len(parts) == 3 else cut
        alone = ""
        row = _row(document, number, text, cut, "inodes" if of == "inodes" else "bytes", unit)
        yield row or not_understood(document, number, line, "a row of df")


def _row(
    document: Document, number: int, text: str, row: str, of: Literal["bytes", "inodes"], unit: int
) -> FileSystem | None:
    match = _ROW.match(row)
    if match is None:
        return None
    # The root's reserve may be used up: then "Avail" is 0 or, in old busybox, negative.
    amounts = [bytes_of(match[name].lstrip("-") or "0", unit) for name in ("size", "used", "available")]
    size, used, available = amounts
    if size is None or used is None or available is None:
        return None
    return FileSystem(
        device=match["device"],
        mounted=match["mounted"].strip(),
        of=of,
        size=size,
        used=used,
        available=0 if match["available"].startswith("-") else available,
        at=document.at(number, excerpt=text),
        observed=document.captured,
    )


FORMAT: Final = Format("df", recognise, parse)
