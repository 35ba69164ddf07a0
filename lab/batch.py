#!/usr/bin/env python3
"""Makes faults all at once, records each, puts those right that have a twin, records these again, and takes all back.

batch.py RECORDINGS FAULT…      RECORDINGS/FAULT and RECORDINGS/FAULT-healthy; KWHY_LAB is the folder of the base lab
batch.py RECORDINGS --file NAME all faults of faults/NAME.py
"""

import argparse
import fcntl
import json
import os
import runpy
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from pathlib import Path

HERE = Path(__file__).resolve().parent
BASE = Path(os.environ["KWHY_LAB"]).resolve()
FILES = sorted((HERE / "faults").glob("*.py"))
# The base lab's record, but an API group that is unavailable is left out.
RECORD = (BASE / "record.py").read_text().replace('in json.loads(get(base))["resources"]', "in served(base)")
RECORD = RECORD.replace(
    "def objects():",
    """def served(base):
    try:
        return json.loads(get(base))["resources"]
    except OSError:
        return []


def objects():""",
)
FOREIGN = {"persistentvolumes", "customresourcedefinitions", "csidrivers", "volumeattachments"}
LOCK = Path(os.environ["KLAB"], "record.lock")
ENVIRONMENT = os.environ | {"LAB_FAULTS": ":".join(map(str, FILES))}

parser = argparse.ArgumentParser(prog="batch.py")
parser.add_argument("recordings", type=Path)
parser.add_argument("faults", nargs="*", help="names, or patterns such as mysql-*")
parser.add_argument("--file")
parser.add_argument("--keep", action="store_true", help="leave the faults active")
options = parser.parse_args()


def lab(*arguments, **more):
    return subprocess.run([BASE / "lab", *arguments], check=False, env=ENVIRONMENT, **more)


def catalogue(file):
    sys.path.insert(0, str(BASE))
    import catalogue as base

    before = len(base.FAULTS)
    twins = runpy.run_path(str(file)).get("TWINS", {})
    return {f.name: f for f in base.FAULTS[before:]}, twins


FAULTS, TWINS = {}, {}
for path in FILES:
    faults, twins = catalogue(path)
    TWINS |= twins
    FAULTS |= faults
    if options.file == path.stem:
        options.faults = [*options.faults, *faults]

options.faults = [n for n in FAULTS if any(fnmatch(n, pattern) for pattern in options.faults)]


def record(fault, directory, truth=None):
    """The lab's own record, then YAML and text of the same moment."""
    with LOCK.open("w") as lock:  # the lab has one place to record to; another batch may run
        fcntl.flock(lock, fcntl.LOCK_EX)
        write(fault, directory, truth)


def write(fault, directory, truth):
    new = directory.with_name(f".{directory.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    only = ["--only", fault.name] if fault.namespaces else []
    done = lab(
        "exec", "env", f"OUT={new}", "python3", "-", *only, input=RECORD, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        print(f"{directory.name}: not recorded: {done.stdout}", flush=True)
        return
    if fault.namespaces:
        without_others(fault, new)
    with (HERE / "more.py").open("rb") as script:
        lab("exec", "env", f"OUT={new}", "python3", "-", *(fault.namespaces or []), stdin=script)
    if truth:
        for left in new.glob("*.txt"):  # by the fault, before it was put right
            left.unlink()
        (new / "truth.json").write_text(json.dumps(truth, indent=1) + "\n")
    shutil.rmtree(directory, ignore_errors=True)
    new.rename(directory)
    print(f"{directory}: {done.stdout.strip()}", flush=True)


def without_others(fault, directory):
    """Removes what has no namespace and belongs to other faults that are active."""
    own = {f"{o['kind'].lower()}s" for o in fault.objects}
    for file in (directory / "objects").iterdir():
        if file.name.split(".")[0] in FOREIGN - own:
            file.unlink()


def make(name):
    done = lab("fault", name, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        print(f"{name}: {done.stdout}", flush=True)
    if FAULTS[name].namespaces:
        recorded.submit(record, FAULTS[name], options.recordings / name).result()
    else:
        record(FAULTS[name], options.recordings / name)
    if name in TWINS:
        lab("exec", "bash", "-ec", f". {BASE}/node/services.sh; LAB={BASE}\n{TWINS[name]}", stdout=subprocess.DEVNULL)
        truth = {
            "object": None,
            "category": "healthy",
            "namespace": FAULTS[name].namespaces,
            "cause": f"{name}, put right",
        }
        recorded.submit(record, FAULTS[name], options.recordings / f"{name}-healthy", truth).result()
    if not options.keep:
        lab("fault", "--undo", name, stdout=subprocess.DEVNULL)


# All develop at once.
with ThreadPoolExecutor(1) as recorded, ThreadPoolExecutor(24) as makers:
    together = [n for n in options.faults if FAULTS[n].namespaces]
    alone = [n for n in options.faults if not FAULTS[n].namespaces]
    list(makers.map(make, together))
    for each in alone:
        make(each)
