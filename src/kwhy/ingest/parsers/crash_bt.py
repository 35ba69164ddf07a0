"""Backtraces of the crash utility (7.x, 8.x): `bt`, `bt -a`, `foreach bt`, with -l, -s or -f."""

from __future__ import annotations

from collections.abc import Iterator

from kwhy.facts.kernel import ThreadStack
from kwhy.ingest.host.stack_building import StackBuilder
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: `PID: 19246  TASK: ffff880951f70fd0  CPU: 16  COMMAND: "terwayd"`
_HEADER = expression(
    r"\s{0,8}PID: (?P<pid>\d{1,10})\s{1,8}TASK: (?P<task>[0-9a-f]{8,16})\s{1,8}CPU: \d{1,5}\s{1,8}"
    r"COMMAND: \"(?P<program>[^\"]{0,64})\"?\s{0,200}"
)
#: `#6 [ffff880826267c58] netlink_recvmsg at ffffffff815bb312`, ` #2 [ffff9] xfs_log_force+0x26c at ffffffffc0 [xfs]`
_FRAME = expression(
    r"\s{0,8}#(?P<depth>\d{1,4}) \[[0-9a-f]{8,16}\] (?P<function>[A-Za-z_][\w.$]{0,200})(?:\+(?:0x)?[0-9a-f]{1,8})? "
    r"(?:at|\(via) .{0,200}"
)
#: Lines of a backtrace that are no frames: ` (active)`, `(via system_call)`, ` --- <IRQ stack> ---`, registers,
#: ` [exception RIP: native_safe_halt+6]`, file names of -l, raw stack of -f, and the prompt.
_OTHER = expression(
    r"\s{0,8}(?:\(active\)|\(via |--- <|\[exception RIP|(?:ORIG_RAX|R[A-Z0-9]{1,2}|RFLAGS|CS|SS|DS|EFLAGS|P[CS]|X\d+|LR"
    r"|SP): |/[\w./-]{1,200}: \d|[0-9a-f]{8,16}: |bt: |crash> |crash64> |\w{1,40}> bt\b|foreach bt)"
)


def _recognise(head: Head) -> float:
    if "PID: " not in head.text and "#" not in head.text:
        return 0.0
    lines = [line for line in head.lines[:200] if line.strip()]
    headers = sum(bool(_HEADER.match(line)) for line in lines)
    frames = sum(bool(_FRAME.match(line)) for line in lines)
    if headers and frames:
        return 1.0
    return 0.9 if frames > 1 else 0.6 if headers else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    """One ThreadStack per task. crash prints the id of the thread, not that of its process."""
    builder: StackBuilder | None = None
    depth = -1
    for number, line in document.lines():
        if header := _HEADER.fullmatch(line):
            yield from _built(builder, document)
            builder, depth = StackBuilder(tid=int(header["pid"]), program=header["program"]), -1
            builder.place(number, line)
        elif frame := _FRAME.fullmatch(line):
            if builder is None or int(frame["depth"]) < depth:
                yield from _built(builder, document)
                builder = StackBuilder()
            depth = int(frame["depth"])
            builder.place(number, line)
            builder.frames.append((frame["function"], number))
        elif line.strip() and not _OTHER.match(line):
            yield Unparsed(
                document.at(number, excerpt=line.strip()), "crash backtrace: line is no header, frame or register"
            )
        elif builder is not None:
            builder.take_registers(line)
            if "(active)" in line:
                builder.state = "R"
    yield from _built(builder, document)


def _built(builder: StackBuilder | None, document: Document) -> Iterator[ThreadStack]:
    if builder is not None and builder.worth_telling:
        yield builder.built(document)


FORMAT = Format("crash-bt", _recognise, parse)
