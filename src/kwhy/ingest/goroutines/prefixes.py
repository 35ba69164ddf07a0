"""Log prefixes on the lines of a dump: the first half of the normaliser.

A process that dies of SIGABRT or SIGQUIT prints its dump to standard error, and the journal puts its own words before
every line. What the words are depends on how the journal was printed (``journalctl -o short…``, syslog, CRI logs).
"""

from __future__ import annotations

from typing import NamedTuple

from kwhy.model.expressions import expression


class Prefixed(NamedTuple):
    """A line without its prefix, and what the prefix says."""

    body: str
    stamp: str | None = None
    host: str | None = None
    program: str | None = None
    pid: int | None = None


_HOST = r"(?P<host>[^\s:\[]{1,253}) "
_PROGRAM = r"(?P<program>[A-Za-z][\w.\-@/]{0,63})(?:\[(?P<pid>\d{1,10})\])?:(?: |$)"
#: journalctl -o short, syslog: ``Jul 29 17:00:00 n1 kubelet[123]: ``; short-precise has a fraction; some drop the host
SYSLOG = expression(
    rf"(?P<stamp>[A-Z][a-z]{{2}} {{1,2}}\d{{1,2}} \d\d:\d\d:\d\d(?:\.\d{{1,9}})?) {{1,2}}(?:{_HOST})?{_PROGRAM}"
)
#: journalctl -o short-iso: ``2019-07-29T17:00:00+0800 n1 kubelet[123]: ``
ISO = expression(
    r"(?P<stamp>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+\-]\d\d:?\d\d)?) "
    rf"(?:{_HOST})?{_PROGRAM}"
)
#: journalctl -o short-full: ``Mon 2019-07-29 17:00:00 CST n1 kubelet[123]: ``
FULL = expression(
    r"[A-Z][a-z]{2} (?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})? [A-Z+\-\d]{1,6}) "
    rf"{_HOST}{_PROGRAM}"
)
#: journalctl -o short-unix: ``1564390800.123456 n1 kubelet[123]: ``,
#: -o short-monotonic: ``[ 1234.567890] n1 kubelet[123]: ``
CLOCK = expression(rf"(?P<stamp>\d{{9,11}}\.\d{{1,9}}|\[ {{0,12}}\d{{1,12}}\.\d{{1,9}}\]) {_HOST}{_PROGRAM}")
#: Container logs as the runtime keeps them (CRI): ``2024-01-31T10:00:00.123456789Z stderr F ``
CRI = expression(r"(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+\-]\d\d:\d\d)) std(?:out|err) [FP] ")
#: kubectl logs --timestamps: ``2024-01-31T10:00:00.123456789Z ``
STAMP = expression(r"(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}Z) ")
#: A journal cut to the program's name: ``kubelet: ``, ``kubelet[123]: ``
PROGRAM = expression(_PROGRAM)

#: The same, indented by whoever quoted it: `` kubelet[2767716]: ``
INDENTED = expression(r" {1,8}(?P<program>[A-Za-z][\w.\-@/]{0,63})\[(?P<pid>\d{1,10})\]: ?")

#: First words of the runtime's own lines that look like a program's prefix (runtime/panic.go, runtime/signal_unix.go).
RUNTIME_WORDS = frozenset(
    {"panic", "runtime", "error", "exit", "signal", "fatal", "SIGABRT", "SIGQUIT", "SIGSEGV", "SIGTRAP", "SIGBUS"}
)
#: rsyslog writes a tab inside a message as ``#011`` ($EscapeControlCharactersOnReceive).
ESCAPED_TAB = "#011"


def strip_prefix(line: str) -> Prefixed:
    """The line without its log prefix."""
    first = line[:1]
    if first == " " and (found := INDENTED.match(line)):
        return Prefixed(line[found.end() :], program=found["program"], pid=int(found["pid"]))
    if not first or first in "\t ":
        return Prefixed(line)
    if first.isalpha():
        found = SYSLOG.match(line) or FULL.match(line) or PROGRAM.match(line)
    elif first.isdigit() or first == "[":
        found = CRI.match(line) or ISO.match(line) or CLOCK.match(line) or STAMP.match(line)
    else:
        return Prefixed(line)
    if found is None:
        return Prefixed(line)
    groups = found.groupdict()
    program = groups.get("program")
    if program in RUNTIME_WORDS:
        return Prefixed(line)
    pid = groups.get("pid")
    body = line[found.end() :].replace(ESCAPED_TAB, "\t")
    return Prefixed(body, groups.get("stamp"), groups.get("host"), program, int(pid) if pid else None)
