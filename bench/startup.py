"""How long kwhy takes to start, and to diagnose a folder of 1 MB, beside ``python -c pass`` in the same run."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from kwhy.demo_incidents import PLEG_CNI_HANG

RUNS = 15
#: What the product promises.
MOST_OVER_PASS, MOST_VERSION, MOST_DIAGNOSE = 0.050, 0.150, 0.500


def main() -> int:
    kwhy = [sys.executable, "-m", "kwhy"]
    script = Path(sys.executable).with_name("kwhy")
    if script.exists():
        kwhy = [str(script)]
    floor, version = alternating([[sys.executable, "-c", "pass"], [*kwhy, "--version"]])
    over = version - floor
    print(f"floor: python -c pass        {floor * 1000:6.1f} ms")
    print(f"kwhy --version               {version * 1000:6.1f} ms = {version / floor:.2f} × floor")
    bars = f"bars: {MOST_OVER_PASS * 1000:.0f} ms over, {MOST_VERSION * 1000:.0f} ms in all"
    print(f"    over the floor           {over * 1000:6.1f} ms ({bars})")
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(PLEG_CNI_HANG.archive) as archive:
            archive.extractall(folder, filter="data")
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        (seconds,) = alternating([[*kwhy, "diagnose", "--format", "json", folder]], runs=5)
    print(
        f"kwhy diagnose, {size / 1e6:.1f} MB        {seconds * 1000:6.1f} ms = {seconds / floor:.1f} × floor"
        f" (bar {MOST_DIAGNOSE * 1000:.0f} ms)"
    )
    return int(over > MOST_OVER_PASS or version > MOST_VERSION or seconds > MOST_DIAGNOSE)


def alternating(commands: Sequence[Sequence[str]], runs: int = RUNS) -> list[float]:
    """The median of each command; run in turns, so that a busy moment of the machine meets all of them."""
    # Installed programs have their bytecode; a first run writes it here too.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for command in commands:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=environment)
    times: list[list[float]] = [[] for _ in commands]
    for _ in range(runs):
        for command, taken in zip(commands, times, strict=True):
            begin = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=environment)
            taken.append(time.perf_counter() - begin)
    return [statistics.median(taken) for taken in times]


if __name__ == "__main__":
    sys.exit(main())
