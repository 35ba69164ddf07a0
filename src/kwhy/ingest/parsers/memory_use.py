"""`free` in any unit (procps, busybox) and /proc/meminfo.

Sources: procps-ng 4.0 src/free.c (before 3.3.10 with a row "-/+ buffers/cache"), busybox 1.35 procps/free.c,
Linux v6.6 fs/proc/meminfo.c ("kB" are KiB).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kwhy.facts.usage import MemoryUse
from kwhy.ingest.host.amounts import bytes_of
from kwhy.ingest.invocation import runs
from kwhy.ingest.net.output import content_lines, head_lines, not_understood
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

# MemAvailable:   23196328 kB; HugePages_Total:       0
_MEMINFO: Final = expression(r"^(?P<name>[A-Z][\w()]{2,30}):\s+(?P<value>\d{1,18})(?: kB)?$")
#: Options of free(1) that set the unit (procps-ng 4.0).
_UNITS: Final = {"-b": 1, "--bytes": 1, "-k": 1024, "--kibi": 1024, "-m": 1024**2, "--mebi": 1024**2,
                 "-g": 1024**3, "--gibi": 1024**3}  # fmt: skip
#: Rows of free that say nothing of what kwhy asks.
_OTHER_ROWS: Final = ("Swap:", "-/+ buffers", "Total:", "Low:", "High:", "Comm:")


def recognise(head: Head) -> float:
    lines = head_lines(head)
    if lines and lines[0].split()[:3] == ["total", "used", "free"] and any(x.startswith("Mem:") for x in lines[1:3]):
        return 0.96
    known = sum(bool(_MEMINFO.match(line)) for line in lines)
    return 0.95 if known and any(line.startswith("MemTotal:") for line in lines) and known >= len(lines) - 1 else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    columns: list[str] = []
    shown: dict[str, int] = {}
    place = document.at(document.first_line)
    for number, line in content_lines(document):
        words = line.split()
        if words[:2] == ["total", "used"]:
            columns = words
        elif columns and words[0] == "Mem:":
            yield from _row(document, number, line, columns)
        elif columns and line.startswith(_OTHER_ROWS):
            continue
        elif match := _MEMINFO.match(line.strip()):
            shown[match["name"]] = int(match["value"]) * 1024
            if match["name"] == "MemAvailable":
                place = document.at(number, excerpt=line.strip())
        else:
            yield not_understood(document, number, line, "a row of free or of /proc/meminfo")
    if "MemTotal" in shown and "MemFree" in shown:
        cache = shown["Cached"] + shown.get("Buffers", 0) if "Cached" in shown else None
        yield MemoryUse(shown["MemTotal"], shown["MemFree"], cache, shown.get("MemAvailable"), place, document.captured)


def _row(document: Document, number: int, line: str, columns: list[str]) -> Iterator[Parsed]:
    ran = runs(document.command, "free")
    unit = next((_UNITS[word] for word in ran.arguments if word in _UNITS), 1024) if ran is not None else 1024
    amounts = dict(zip(columns, (bytes_of(word, unit) for word in line.split()[1:]), strict=False))
    total, free = amounts.get("total"), amounts.get("free")
    if total is None or free is None:
        yield not_understood(document, number, line, "a row of free: amounts expected")
        return
    at = document.at(number, excerpt=line.strip())
    yield MemoryUse(total, free, amounts.get("buff/cache"), amounts.get("available"), at, document.captured)


FORMAT: Final = Format("memory-use", recognise, parse)
