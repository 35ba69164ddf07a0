"""The lines that `top -b` prints above its rows: load, processor time, memory.

Sources: procps-ng 4.0 src/top/top.c (and 3.x), busybox 1.35 procps/top.c.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kwhy.facts.usage import CpuTime, LoadAverage, MemoryUse
from kwhy.ingest.host.amounts import bytes_of
from kwhy.model.document import Document
from kwhy.model.expressions import expression

# top - 03:53:35 up  4:39,  0 user,  load average: 48.49, 17.89, 10.07
# Load average: 5.06 4.75 3.52 3/408 29788 (busybox)
_LOAD: Final = expression(r"[lL]oad average: (\d{1,6}[.,]\d{2}),? (\d{1,6}[.,]\d{2}),? (\d{1,6}[.,]\d{2})")
# %Cpu(s): 66.7 us, 33.3 sy,  0.0 ni,  0.0 id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st (3.2: "Cpu(s): 12.0%us, 3.0%sy")
# CPU:  95% usr   4% sys   0% nic   0% idle   0% io   0% irq   0% sirq
_SHARE: Final = expression(r"(?P<percent>\d{1,3}(?:[.,]\d)?)[% ]{1,2}(?P<what>[a-z]{2,4})\b")
# MiB Mem :  24105.6 total,   7004.6 free,   2323.6 used,  15200.1 buff/cache
_MEMORY: Final = expression(
    r"(?P<unit>[KMGT])iB Mem ?:\s*(?P<total>[\d.,]{1,16}) total,\s*(?P<free>[\d.,]{1,16}) free,"
    r"\s*[\d.,]{1,16} used,\s*(?P<cache>[\d.,]{1,16}) buff/cache"
)


def summary_facts(document: Document, number: int, line: str) -> Iterator[LoadAverage | CpuTime | MemoryUse]:
    """What one line above the rows says; nothing where it says something else."""
    text = line.strip()
    at = document.at(number, excerpt=text)
    if load := _LOAD.search(text):
        one, five, fifteen = (float(figure.replace(",", ".")) for figure in load.groups())
        yield LoadAverage(one, five, fifteen, at, document.captured)
    elif memory := _MEMORY.search(text):
        total, free, cache = (bytes_of(memory[key] + memory["unit"]) for key in ("total", "free", "cache"))
        if total is not None and free is not None:
            yield MemoryUse(total, free, cache, None, at, document.captured)
    elif text.startswith(("%Cpu(s)", "Cpu(s)", "CPU:")):
        shares = {match["what"]: float(match["percent"].replace(",", ".")) for match in _SHARE.finditer(text)}
        idle = shares.get("id", shares.get("idle"))
        if idle is not None:
            yield CpuTime(
                user=shares.get("us", shares.get("usr", 0.0)) + shares.get("ni", shares.get("nic", 0.0)),
                system=shares.get("sy", shares.get("sys", 0.0)),
                idle=idle,
                iowait=shares.get("wa", shares.get("io", 0.0)),
                steal=shares.get("st", 0.0),
                at=at,
                observed=document.captured,
            )
