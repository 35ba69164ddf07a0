"""What `fio` prints for people (`--output-format=normal`, the default); "normal,json" prints both, one after the other.

Seen: fio 3.33; quoted from public issues: fio 2.2 (blanks after "read :", no "fsync/fdatasync" section, "KB/s"), 3.1,
3.14. Source: fio stat.c show_thread_status_normal, show_ddir_status, display_lat, show_clat_percentiles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from kwhy.facts.fio import FioJob, Latency
from kwhy.ingest.fio import options_in, size_of
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed
from kwhy.model.time import Seconds

# fio-3.33; fio-3.35-139-gc5d8; fio-2.2.10
_VERSION = expression(r"fio-(?P<version>\d{1,3}\.\d{1,4}\S{0,40})")
# mytest: (g=0): rw=write, bs=(R) 2300B-2300B, (W) 2300B-2300B, (T) 2300B-2300B, ioengine=sync, iodepth=1
# job: (g=0): rw=write, bs=2300-2300/2300-2300/2300-2300, ioengine=sync, iodepth=1   (fio 2)
_DECLARED = expression(
    r"(?P<name>.{1,200}?): \(g=\d{1,5}\): rw=(?P<rw>\w{1,20}), bs=(?:\(R\) \S{1,30}, \(W\) )?"
    r"(?P<size>[\d.]{1,12}(?:[KMG]?i?B?))"
)
# mytest: (groupid=0, jobs=1): err= 0: pid=20623: Sun Nov 22 05:34:19 2026
_BEGINS = expression(
    r"(?P<name>.{1,200}?): \(groupid=\d{1,5}, jobs=\d{1,6}\): err=\s{0,3}(?P<error>\d{1,5})(?: \([^)]{0,200}\))?"
    r"(?:: pid=\d{1,10}.{0,60}|:.{0,200})?"
)
#   write: IOPS=269, BW=606KiB/s …;   read : io=…
_DIRECTION = expression(r"\s+(?P<direction>read|write|trim)\s?: .{0,300}")
#   fsync/fdatasync/sync_file_range:
_SYNC_SECTION = expression(r"\s+fsync/fdatasync/sync_file_range:\s*")
#     sync (usec): min=138, max=204481, avg=3688.01, stdev=9111.82;    clat (nsec): min=576, max=2029.0k, avg=2413.35
_SUMMARY = expression(
    r"\s+(?P<what>sync|clat|lat) \((?P<unit>nsec|usec|msec|sec)\): min=\s{0,10}(?P<min>[\d.]{1,20}[kKMG]?), "
    r"max=\s{0,10}(?P<max>[\d.]{1,20}[kKMG]?), avg=\s{0,10}(?P<avg>[\d.]{1,20}[kKMG]?)(?:,.{0,60})?"
)
#     sync percentiles (usec):
_PERCENTILES = expression(r"\s+(?P<what>sync|clat|lat) percentiles \((?P<unit>nsec|usec|msec|sec)\):\s*")
#      | 99.00th=[ 35390], 99.50th=[ 47973], 99.90th=[204473], 99.95th=[204473],
_ROW = expression(r"\s+\|\s.{0,300}")
_PERCENTILE = expression(r"(?P<percent>\d{1,3}\.\d{1,6})th=\[\s{0,12}>?=?(?P<value>\d{1,15})\]")
#   loop0: ios=450/909, merge=0/4, ticks=147/1738, in_queue=3187, util=7.59%
_DISK = expression(r"\s{2,8}(?P<disk>[\w!.-]{1,60}): ios=\d{1,20}/\d{1,20}.{0,300}")
_DISKS = expression(r"Disk stats \(read/write(?:/\w+)*\):\s*")
#: "fio: looks like your file system does not support direct=1/buffered=0", "fio: pid=0, err=2/file:filesetup.c:…"
_COMPLAINT = expression(r"fio: .{1,500}")
_UNITS = {"nsec": 1e-9, "usec": 1e-6, "msec": 1e-3, "sec": 1.0}
_LONGEST = 4000


class _Draft(msgspec.Struct):
    """A job while it is read."""

    name: str
    line: int
    error: str
    sync: Latency | None = None
    writes: Latency | None = None


def recognise(head: Head) -> float:
    if "(groupid=" not in head.text and "(g=" not in head.text:  # most documents: told without any expression
        return 0.0
    lines = [line[:_LONGEST] for line in head.lines[:400]]
    begins = any(_BEGINS.fullmatch(line) for line in lines)
    declared = any(_DECLARED.match(line) for line in lines)
    versioned = any(_VERSION.fullmatch(line.strip()) for line in lines)
    if not begins and not (declared and versioned):
        return 0.0
    told = begins and any(_SUMMARY.fullmatch(line) or _DIRECTION.fullmatch(line) for line in lines)
    return 0.98 if told and (declared or versioned) else 0.9 if told else 0.7


def parse(document: Document) -> Iterator[Parsed]:
    """Each job or group with its latencies; the JSON that may follow is a document of its own."""
    yield from _Reading(document).facts()


class _Reading:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.version = ""
        self.declared: dict[str, re.Match[str]] = {}
        self.jobs: list[_Draft] = []
        self.disks: list[str] = []
        self.complaint = ""
        self.shows_disks = False
        self.ends = False

    def facts(self) -> Iterator[Parsed]:
        json_from: int | None = None
        section, unit, in_disks = "", "", False
        place = self.document.first_line
        for number, line in self.document.lines():
            text = line[:_LONGEST]
            if text == "{":
                json_from = number
                break
            if text.startswith("Run status group"):
                self.ends = True
            if (version := _VERSION.fullmatch(text.strip())) is not None:
                self.version = version["version"]
            elif (declared := _DECLARED.match(text)) is not None:
                self.declared[declared["name"]] = declared
            elif (begins := _BEGINS.fullmatch(text)) is not None:
                self.jobs.append(_Draft(begins["name"], number, begins["error"]))
                section = ""
            elif (direction := _DIRECTION.fullmatch(text)) is not None:
                section = direction["direction"]
            elif _SYNC_SECTION.fullmatch(text):
                section = "sync"
            elif self.jobs and (summary := _SUMMARY.fullmatch(text)) is not None:
                self._summary(section, summary, number)
            elif (heading := _PERCENTILES.fullmatch(text)) is not None:
                unit, place = f"{heading['what']} {heading['unit']}", number
            elif self.jobs and _ROW.fullmatch(text) and unit:
                self._percentiles(section, unit, text, place, number)
            elif _DISKS.fullmatch(text):
                in_disks = self.shows_disks = True
            elif in_disks and (disk := _DISK.fullmatch(text)) is not None:
                self.disks.append(disk["disk"])
            elif _COMPLAINT.fullmatch(text):
                self.complaint = self.complaint or text
        for job in self.jobs:
            yield self._fact(job)
        if not self.jobs and json_from is None:
            why = "fio printed no result: the run was cut off or failed"
            yield Unparsed(self.document.at(self.document.first_line, excerpt=self.complaint), why)
        if json_from is not None:
            start = _offset_of(self.document, json_from)
            data = bytes(self.document.data[start:])
            yield Document(self.document.source, data, json_from, self.document.command, parent=self.document)

    def _summary(self, section: str, summary: re.Match[str], number: int) -> None:
        job, scale = self.jobs[-1], _UNITS[summary["unit"]]
        numbers = [_number(summary[part]) for part in ("avg", "min", "max")]
        if any(each is None for each in numbers):
            return
        mean, least, most = (Seconds((each or 0.0) * scale) for each in numbers)
        latency = Latency(mean, least, most, {}, None, self.document.at(number, excerpt=summary[0].strip()))
        if summary["what"] == "sync":
            job.sync = latency
        elif summary["what"] == "clat" and section == "write":
            job.writes = latency

    def _percentiles(self, section: str, unit: str, text: str, place: int, number: int) -> None:
        what, _, scale = unit.partition(" ")
        job = self.jobs[-1]
        held = job.sync if what == "sync" else job.writes if what == "clat" and section == "write" else None
        if held is None:
            return
        found: Mapping[float, Seconds] = {
            float(each["percent"]): Seconds(int(each["value"]) * _UNITS[scale]) for each in _PERCENTILE.finditer(text)
        }
        at = held.at if held.percentiles else self.document.at(place, excerpt=self.document.line(place).strip())
        if 99.0 in found:
            at = self.document.at(number, excerpt=text.strip())
        both = msgspec.structs.replace(held, percentiles={**held.percentiles, **found}, at=at)
        if what == "sync":
            job.sync = both
        else:
            job.writes = both

    def _fact(self, job: _Draft) -> FioJob:
        declared = self.declared.get(job.name)
        options = options_in(self.document.command)
        return FioJob(
            name=job.name,
            version=self.version,
            reads_or_writes=declared["rw"] if declared else "",
            block_size=size_of(declared["size"]) if declared else None,
            sync=job.sync,
            writes=job.writes,
            synchronous=options.synchronous,
            calls_sync=True if job.sync is not None else options.calls_sync,
            directory=options.directory,
            disks=tuple(self.disks),
            shows_disks=self.shows_disks or self.ends,
            error=self.complaint or f"err={job.error}" if job.error != "0" else "",
            at=self.document.at(job.line, excerpt=self.document.line(job.line)),
            observed=self.document.captured,
        )


_FACTORS = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}


def _number(written: str) -> float | None:
    """ "138", "1305.7k", "1203.4K" (num2str in fio's lib/num2str.c, base 1000 for times)."""
    factor = _FACTORS.get(written[-1:], 1.0)
    digits = written.rstrip("kKMG")
    return float(digits) * factor if re.fullmatch(r"\d{1,18}(?:\.\d{0,6})?", digits) else None


def _offset_of(document: Document, number: int) -> int:
    start = 0
    for _ in range(number - document.first_line):
        start = document.data.find(b"\n", start) + 1
    return start


FORMAT = Format("fio-text", recognise, parse)
