"""Other arrangements of the same evidence: parts of it, other names, sessions instead of files."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from tests.harness.case import Recorded

# "$ kubectl describe pods -n shop": the first line of what was recorded at a terminal
_PROMPT_LINE = re.compile(rb"\A\$ [^\n]*\n")
# "logs/shop_web-6f5c6d7f64-2nx8q_app.log", "logs/shop_web-6f5c6d7f64-2nx8q_app_previous.log"
_LOG_NAME = re.compile(r"logs/(?P<namespace>[^_]+)_(?P<pod>[^_]+)_(?P<container>[^_.]+)(?P<previous>_previous)?\.log")


def seeded(recorded: Recorded, purpose: str) -> random.Random:
    """Random choices that are the same in every run, and different for every case and purpose."""
    return random.Random(f"{recorded.name} {purpose}")


def shrinking(sources: Sequence[str], rng: random.Random, steps: int) -> Iterator[list[str]]:
    """What remains while files are taken away one by one in a random order; so many of the steps, at random."""
    order = list(sources)
    rng.shuffle(order)
    sizes = range(1, len(order))
    for size in sorted(rng.sample(sizes, min(steps, len(sizes))), reverse=True):
        yield order[:size]


def renamed_in_place(files: Mapping[str, bytes], rng: random.Random) -> dict[str, bytes]:
    """Other file names in the same directories. Names of kubectl logs stay: they say whose log it is."""
    return {_in_place(name, rng): data for name, data in files.items()}


def _in_place(name: str, rng: random.Random) -> str:
    path = PurePosixPath(name)
    return name if path.parts[0] == "logs" else str(path.with_name(f"{_word(rng)}{path.suffix}"))


def renamed_flat(files: Mapping[str, bytes], rng: random.Random) -> dict[str, bytes]:
    """Names that say nothing, without directories."""
    return {_word(rng): data for data in files.values()}


def _word(rng: random.Random) -> str:
    return "".join(rng.choices("bcdfghjklmnpqrstvwxz", k=12))


def one_session(files: Mapping[str, bytes]) -> bytes:
    """Everything that kubectl says, as one paste with its prompts."""
    outputs = [
        _with_prompt(name, data) for name, data in files.items() if name.startswith(("describe/", "text/", "logs/"))
    ]
    return b"".join(outputs)


def _with_prompt(name: str, data: bytes) -> bytes:
    log = _LOG_NAME.match(name)
    if log is None:
        return data
    previous = " --previous" if log["previous"] else ""
    return f"$ kubectl logs -n {log['namespace']} {log['pod']} -c {log['container']}{previous}\n".encode() + data


def without_prompts(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Outputs redirected into files: the command that made them is not in the file."""
    return {name: _PROMPT_LINE.sub(b"", data) for name, data in files.items()}
