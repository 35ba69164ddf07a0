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
        "ERROR", "Error", "error", "FATAL", "Fatal", "fatal", "SEVERE", "CRITICAL", "panic", "PANIC", "Exception",
        "Traceback",
        "refused", "timed out", "timeout", "Timeout", "denied", "Forbidden", "forbidden", "Unauthorized",
        "unauthorized",
        "failed", "Failed", "FAILED", "unreachable", "no such host", "NXDOMAIN", "SERVFAIL", "-> 4", "-> 5",
        "No space left", "out of memory", "OutOfMemory", "Cannot allocate memory", "not known", "No route to host",
        "ECONN", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "NOAUTH", "WRONGPASS", "READONLY", "UNAVAILABLE", "Unavailable",
        "DEADLINE_EXCEEDED", "emerg]",
        "oo many c", "Unknown database", "HTTP/1.1\" 5", "HTTP/1.0\" 5", "HTTP/2.0\" 5", "HTTP/2\" 5",
        ": tls: ", "x509: ", "to HTTPS client",
    )
)  # fmt: skip


@cache
def regex_of(pattern: LogPattern) -> re.Pattern[str]:
    """Compiled when first needed: compiling all takes longer than reading a small log."""
    return re.compile(pattern.regex)


class Anchors(NamedTuple):
    """``owners[i]`` are the patterns that ``literals[i]`` announces; from ``first_error`` on they are error words."""

    literals: tuple[bytes, ...]
    owners: tuple[tuple[LogPattern, ...], ...]
    first_error: int
    goroutine: int
    dump_message: int
    complete_time: int


@cache
def anchors() -> Anchors:
    """Patterns' anchors first, then the few of this package."""
    owners: dict[bytes, list[LogPattern]] = {}
    for pattern in all_patterns():
        for anchor in pattern.anchors:
            owners.setdefault(anchor.encode(), []).append(pattern)
    for literal in (GOROUTINE, DUMP_MESSAGE, COMPLETE_TIME, *ERROR_WORDS):
        owners.setdefault(literal, [])
    literals = tuple(owners)
    number = {literal: index for index, literal in enumerate(literals)}
    return Anchors(
        literals,
        tuple(tuple(owners[literal]) for literal in literals),
        number[ERROR_WORDS[0]],
        number[GOROUTINE],
        number[DUMP_MESSAGE],
        number[COMPLETE_TIME],
    )
