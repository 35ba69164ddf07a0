"""A whole cluster: 5 000 nodes, 150 000 pods, 10 000 Services and 300 000 events, with 200 planted faults of 40 kinds.

    python -m bench.scale [--scale 0.1] [--fit] [--keep FOLDER]

The snapshot repeats a recorded healthy namespace; the faults are recorded ones, renamed (bench/_planted.py). Printed:
the bare typed decode of the same files (the floor), the whole diagnosis, their ratio, the peak of resident memory, and
which of the planted faults were named: each must be, with its condition and its object to fix, and nothing else. With
``--fit``, a third and a tenth of the scale too, and how the time grows. Last, a namespace of 50 pods.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from bench._planted import Plant, Truth
from bench._snapshot import Size, scaled, write_snapshot

BAR_TIME_RATIO = 2.0
BAR_MEMORY_MIB = 1536
#: Seconds for a folder with a namespace of 50 pods.
BAR_SMALL = 0.7
#: Time may grow with this power of the size: what is measured varies by a few hundredths.
BAR_EXPONENT = 1.1
SMALL = Size(nodes=2, apps=3, pods_per_app=14, per_fault=0)

FLOOR = r"""
import gc, json, pathlib, re, resource, sys, time
import msgspec
from kwhy.ingest.api.kinds import struct_for
FIELDS = (rb'\n {12}"apiVersion": "([^"]+)"', rb'\n {12}"kind": "([^"]+)"')
gc.disable()
took = 0.0
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
    text = path.read_bytes()
    version, kind = (re.search(field, text)[1].decode() for field in FIELDS)
    items = msgspec.defstruct("Items", [("items", list[struct_for(kind, version)])], gc=False)
    decoder = msgspec.json.Decoder(items)
    start = time.process_time()
    decoder.decode(text)
    took += time.process_time() - start
