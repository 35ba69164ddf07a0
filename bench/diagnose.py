"""How long small diagnoses take, beside ``python -c pass``: a folder of 1 MB, a pasted terminal, 5 000 pods.

    python -m bench.diagnose [--runs 7]

Processor times of whole processes, the least of all runs: on a busy machine wall times say more about its other work.
The bar of half a second for the folder is meant for an idle machine, where both are the same.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.api_objects import generate

from kwhy.demo_incidents import PLEG_CNI_HANG

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "pending-pod.txt"
SNAPSHOT_PODS = 5000
#: What the product promises for 1 MB, in seconds.
MOST_FOLDER = 0.5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        folder, snapshot = Path(directory) / "folder", Path(directory) / "pods.json"
        with tarfile.open(PLEG_CNI_HANG.archive) as archive:
            archive.extractall(folder, filter="data")
        generate(snapshot, SNAPSHOT_PODS)
        kwhy = [sys.executable, "-m", "kwhy", "diagnose"]
        names = ["python -c pass", f"folder of {_size(folder)}", f"pasted terminal, {_size(EXAMPLE)}"]
        names.append(f"{SNAPSHOT_PODS} pods, {_size(snapshot)}")
        commands = [[sys.executable, "-c", "pass"], *([*kwhy, str(path)] for path in (folder, EXAMPLE, snapshot))]
        times = least(commands, options.runs)
    for name, taken in zip(names, times, strict=True):
        print(f"{name:28} {taken * 1000:7.0f} ms = {taken / times[0]:5.1f} × pass")
    print(f"bar for the folder: {MOST_FOLDER * 1000:.0f} ms")
    return int(times[1] > MOST_FOLDER)


def least(commands: Sequence[Sequence[str]], runs: int) -> list[float]:
    """The least processor time of each command, run in turns, so that a busy moment meets all of them."""
    # Installed programs have their bytecode; the first run writes it here too.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    times: list[list[float]] = [[] for _ in commands]
    for _ in range(runs + 1):
        for command, taken in zip(commands, times, strict=True):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=environment)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            taken.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return [min(taken[1:]) for taken in times]


def _size(path: Path) -> str:
    files = [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]
    count = sum(each.stat().st_size for each in files)
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"


if __name__ == "__main__":
    raise SystemExit(main())
