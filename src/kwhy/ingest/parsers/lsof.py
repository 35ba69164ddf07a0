"""`lsof +L1` and other lists of open files: the deleted ones, which keep their disk space until they are closed.

Source: lsof 4.95 (00DIALECTS Linux; lsof(8), option +L1 adds column NLINK).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kwhy.facts.disk import DeletedFile
from kwhy.ingest.net.output import content_lines, head_lines
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

# mariadbd  25814 root    7u   REG  254,0        0     0 9979903 /tmp/#9979903 (deleted)
_ROW: Final = expression(
    r"^(?P<program>\S{1,40})\s+(?P<pid>\d{1,10})\s(?:.{0,80}?\s)?(?P<user>\S{1,40})\s+(?P<fd>\S{1,10})\s+(?P<type>REG)"
    r"\s+(?P<device>\S{1,20})\s+(?P<size>\d{1,18})(?:\s+\d{1,10})?\s+(?P<node>\d{1,20})\s+(?P<path>/.{0,1000})$"
)
_FIRST: Final = ("COMMAND", "PID")
_DELETED: Final = " (deleted)"


def recognise(head: Head) -> float:
    lines = [line.split() for line in head_lines(head)[:12]]
    return (
        0.96 if any(tuple(words[:2]) == _FIRST and "FD" in words and words[-1:] == ["NAME"] for words in lines) else 0.0
    )


def parse(document: Document) -> Iterator[Parsed]:
    links = False
    seen: set[tuple[str, str]] = set()
    rows = 0
    for number, line in content_lines(document):
        words = line.split()
        if tuple(words[:2]) == _FIRST:
            links = "NLINK" in words
            continue
        rows += 1
        match = _ROW.match(line.strip())
        if match is None:
            continue  # sockets, pipes, devices, directories: no file that holds space
        path = match["path"]
        if not path.endswith(_DELETED) and not (links and " 0 " in line[: match.start("node")]):
            continue
        key = (match["device"], match["node"])
        if key in seen or match["fd"] in ("txt", "mem", "DEL"):
            continue
        seen.add(key)
        yield DeletedFile(
            program=match["program"],
            pid=int(match["pid"]),
            path=path.removesuffix(_DELETED),
            size=int(match["size"]),
            at=document.at(number, excerpt=line.strip()),
            device=match["device"],
            observed=document.captured,
        )
    if not rows:
        yield Unparsed(document.at(document.first_line), "a list of open files was expected; it has no row")


FORMAT: Final = Format("lsof", recognise, parse)