print(json.dumps({"cpu": took, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


class Run(msgspec.Struct, frozen=True):
    """One program: seconds of processor and wall time, and the peak of resident memory."""

    cpu: float
    wall: float
    peak_mib: float


class Named(msgspec.Struct, frozen=True):
    """What a diagnosis names beside what was planted."""

    found: int
    missed: tuple[Truth, ...]
    false: tuple[Truth, ...]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--scale", type=float, default=0.1, help="1 is the full size (3 GB of files); default 0.1")
    parser.add_argument("--fit", action="store_true", help="measure a third and a tenth of the scale too")
    parser.add_argument(
        "--keep", type=Path, help="write the snapshots here and leave them; used again if they are there"
    )
    options = parser.parse_args()
    scales = [options.scale / 10, options.scale / 3, options.scale] if options.fit else [options.scale]
    with tempfile.TemporaryDirectory() as directory:
        folder = options.keep or Path(directory)
        measured = [(scale, *measure(folder / f"{scale:.4f}", scale)) for scale in scales]
        small = _small(folder / "small")
    met = [_report(scale, floor, ours, named) for scale, floor, ours, named in measured]
    if options.fit:
        met.append(_fit([(scale, ours.cpu) for scale, _, ours, _ in measured]))
    print(f"a namespace of 50 pods      {small:6.2f} s wall (bar {BAR_SMALL} s)")
    return int(not all(met) or small > BAR_SMALL)


def measure(folder: Path, scale: float) -> tuple[Run, Run, Named]:
    """The floor and the diagnosis of one snapshot, each in a process of its own."""
    truths = _snapshot(folder, scaled(scale))
    floor = json.loads(_output([sys.executable, "-c", FLOOR, str(folder)]))
    output = folder.with_name(f"{folder.name}.diagnosis.json")
    ours = _run(
        [sys.executable, "-m", "kwhy", "diagnose", "--quiet", "--format", "json", "-o", str(output), str(folder)]
    )
    return Run(floor["cpu"], floor["cpu"], floor["peak_mib"]), ours, compared(truths, output.read_bytes())


def _snapshot(folder: Path, size: Size) -> list[Truth]:
    truth = folder.with_name(f"{folder.name}.truth.json")
    if not truth.exists():
        shutil.rmtree(folder, ignore_errors=True)
        begin = time.perf_counter()
        plants: list[Plant] = write_snapshot(folder, size)
        megabytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
        print(f"wrote {megabytes:.0f} MB in {time.perf_counter() - begin:.0f} s: {size}", flush=True)
        truth.write_bytes(msgspec.json.encode([planted.truth for planted in plants]))
    return msgspec.json.decode(truth.read_bytes(), type=list[Truth])


def _run(command: Sequence[str]) -> Run:
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Run(used.ru_utime + used.ru_stime, time.perf_counter() - begin, used.ru_maxrss / 1024)


def _output(command: Sequence[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class _Subject(msgspec.Struct, frozen=True):
    kind: str
    name: str
    namespace: str | None = None

    @property
    def written(self) -> str:
        return "/".join(part for part in (self.kind, self.namespace, self.name) if part)


class _Cause(msgspec.Struct, frozen=True):
    condition: str
    subject: _Subject
    role: str


class _Diagnosis(msgspec.Struct, frozen=True):
    root_causes: list[_Cause]


def compared(planted: Sequence[Truth], diagnosis: bytes) -> Named:
    """The named causes against the planted ones. What is only proven down to somewhere counts as false too."""
    causes = msgspec.json.decode(diagnosis, type=_Diagnosis).root_causes
    named = {Truth(c.condition, c.subject.written) for c in causes if c.role == "root-cause"}
    rest = {Truth(f"{c.condition} ({c.role})", c.subject.written) for c in causes if c.role != "root-cause"}
    wanted = set(planted)
    return Named(len(wanted & named), tuple(sorted(wanted - named)), tuple(sorted((named - wanted) | rest)))


def _report(scale: float, floor: Run, ours: Run, named: Named) -> bool:
    ratio = ours.cpu / floor.cpu
    print(f"scale {scale:.4f}: {scaled(scale).pods} pods")
    print(f"  floor: bare typed decode  {floor.cpu:6.2f} s   peak {floor.peak_mib:5.0f} MiB")
    print(f"  kwhy diagnose             {ours.cpu:6.2f} s   peak {ours.peak_mib:5.0f} MiB   ({ours.wall:.2f} s wall)")
    print(f"  ratio {ratio:.2f} (bar {BAR_TIME_RATIO}), peak bar {BAR_MEMORY_MIB} MiB")
    print(f"  planted faults named: {named.found}; missed: {len(named.missed)}; false: {len(named.false)}")
    for word, truths in (("missed", named.missed), ("false", named.false)):
        for truth in truths[:10]:
            print(f"    {word}: {truth.condition} of {truth.subject}")
    return ratio <= BAR_TIME_RATIO and ours.peak_mib <= BAR_MEMORY_MIB and not named.missed and not named.false


def growth(points: Sequence[tuple[float, float]]) -> float:
    """The power of the size with which time grows, by least squares over the logarithms."""
    return _line([(math.log(scale), math.log(seconds)) for scale, seconds in points])[0]


def _fit(points: Sequence[tuple[float, float]]) -> bool:
    exponent, (slope, fit) = growth(points), _line(points)
    print(f"time grows with the power {exponent:.2f} of the size (bar {BAR_EXPONENT}); straight line: R² {fit:.4f},")
    print(f"  {slope:.1f} s for the full size")
    return exponent <= BAR_EXPONENT


def _line(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Slope and R² of the straight line nearest to the points."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    xx = sum((x - mean_x) ** 2 for x, _ in points)
    xy = sum((x - mean_x) * (y - mean_y) for x, y in points)
    yy = sum((y - mean_y) ** 2 for _, y in points)
    return xy / xx, xy * xy / (xx * yy)


def _small(folder: Path) -> float:
    """Wall seconds of a diagnosis of 50 pods with their events; the best of three."""
    shutil.rmtree(folder, ignore_errors=True)
    write_snapshot(folder, SMALL, ())
    command = [sys.executable, "-m", "kwhy", "diagnose", "--quiet", "--format", "json", str(folder)]
    return min(_run(command).wall for _ in range(3))


if __name__ == "__main__":
    raise SystemExit(main())
