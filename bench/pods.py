"""Row K1 at full size: 150 000 pods of which 20 cannot be scheduled, decoded and diagnosed, beside the bare decode.

    python -m bench.pods [--pods 150000] [--rounds 2] [--keep FILE]

The floor is msgspec's typed decode of the same text with the garbage collector off. Processor times; each program runs
in a process of its own. The peak of resident memory also counts pages of the mapped file.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from bench.api_objects import FLOOR, generate, measured

BAR_TIME_RATIO = 1.5
BAR_MEMORY_MIB = 750
UNSCHEDULABLE = 20

OURS = """
import json, resource, sys, time
from kwhy.ingest.catalogue import all_formats
from kwhy.ingest.reading import read
from kwhy.pipeline import catalogue, diagnose_evidence
all_formats(), catalogue()
cpu = time.process_time()
evidence = read([sys.argv[1]])
read_in = time.process_time() - cpu
diagnosis = diagnose_evidence(evidence)
took = time.process_time() - cpu
victims = {s for f in diagnosis.findings for s in (f.subject, *f.affected) if s.kind == "Pod"}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"cpu": took, "reading": read_in, "pods": len(victims), "peak_mib": peak}))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pods", type=int, default=150_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="write the list here and leave it there; used again if it is there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        path = options.keep or Path(directory) / "pods.json"
        if not path.exists():
            generate(path, options.pods, pending_every=options.pods // UNSCHEDULABLE)
        print(f"{options.pods} pods, {path.stat().st_size / 1e6:.0f} MB, {UNSCHEDULABLE} of them unschedulable")
        runs = [(measured(FLOOR, path), measured(OURS, path)) for _ in range(options.rounds)]
    floor = min((run for run, _ in runs), key=lambda run: run["cpu"])
    ours = min((run for _, run in runs), key=lambda run: run["cpu"])
    ratio = ours["cpu"] / floor["cpu"]
    print(f"floor: bare typed decode of text in memory  {floor['cpu']:6.2f} s   peak {floor['peak_mib']:5.0f} MiB")
    print(f"file → facts                                {ours['reading']:6.2f} s")
    print(f"file → diagnosis                            {ours['cpu']:6.2f} s   peak {ours['peak_mib']:5.0f} MiB")
    print(f"ratio {ratio:.2f} (bar {BAR_TIME_RATIO}), peak bar {BAR_MEMORY_MIB} MiB, {ours['pods']:.0f} pods found")
    met = ratio <= BAR_TIME_RATIO and ours["peak_mib"] <= BAR_MEMORY_MIB and ours["pods"] == UNSCHEDULABLE
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
