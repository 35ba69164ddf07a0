"""Stacks of tasks in the kernel log: hung-task messages, sysrq-w (blocked tasks), sysrq-t (all tasks).

Sources: kernel/hung_task.c check_hung_task; kernel/sched/core.c sched_show_task; arch/x86/kernel/dumpstack.c
(Linux 2.6 to 6.12). The log's own parser may call :func:`task_stacks` for the blocks in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kwhy.facts.kernel import ThreadStack
from kwhy.ingest.host.stack_building import StackBuilder
from kwhy.model.document import Document
from kwhy.model.expressions import expression

#: `Mar  5 03:45:22 hostname kernel: [732480.608084] `, `[13064037.892855] `, `[Mon Nov 21 21:31:41 2026] `,
#: `<4>[12.3] `, `[    1.2][  T123] `
_PREFIX = expression(
    r"(?:<\d{1,3}>)?(?:[^\n]{0,200}?\bkernel: ?)?(?:\[ {0,12}\d{1,12}\.\d{1,9}\]|\[[A-Z][a-z]{2} [^\]\n]{10,40}\])?"
    r"(?:\[ {0,8}[TC]\d{1,10}\])?"
)
#: `INFO: task docker:102958 blocked for more than 120 seconds.`
_HUNG = expression(
    r"\s?INFO: task (?P<program>.{1,64}):(?P<tid>\d{1,10}) blocked (?:in I/O wait )?"
    r"for more than (?P<seconds>\d{1,9}) seconds"
)
#: `task:runc:[1:CHILD]  state:D stack:0     pid:42539 tgid:42539 ppid:4405   flags:0x00000002` (since 5.10)
_TASK = expression(
    r"\s?task:(?P<program>.{1,64}?)\s{1,16}state:(?P<state>\S)\s{1,4}stack:\s{0,8}\d{1,8}\s{1,8}pid:\s{0,8}(?P<tid>\d{1,10})"
    r"\s{1,8}(?:tgid:\s{0,8}(?P<tgid>\d{1,10})\s{1,8})?ppid:\s{0,8}(?P<ppid>\d{1,10})\b.{0,100}"
)
#: `docker          D ffff88203e6b3680     0 102958      1 0x00000080` (to 4.8),
#: `kworker/u4:6    D    0   293      2 0x00000000` (to 5.9)
_OLD_TASK = expression(
    r"\s?(?P<program>\S.{0,40}?)\s{1,16}(?P<state>[RSDTtXZIPWK])\s{1,8}(?:running task\s{1,8}|[0-9a-f]{8,16}\s{1,8})?"
    r"\d{1,8}\s{1,10}(?P<tid>\d{1,10})\s{1,8}(?P<ppid>\d{1,10})\s{1,4}0x[0-9a-f]{1,16}\s{0,8}"
)
#: What the old form ends with: "0x", up to 16 digits, up to 8 blanks.
_FLAGS_LENGTH = 26
#: `Workqueue: netns cleanup_net`
_WORKQUEUE = expression(r"\s?Workqueue: (?P<work>.{1,120})")
#: Kernel threads are children of kthreadd, pid 2, and processes of one thread.
_KTHREADD = 2


def is_task_header(line: str) -> bool:
    """Whether a line of a kernel log begins the stack of a task."""
    if "task" not in line and "0x" not in line[-_FLAGS_LENGTH:]:
        return False
    text = message_of(line)
    return bool(_TASK.fullmatch(text) or _OLD_TASK.fullmatch(text) or _HUNG.match(text))


def message_of(line: str) -> str:
    """A kernel log line without time and host."""
    match = _PREFIX.match(line)
    return line[match.end() :] if match else line


def task_stacks(lines: Iterable[tuple[int, str]], document: Document) -> Iterator[ThreadStack]:
    """The task stacks among ``lines`` (number, line of the kernel log); other messages between are passed over."""
    builder: StackBuilder | None = None
    for number, line in lines:
        text = message_of(line)
        begun = _begun(text, number, builder)
        if begun is not None:
            if builder is not None and builder is not begun and builder.worth_telling:
                yield builder.built(document)
            builder = begun
        elif builder is not None:
            _continue(builder, text, number)
    if builder is not None and builder.worth_telling:
        yield builder.built(document)


def _begun(text: str, number: int, before: StackBuilder | None) -> StackBuilder | None:
    """The stack that this line opens: a new one, or that of the hung-task message above it."""
    if hung := _HUNG.match(text):
        builder = StackBuilder(tid=int(hung["tid"]), program=hung["program"], state="D")
        builder.blocked_seconds = int(hung["seconds"])
        builder.place(number, text)
        return builder
    task = _TASK.fullmatch(text) or _OLD_TASK.fullmatch(text)
    if task is None:
        return None
    tid = int(task["tid"])
    awaited = before is not None and before.tid == tid and not before.frames and not before.fallback
    builder = before if awaited and before is not None else StackBuilder(tid=tid)
    builder.program = builder.program or task["program"].strip()
    builder.state = task["state"]
    tgid = task.groupdict().get("tgid")
    builder.pid = int(tgid) if tgid else tid if int(task["ppid"]) == _KTHREADD else None
    builder.place(number, text)
    return builder


def _continue(builder: StackBuilder, text: str, number: int) -> None:
    if work := _WORKQUEUE.fullmatch(text):
        builder.workqueue = work["work"].strip()
    elif not builder.take_frame(text, number):
        builder.take_registers(text)
