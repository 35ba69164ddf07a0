"""What `fio --output-format=json` and "json+" print.

Seen: fio 3.33; fio 2 as public issues quote it ("clat" in microseconds, no "sync"). Sources: fio stat.c
show_thread_status_json, add_ddir_status_json (3.33: "sync"/"lat_ns", "clat_ns"; 2.x: "clat").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from kwhy.facts.fio import FioJob, Latency
from kwhy.ingest.fio import options_of, size_of
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Format, Head, Parsed
from kwhy.model.time import Seconds, at

Number = int | float


class _Latency(msgspec.Struct):
    min: Number = 0
    max: Number = 0
    mean: Number = 0
    N: int | None = None
    percentile: dict[str, Number] = {}


class _Direction(msgspec.Struct):
    total_ios: int = 0
    clat_ns: _Latency | None = None
    clat: _Latency | None = None
    lat_ns: _Latency | None = None


class _Job(msgspec.Struct):
    jobname: str = ""
    error: int = 0
    options: dict[str, str] = msgspec.field(name="job options", default_factory=dict)
    write: _Direction | None = None
    sync: _Direction | None = None


class _Disk(msgspec.Struct):
    name: str = ""


class _Output(msgspec.Struct):
    version: str = msgspec.field(name="fio version", default="")
    timestamp: Number = 0
    options: dict[str, str] = msgspec.field(name="global options", default_factory=dict)
    jobs: list[_Job] = []
    disk_util: list[_Disk] | None = None


_decode = msgspec.json.Decoder(_Output, strict=False).decode
_NAN = re.compile(rb"(:\s{0,4})-?(?:nan|inf)(?=[,\s}])")


def recognise(head: Head) -> float:
    text = head.text.lstrip()
    return 0.99 if text.startswith("{") and '"fio version"' in text[:4000] else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    data = bytes(document.data).decode("utf-8", "replace").encode()
    try:
        output = _decode(_NAN.sub(rb"\g<1>0", data))
    except (msgspec.DecodeError, RecursionError) as error:
        yield Unparsed(document.at(document.first_line), f"fio's JSON expected, whole: {error}")
        return
    version = output.version.removeprefix("fio-")
    if not output.jobs:
        yield Unparsed(document.at(document.first_line), "fio's JSON holds no jobs: the run failed or was cut off")
    for number, job in enumerate(output.jobs):
        yield _fact(document, output, version, number, job)


def _fact(document: Document, output: _Output, version: str, number: int, job: _Job) -> FioJob:
    options = {**output.options, **job.options}
    meaning = options_of(options)
    path = f"jobs[{number}]"
    sync = None
    if job.sync is not None and job.sync.lat_ns is not None and job.sync.lat_ns.max > 0:
        sync = _latency(document, job.sync.lat_ns, f"{path}.sync.lat_ns", 1e-9)
    writes = None
    if job.write is not None and job.write.clat_ns is not None:
        writes = _latency(document, job.write.clat_ns, f"{path}.write.clat_ns", 1e-9)
    elif job.write is not None and job.write.clat is not None:
        writes = _latency(document, job.write.clat, f"{path}.write.clat", 1e-6)
    size = options.get("bs") or options.get("blocksize") or ""
    return FioJob(
        name=job.jobname,
        version=version,
        reads_or_writes=options.get("rw") or options.get("readwrite") or "",
        block_size=size_of(size.partition(",")[0].partition("-")[0]),
        sync=sync,
        writes=writes,
        synchronous=meaning.synchronous if options else None,
        calls_sync=meaning.calls_sync if options else None,
        directory=meaning.directory,
        disks=tuple(disk.name for disk in output.disk_util or ()),
        shows_disks=True,
        error=f"err={job.error}" if job.error else "",
        at=document.at(path=path, excerpt=job.jobname),
        observed=at(float(output.timestamp)) if output.timestamp else document.captured,
    )


def _latency(document: Document, printed: _Latency, path: str, unit: float) -> Latency:
    percentiles = {
        float(percent): Seconds(value * unit)
        for percent, value in printed.percentile.items()
        if re.fullmatch(r"\d{1,3}\.\d{1,9}", percent)
    }
    p99 = printed.percentile.get("99.000000")
    place = f"{path}.percentile.99.000000" if p99 is not None else path
    return Latency(
        Seconds(printed.mean * unit),
        Seconds(printed.min * unit),
        Seconds(printed.max * unit),
        percentiles,
        printed.N,
        document.at(path=place, excerpt=f"{p99}" if p99 is not None else f"mean {printed.mean}"),
    )


FORMAT = Format("fio-json", recognise, parse)
