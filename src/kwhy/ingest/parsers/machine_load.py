"""How busy a machine is: `uptime`, /proc/loadavg, /proc/pressure/* and *.pressure of control groups, `nproc`.

Sources: procps-ng 4.0 library/uptime.c, busybox 1.35 procps/uptime.c ("load average: 5.06, 4.75, 3.52"); Linux v6.6
fs/proc/loadavg.c, kernel/sched/psi.c (psi_show); coreutils 9.1 nproc.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from kwhy.facts.usage import CpuCount, LoadAverage, Pressure
from kwhy.ingest.invocation import invocation
from kwhy.ingest.net.output import content_lines, head_lines, not_understood, share
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

_FIGURE: Final = r"(\d{1,6}[.,]\d{2})"
#: " 03:53:35 up  4:39,  0 user,  load average: 48.49, 17.89, 10.07" (procps, busybox; BSD: "load averages: 1.9 1.8")
UPTIME: Final = expression(rf"\bload averages?: {_FIGURE},? {_FIGURE},? {_FIGURE}$")
#: 48.49 17.89 10.07 89/677 18772
_LOADAVG: Final = expression(rf"^{_FIGURE} {_FIGURE} {_FIGURE} \d{{1,7}}/\d{{1,9}} \d{{1,10}}$")
#: some avg10=63.56 avg60=50.42 avg300=37.87 total=9665920431, with the file in front where grep or head named it
_PRESSURE: Final = expression(
    r"^(?:(?P<file>/\S{1,400}):)?(?P<kind>some|full) avg10=(?P<ten>\d{1,3}\.\d{2}) avg60=(?P<sixty>\d{1,3}\.\d{2})"
    r" avg300=(?P<more>\d{1,3}\.\d{2}) total=\d{1,20}$"
)
#: ==> /proc/pressure/cpu <==
_HEADING: Final = expression(r"^==> (?P<file>/\S{1,400}) <==$")
#: /proc/pressure/io, /sys/fs/cgroup/kubepods/memory.pressure
_RESOURCE: Final = expression(r"/proc/pressure/(?P<machine>cpu|memory|io)\b|\b(?P<group>cpu|memory|io)\.pressure\b")
_PROCESSORS: Final = expression(r"^\d{1,5}$")


def recognise(head: Head) -> float:
    lines = head_lines(head)
    if not lines:
        return 0.0
    if len(lines) == 1 and _PROCESSORS.match(lines[0].strip()):
        ran = invocation(head.command)
        return 0.97 if ran is not None and ran.program == "nproc" else 0.0
    return 0.95 * share(lines, (_fits(line.strip()) for line in lines))


def _fits(line: str) -> bool:
    if line.startswith(("some ", "full ", "==> ", "/")):
        return bool(_PRESSURE.match(line) or (_HEADING.match(line) and _RESOURCE.search(line)))
    return bool(_LOADAVG.match(line) or (" up " in f" {line}" and UPTIME.search(line)))


def parse(document: Document) -> Iterator[Parsed]:
    file = document.command or ""
    some: tuple[str, tuple[float, float, float], int, str] | None = None
    for number, line in content_lines(document):
        text = line.strip()
        if heading := _HEADING.match(text):
            yield from _pressure(document, some, None)
            some, file = None, heading["file"]
        elif pressed := _PRESSURE.match(text):
            figures = (float(pressed["ten"]), float(pressed["sixty"]), float(pressed["more"]))
            named = pressed["file"] or file
            if pressed["kind"] == "full" and some is not None and some[0] == named:
                yield from _pressure(document, some, figures)
                some = None
            else:
                yield from _pressure(document, some, None)
                some = (named, figures, number, text) if pressed["kind"] == "some" else None
        elif load := _LOADAVG.match(text) or UPTIME.search(text):
            yield load_average(document, number, text, load.groups())
        elif _PROCESSORS.match(text):
            ran = invocation(document.command)
            contained = ran is not None and ran.contained
            yield CpuCount(int(text), document.at(number, excerpt=text), contained)
        else:
            yield not_understood(document, number, text, 'a load ("load average: 0.10, 0.20, 0.30") or a pressure')
    yield from _pressure(document, some, None)


def load_average(document: Document, number: int, line: str, figures: tuple[str | None, ...]) -> LoadAverage:
    """The three figures of a line."""
    one, five, fifteen = (float((figure or "0").replace(",", ".")) for figure in figures[:3])
    return LoadAverage(one, five, fifteen, document.at(number, excerpt=line.strip()), document.captured)


def _pressure(
    document: Document,
    some: tuple[str, tuple[float, float, float], int, str] | None,
    full: tuple[float, float, float] | None,
) -> Iterator[Pressure]:
    if some is None:
        return
    file, figures, number, text = some
    at = document.at(number, excerpt=text)
    yield Pressure(_resource(file), figures, full, at, document.captured)


def _resource(file: str) -> Literal["cpu", "memory", "io", ""]:
    names = {match["machine"] or match["group"] for match in _RESOURCE.finditer(file)}
    if len(names) != 1:
        return ""
    name = names.pop()
    return "cpu" if name == "cpu" else "memory" if name == "memory" else "io"


FORMAT: Final = Format("machine-load", recognise, parse)
