"""A document to dumps: the fast path, the careful path, and which process each line belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kwhy.ingest.goroutines.assembling import Assembler
from kwhy.ingest.goroutines.embedded import BEGIN, END, ESCAPED_HEADER, embedded_dump
from kwhy.ingest.goroutines.grouping import Collector
from kwhy.ingest.goroutines.plain import collect
from kwhy.ingest.goroutines.prefixes import ESCAPED_TAB, Prefixed, strip_prefix
from kwhy.ingest.goroutines.profile import TITLE, Profile
from kwhy.ingest.goroutines.syntax import Stack
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Parsed

#: A line longer than this is no line of a stack (the longest frames, of generic types, stay below 4 KiB).
LONGEST_LINE = 16 << 10
#: A line that has one of containerd's and dockerd's marks and nothing of a dump after it.
_MARK = expression(f'(?:{re.escape(BEGIN)}|{re.escape(END)})"?$')
#: What starts a dump: ``SIGABRT: abort``, ``SIGQUIT: quit`` (runtime/sigtab_linux_generic.go)
SIGNAL = expression(r"(?P<signal>SIG(?:ABRT|QUIT|SEGV|BUS|FPE|ILL|TRAP|SYS)): [a-z]")
#: What the runtime prints around the stacks of a dying process (dumpregs in runtime/signal_*.go, runtime/panic.go).
AROUND = expression(
    r"(?:PC=0x[0-9a-f]+ m=.{0,200}|[a-z][a-z0-9]{1,6} +0x[0-9a-f]{1,16}|exit status \d+|\[signal .{0,200}\]"
    r"|(?:panic|fatal error|runtime): .{0,4000}|runtime stack:|-{3,5}|\.\.\.)$"
)
#: Functions that make a process print all its stacks, and what calls them.
_DUMPERS: tuple[tuple[str, str], ...] = (
    ("runtime/pprof.writeGoroutineStacks", "pprof"),
    (".DumpStacks", "SIGUSR1"),  # github.com/docker/docker/pkg/signal, and stack.DumpToFile since 20.10
    (".DumpToFile", "SIGUSR1"),
    (".dumpStacks", "SIGUSR1"),  # github.com/containerd/containerd/cmd/containerd/command
)


class _Process:
    """The dump being read of one process (one log prefix, or none)."""

    def __init__(self, document: Document) -> None:
        self.collector = Collector(document)
        self.assembler = Assembler()
        self.dumper_seen = False


class Reader:
    """Reads one document. Use :meth:`parse` once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._plain = _Process(document)
        self._prefixed: dict[tuple[str | None, str, int | None], _Process] = {}
        self._done: list[Collector] = []
        self._profile = Profile()
        self._nested: list[Document] = []
        self._last_prefix = ""
        self._last_process = self._plain
        self._strange = 0
        self._first_strange: tuple[int, str] | None = None

    def parse(self) -> Iterator[Parsed]:
        document = self._document
        collect(lambda: self._plain.collector, document.data, document.first_line, self._loose)
        self._finish_profile()
        for process in [self._plain, *self._prefixed.values()]:
            self._flush(process)
            self._done.append(process.collector)
        found = False
        for collector in sorted(self._done, key=lambda collector: collector.first_line or 0):
            for fact in collector.facts():
                found = True
                yield fact
        yield from self._nested
        if self._first_strange is not None:
            number, text = self._first_strange
            yield Unparsed(document.at(number, excerpt=text), self._why_strange())
        elif not found and not self._nested:
            yield Unparsed(
                document.at(document.first_line),
                "no goroutine stack was found; expected lines such as “goroutine 1 [running]:”",
            )

    def _why_strange(self) -> str:
        lines = "1 line is" if self._strange == 1 else f"{self._strange} lines are"
        return f"{lines} not part of a goroutine dump (the first is cited)"

    def _loose(self, piece: bytes, line: int, blank_after: bool) -> None:
        number = line
        for number, text in enumerate(piece.decode("utf-8", "replace").split("\n"), line):
            self._line(number, text)
        if blank_after:
            self._line(number + 1, "")

    def _line(self, number: int, text: str) -> None:
        if len(text) > LONGEST_LINE:
            self._long_line(number, text)
            return
        if self._last_prefix and text.startswith(self._last_prefix):
            # Lines of one second have the same prefix, down to the letter.
            self._body(self._last_process, number, text[len(self._last_prefix) :].replace(ESCAPED_TAB, "\t"))
            return
        prefixed = strip_prefix(text)
        if prefixed.program is None:
            self._body(self._plain, number, prefixed.body)
            return
        body = prefixed.body
        known = self._process_of(prefixed)
        if known is None:
            known = _Process(self._document)
            known.collector.host, known.collector.pid = prefixed.host, prefixed.pid
            known.collector.prefix_program = prefixed.program.rpartition("/")[2]
            self._prefixed[(prefixed.host, prefixed.program, prefixed.pid)] = known
        self._last_process, self._last_prefix = known, text[: len(text) - len(body)] if text.endswith(body) else ""
        self._body(known, number, body)

    def _process_of(self, prefixed: Prefixed) -> _Process | None:
        return self._prefixed.get((prefixed.host, prefixed.program or "", prefixed.pid))

    def _long_line(self, number: int, text: str) -> None:
        if ESCAPED_HEADER.search(text):
            self._nested.append(embedded_dump(self._document, number, text))
        else:
            self._stranger(number, text[:200])

    def _body(self, process: _Process, number: int, body: str) -> None:
        text = body.strip()
        if _is_mark(text):
            self._mark(process, text)
            return
        if self._profile.takes(number, text):
            return
        self._finish_profile()
        for stack in process.assembler.feed(number, body):
            self._add(process, stack)
        if process.assembler.took or not text:
            return
        if ESCAPED_HEADER.search(text):
            self._nested.append(embedded_dump(self._document, number, text))
        elif AROUND.match(text):
            if text.startswith(("panic: ", "fatal error: ")):
                process.collector.trigger = process.collector.trigger or text.partition(":")[0]
        else:
            self._stranger(number, text)

    def _mark(self, process: _Process, text: str) -> None:
        """A line that stands before (or after) all stacks of a dump."""
        self._flush(process)
        if END in text:
            return
        if process.collector.goroutines:
            self._next_dump(process)
        found = SIGNAL.match(text)
        if found:
            process.collector.trigger = found["signal"]
        elif BEGIN in text:
            process.collector.trigger = "SIGUSR1"
        else:
            process.collector.trigger = "pprof"

    def _next_dump(self, process: _Process) -> None:
        before = process.collector
        self._done.append(before)
        process.collector = Collector(self._document)
        process.collector.host, process.collector.pid = before.host, before.pid
        process.collector.prefix_program = before.prefix_program
        process.dumper_seen = False

    def _add(self, process: _Process, stack: Stack) -> None:
        trigger = _dumper(stack)
        if trigger is not None:
            if process.dumper_seen:
                self._next_dump(process)
            process.dumper_seen = True
            process.collector.trigger = process.collector.trigger or trigger
        process.collector.add(stack)

    def _finish_profile(self) -> None:
        stack = self._profile.flush()
        if stack is not None:
            self._plain.collector.add(stack)

    def _flush(self, process: _Process) -> None:
        for stack in process.assembler.flush():
            self._add(process, stack)

    def _stranger(self, number: int, text: str) -> None:
        self._strange += 1
        if self._first_strange is None:
            self._first_strange = (number, text)


def _is_mark(text: str) -> bool:
    if text.startswith("SIG"):
        return SIGNAL.match(text) is not None
    if text.startswith("goroutine profile"):
        return TITLE.match(text) is not None
    return "=== " in text and _MARK.search(text) is not None


def _dumper(stack: Stack) -> str | None:
    """What made the process print its stacks, if this is the goroutine that prints them."""
    if stack.header is None or stack.header.state != "running":
        return None
    for call in stack.calls[:4]:
        for name, trigger in _DUMPERS:
            if call.function.endswith(name):
                return trigger
    return None
