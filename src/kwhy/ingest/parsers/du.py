"""`du` in any unit: what lies below which path.

Sources: coreutils 9.1 src/du.c (sizes of 1024 bytes unless an option says otherwise), busybox 1.35 coreutils/du.c.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kwhy.facts.disk import DirectorySize
from kwhy.ingest.host.amounts import bytes_of
from kwhy.ingest.invocation import runs
from kwhy.ingest.net.output import content_lines, head_lines, not_understood, share
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

# 10G<tab>/var/lib/kubelet/pods/7264dc21-…/volumes/kubernetes.io~empty-dir/cache; pasted tabs become blanks
_ROW: Final = expression(r"^(?P<size>\d{1,18}(?:[.,]\d)?[KMGTPE]?)\s+(?P<path>(?:/|\./|\.$).{0,1000}|total)$")
#: du: cannot read directory '/root': Permission denied
_COMPLAINT: Final = "du: "


def recognise(head: Head) -> float:
    lines = head_lines(head)
    fits = share(lines, (bool(_ROW.match(line.strip())) or line.startswith(_COMPLAINT) for line in lines))
    if runs(head.command, "du"):
        return 0.97 if fits > 0.5 else 0.0
    if fits <= 0.9:
        return 0.0
    with_unit = any(_ROW.match(line) and line[0].isdigit() and not line.split()[0].isdigit() for line in lines)
    return (0.9 if with_unit else 0.6) * fits


def parse(document: Document) -> Iterator[Parsed]:
    ran = runs(document.command, "du")
    options = ran.arguments if ran is not None else ()
    unit = 1024
    for option in options:
        letters = option.lstrip("-") if option.startswith("-") and not option.startswith("--") else ""
        unit = 1 if "b" in letters or option == "--bytes" else 1024**2 if "m" in letters else unit
    for number, line in content_lines(document):
        text = line.strip()
        match = _ROW.match(text)
        size = bytes_of(match["size"], unit) if match else None
        if match and size is not None:
            yield DirectorySize(
                match["path"].rstrip("/") or "/", size, document.at(number, excerpt=text), document.captured
            )
        elif not text.startswith(_COMPLAINT):
            yield not_understood(document, number, text, "a row of du: a size and a path")


FORMAT: Final = Format("du", recognise, parse)
