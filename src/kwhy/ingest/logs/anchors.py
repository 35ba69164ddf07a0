"""The literals that are looked for in one pass, and whose they are."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from kwhy.facts.log_patterns import all_patterns
from kwhy.facts.logs import LogPattern

#: What begins a dump inside a log; runtime/traceback.go goroutineheader (go1.9 to go1.26).
GOROUTINE = b"goroutine "
#: containerd's dump, one message long; cmd/containerd/command/main.go dumpStacks.
DUMP_MESSAGE = b"=== BEGIN goroutine stack dump"
#: A message of now with the complete time in it; see kwhy.ingest.logs.dating.
COMPLETE_TIME = b" m=+"
#: Words of error lines of programs that have no patterns of their own.
ERROR_WORDS = tuple(
    word.encode()
    for word in (
        "ERROR", "Error", "error", "FATAL", "Fatal", "fatal", "SEVERE", "CRITICAL", "panic", "PANIC", "Exception", "Traceback",
        "refused", "timed out", "timeout", "Timeout", "denied", "Forbidden", "forbidden", "Unauthorized", "unauthorized",
        "failed", "Failed", "FAILED", "unreachable", "no such host", "NXDOMAIN", "SERVFAIL", "-> 4", "-> 5",
        "No space left", "out of memory", "OutOfMemory", "Cannot allocate memory", "not known", "No route to host",
    )
)  # fmt: skip


class Compiled(NamedTuple):
    """A pattern with its regular expression compiled."""

    pattern: LogPattern
    regex: re.Pattern[str]


class Anchors(NamedTuple):
    """``owners[i]`` are the patterns that ``literals[i]`` announces."""

    literals: tuple[bytes, ...]
    owners: tuple[tuple[Compiled, ...], ...]
    errors: frozenset[int]
    goroutine: int
    dump_message: int
    complete_time: int


@cache
def anchors() -> Anchors:
    """Patterns' anchors first, then the few of this package."""
    owners: dict[bytes, list[Compiled]] = {}
    for pattern in all_patterns():
        compiled = Compiled(pattern, re.compile(pattern.regex))
        for anchor in pattern.anchors:
            owners.setdefault(anchor.encode(), []).append(compiled)
    for literal in (GOROUTINE, DUMP_MESSAGE, COMPLETE_TIME, *ERROR_WORDS):
        owners.setdefault(literal, [])
    literals = tuple(owners)
    number = {literal: index for index, literal in enumerate(literals)}
    return Anchors(
        literals,
        tuple(tuple(owners[literal]) for literal in literals),
        frozenset(number[word] for word in ERROR_WORDS),
        number[GOROUTINE],
        number[DUMP_MESSAGE],
        number[COMPLETE_TIME],
    )
