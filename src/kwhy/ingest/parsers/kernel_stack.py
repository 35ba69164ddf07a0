"""Kernel stacks from /proc: `cat /proc/PID/stack`, `grep . /proc/*/task/*/stack`, and scripts that print a header
before each, with /proc/PID/syscall, wchan, comm and status mixed in. Linux 2.6 (`[<ffffffff8157935f>] f+0x1/0x2`) to
6.18 (`[<0>] f+0x1/0x2`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kwhy.ingest.host.stack_building import FRAME, StackBuilder
from kwhy.ingest.invocation import Invocation, invocation
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: `/proc/4545/task/4547/stack:[<0>] …` (grep), `==> /proc/4545/stack <==` (head, tail), `4545/task/4547/wchan:`
_PROC_PATH = expression(
    r"^(?P<before>[^\[]{0,40}?)(?:/?proc/|(?<![\w/])(?:\./)?)(?P<pid>\d{1,10})(?:/task/(?P<tid>\d{1,10}))?"
    r"/(?P<file>stack|syscall|wchan|comm|status)\b(?P<after>.*)$"
)
#: The files of /proc named by a command: `cat /proc/4545/task/4547/stack`
_PROC_ARGUMENT = expression(r"/proc/(?P<pid>\d{1,10})(?:/task/(?P<tid>\d{1,10}|\*))?/(?P<file>stack|syscall|wchan)$")
#: `== pid 4545 (netfabricd) thread 4547 state S wchan do_epoll_wait`, `PID: 4545 TID: 4547`, `--- tid=4547 comm=x`
_NUMBERED = expression(
    r"\b(?P<word>pid|process|tid|thread|lwp|task)\b[\s:=#]{1,3}(?P<number>\d{1,10})\b", re.IGNORECASE
)
_PROGRAM = expression(
    r"\((?P<in_brackets>[^()]{1,64})\)|\b(?:comm|name|command|cmd)[\s:=]{1,3}\"?(?P<named>[\w./:-]{1,64})"
)
_STATE = expression(r"\bstate[\s:=]{1,3}(?P<state>[RSDTtXZIPWK])\b", re.IGNORECASE)
_WCHAN = expression(r"\bwchan[\s:=]{1,3}(?P<wchan>[\w.]{1,80})", re.IGNORECASE)
#: `4547`, `== 4547 ==`, `4547 (kubelet)` above a stack
_LONE_NUMBER = expression(
    r"[=#>* -]{0,10}(?P<number>\d{1,10})(?:\s+\(?(?P<program>[A-Za-z][\w./:-]{0,63})\)?)?[=#<:* -]{0,10}"
)
#: `Name:	netfabricd`, `State:	D (disk sleep)`, `Tgid:	4545`, `Pid:	4547` (/proc/PID/status)
_STATUS = expression(r"(?P<key>Name|State|Tgid|Pid):\t\s*(?P<value>\S.{0,80})")
#: `cat: /proc/1/stack: Permission denied`
_REFUSED = expression(r"(?:cat|grep|head|tail|awk|sed): .{1,300}: .{1,100}")

#: The outermost frames of a stack: what follows belongs to another one.
_OUTERMOST = expression(
    r"entry_SYSCALL_64|ret_from_fork|system_call_fast|system_call_after|tracesys|el0t_64_sync|el0_svc_naked|el0_sync"
    r"|entry_SYSENTER|int_ret_from_sys_call|stub_|page_fault|asm_exc_|asm_sysvec_|kernel_thread_starter"
)
_LISTED_PROBLEMS = 10


def _recognise(head: Head) -> float:
    lines = head.lines[:400]
    if any("Call Trace:" in line or "Call trace:" in line for line in lines):
        return 0.0  # the kernel log
    framed = sum(1 for line in lines if "[<" in line and _is_stack_line(line))
    if framed:
        return 0.95 if framed > 1 else 0.85
    if sum(bool(_proc_file(line)) for line in lines[:40]) > 1:
        return 0.7
    line = invocation(head.command)
    return 0.85 if line is not None and _paths_of(line) else 0.0


def _is_stack_line(line: str) -> bool:
    path = _proc_file(line)
    return bool(FRAME.fullmatch(path["after"].removeprefix(":") if path else line))


def _proc_file(line: str) -> re.Match[str] | None:
    match = _PROC_PATH.match(line) if "/" in line else None
    if match and (match["after"][:1] in ("", ":", " ", "<", "=", "-")):
        return match
    return None


def parse(document: Document) -> Iterator[Parsed]:
    """One ThreadStack per thread; threads of which only the wait channel or system call is shown have no frames."""
    reader = _Reader(document)
    problems = 0
    for number, line in document.lines():
        if not reader.take(number, line):
            problems += 1
            if problems <= _LISTED_PROBLEMS:
                why = "not readable" if _REFUSED.match(line) else "line is no frame, header or content of /proc"
                yield Unparsed(document.at(number, excerpt=line.strip()), f"kernel stack: {why}")
    if problems > _LISTED_PROBLEMS:
        yield Unparsed(document.at(document.first_line), f"kernel stack: {problems - _LISTED_PROBLEMS} more such lines")
    for builder in reader.builders:
        if builder.worth_telling:
            yield builder.built(document)


class _Reader:
    """Assigns each line to a thread: by the path on it, by the header above it, or by the order of the command."""

    def __init__(self, document: Document) -> None:
        self.builders: list[StackBuilder] = []
        self.by_path: dict[tuple[int, int | None], StackBuilder] = {}
        self.current: StackBuilder | None = None
        self.file = "stack"
        line = invocation(document.command)
        self.expected = _paths_of(line) if line else []

    def take(self, number: int, line: str) -> bool:
        """Whether the line was understood."""
        if path := _proc_file(line):
            return self._take_path(number, path)
        text = line.strip()
        if not text:
            if self.current is not None and self.current.frames:
                self.current.ended = True
            return True
        return self._take_content(number, line) or self._take_header(number, text)

    def _take_path(self, number: int, path: re.Match[str]) -> bool:
        pid, tid = int(path["pid"]), int(path["tid"]) if path["tid"] else None
        self.current = self.by_path.get((pid, tid))
        if self.current is None:
            self.current = self._begin(pid=pid, tid=tid if tid is not None else pid)
            self.by_path[pid, tid] = self.current
        self.file = path["file"]
        rest = path["after"].removeprefix(":")
        if rest.strip(" <=-") == "":
            return True
        return self._take_content(number, rest)

    def _begin(self, pid: int | None = None, tid: int | None = None) -> StackBuilder:
        builder = StackBuilder(pid=pid, tid=tid)
        self.builders.append(builder)
        return builder

    def _take_content(self, number: int, text: str) -> bool:
        if FRAME.fullmatch(text) or text.lstrip().startswith("[<"):
            return self._for_frame(text).take_frame(text, number)
        current = self.current
        if status := _STATUS.fullmatch(text.rstrip()):
            return self._take_status(status["key"], status["value"], number, text)
        if text.strip() == "running" or text.lstrip()[:1].isdigit() or text.startswith("-1 "):
            if current is None or (current.frames and not self.by_path) or current.syscall is not None:
                current = None
            if StackBuilder().take_syscall(text, number):
                target = current or self._begin(*self._next_expected())
                self.current = target
                return target.take_syscall(text, number)
        if current is not None and self.file in ("wchan", "comm") and not text.strip().count(" "):
            current.place(number, text)
            if self.file == "wchan":
                current.wchan = text.strip()
            else:
                current.program = text.strip()
            return True
        return False

    def _for_frame(self, text: str) -> StackBuilder:
        """The stack that a frame belongs to: another one begins after an outermost frame."""
        current = self.current
        if current is not None and current.frames and not self.by_path:
            outermost = bool(_OUTERMOST.match(current.frames[-1][0]))
            continues = bool(_OUTERMOST.search(text)) or "0xffffffffffffffff" in text
            if (current.ended or outermost) and not continues:
                current = None
        if current is None:
            current = self._begin(*self._next_expected())
        self.current = current
        return current

    def _next_expected(self) -> tuple[int | None, int | None]:
        """The thread that the command names for the stack that begins now."""
        if not self.expected:
            return None, None
        path = self.expected.pop(0) if len(self.expected) > 1 else self.expected[0]
        pid, tid = int(path["pid"]), path["tid"]
        return pid, pid if tid is None else int(tid) if tid.isdigit() else None

    def _take_status(self, key: str, value: str, number: int, text: str) -> bool:
        current = self.current
        if key == "Name" or current is None:
            current = self.current if self.by_path and self.current else self._begin()
            self.current = current
        current.place(number, text)
        if key == "Name":
            current.program = value.strip()
        elif key == "State":
            current.state = value[:1]
        elif value.strip().isdigit() and len(value) < 11:
            if key == "Tgid":
                current.pid = int(value)
            else:
                current.tid = int(value)
        return True

    def _take_header(self, number: int, text: str) -> bool:
        numbers = {match["word"].lower(): int(match["number"]) for match in _NUMBERED.finditer(text[:400])}
        lone = _LONE_NUMBER.fullmatch(text)
        if not numbers and not lone:
            return False
        pid = numbers.get("pid", numbers.get("process"))
        tid = next((numbers[word] for word in ("tid", "thread", "lwp", "task") if word in numbers), None)
        builder = self._begin(pid, tid)
        self.by_path.clear()
        builder.place(number, text)
        if lone and not numbers:
            builder.tid, builder.program = int(lone["number"]), (lone["program"] or "").rpartition("/")[2]
        if program := _PROGRAM.search(text[:400]):
            builder.program = builder.program or program["in_brackets"] or program["named"]
        if state := _STATE.search(text[:400]):
            builder.state = state["state"]
        if wchan := _WCHAN.search(text[:400]):
            builder.wchan = wchan["wchan"]
        self.current, self.file = builder, "stack"
        return True


def _paths_of(line: Invocation) -> list[re.Match[str]]:
    """The stacks that a command such as `cat /proc/1/stack /proc/2/stack` prints, in order."""
    return [match for argument in line.arguments if (match := _PROC_ARGUMENT.search(argument))]


FORMAT = Format("kernel-stack", _recognise, parse)
