"""Dumps inside logs, cut out as documents of their own: goroutine dumps and the stacks of hung tasks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kwhy.ingest.logs.collect import Dump
from kwhy.ingest.logs.frames import Frame, unwrap
from kwhy.ingest.logs.scanner import give_back
from kwhy.model.document import Document
from kwhy.model.expressions import expression

#: A goroutine has at most 100 frames of two lines (runtime/traceback.go); registers follow the last.
_LONGEST_STACK = 300
#: Lines before the first goroutine in which the signal and the program counter stand.
_PREAMBLE = 8
_MOST_STACKS = 64
_LONGEST_MESSAGE = 256 << 20
#: SIGABRT: abort / PC=0x… m=0 sigcode=0 / panic: … — runtime/signal_unix.go sighandler, runtime/panic.go
_SIGNAL = expression(r"^(?:SIG[A-Z]{2,6}: |PC=0x|panic: |fatal error: |\[signal )")
#: A line of a Go traceback: header, function, file and line, registers; runtime/traceback.go, runtime/signal_amd64.go
_GO_STACK_LINE = expression(
    r"^$|^goroutine \d+|^created by |^\s*/?\S{1,400}\.(?:go|s|c|cgo1\.go):\d+(?![\d:])(?: \+0x[0-9a-f]+)?"
    r"|^[\w./*()\-·~$%\[\]{}]{1,600}\(.{0,400}\)"
    r"|^\.{3}\s?additional frames elided|^\w{2,6}\s+0x[0-9a-f]{1,16}$|^runtime stack:|^(?:exit status|trap|error"
    r"|oldmask|code|addr|fault) "
)
#: A line of a kernel stack dump: sched_show_task and what surrounds it (kernel/sched/core.c,
#: arch/x86/kernel/dumpstack.c)
_KERNEL_STACK_LINE = expression(
    r"^\s*$|^\s*(?:\[<[0-9a-f]{1,16}>\] )?(?:\? )?[\w.]{1,120}\+0x[0-9a-f]+/0x[0-9a-f]+|^\s*Call [Tt]race:"
    r"|^task:\S|^\s*</?TASK>"
    r"|^[\w/:.-]{1,40}\s+[RSDTtXZPI]\s+[0-9a-f]{1,20}\s+\d|^R[A-Z0-9]{1,2}P?: |^(?:ORIG_)?RAX: |^INFO: task "
    r"|^\"echo 0 > /proc/sys/kernel"
    r"|^\s+(?:Not tainted|Tainted|Blocked by)|^Code: |^(?:Workqueue|Hardware name|Sending NMI|NMI backtrace)"
    r"|^\s*[0-9a-f]{16}(?: [0-9a-f]{16}){1,3}"
    r"|^\s*0x[0-9a-f]{1,16}$"
)
_BEGIN, _END = "=== BEGIN goroutine stack dump", "=== END goroutine stack dump"


def dump_documents(
    document: Document, dumps: Sequence[Dump], messages: Sequence[tuple[int, int]]
) -> Iterator[Document]:
    """Goroutine dumps: whole messages unescaped, ranges of lines with their prefixes left in place."""
    inside = {offset for _, offset in messages}
    for number, offset in messages:
        dump = _message_dump(document, offset)
        if dump is not None:
            yield _nested(document, number, dump)
    for found in dumps:
        if found.start in inside:
            continue
        start, lines_before = _preamble(document, found.start)
        end = _end_of_stack(document, found.last)
        if start > 0 or end < len(document.data):
            yield _readable(_cut(document, found.line - lines_before, start, end))


def stack_documents(document: Document, starts: Sequence[tuple[int, int]]) -> Iterator[Document]:
    """Hung-task messages with the stacks that follow them; messages that follow one another are one document."""
    done = 0
    count = 0
    for number, offset in sorted(set(starts), key=lambda place: place[1]):
        if offset < done or count >= _MOST_STACKS:
            continue
        done = _end_of_kernel_stack(document, offset)
        count += 1
        if offset > 0 or done < len(document.data):
            yield _cut(document, number, offset, done)


class StackShare(NamedTuple):
    """How much of some lines is goroutine dump, how much kernel stack, and which of them the first line is."""

    go: float
    kernel: float
    begins_go: bool
    begins_kernel: bool


def stack_share(frames: Sequence[Frame]) -> StackShare:
    texts = [frame.text for frame in frames if frame.text.strip()]
    if not texts:
        return StackShare(0.0, 0.0, False, False)
    go = [bool(_GO_STACK_LINE.match(text) or _SIGNAL.match(text)) for text in texts]
    kernel = [bool(_KERNEL_STACK_LINE.match(text)) for text in texts]
    return StackShare(sum(go) / len(texts), sum(kernel) / len(texts), go[0], kernel[0])


def _readable(dump: Document) -> Document:
    """Journal entries in JSON become the messages in them, line by line; other prefixes stay."""
    raw = bytes(dump.data)
    if raw.lstrip()[:1] == b"{":
        dump.data = "\n".join(unwrap(line.decode("utf-8", "replace")).text for line in raw.split(b"\n")).encode()
    return dump


def _cut(document: Document, number: int, start: int, end: int) -> Document:
    nested = _nested(document, number, document.data[start:end])
    give_back(document.data, start, end)
    return nested


def _nested(document: Document, number: int, data: bytes) -> Document:
    return Document(
        document.source,
        data,
        first_line=document.first_line + number - 1,
        host=document.host,
        captured=document.captured,
        parent=document,
    )


def _message_dump(document: Document, offset: int) -> bytes | None:
    """What stands between BEGIN and END of one message, with Go's or JSON's escapes resolved."""
    data = document.data
    end = data.find(b"\n", offset, offset + _LONGEST_MESSAGE)
    raw = data[offset : end if end >= 0 else offset + _LONGEST_MESSAGE]
    begin = raw.find(_BEGIN.encode())
    if begin < 0:
        return None
    if raw.lstrip()[:1] == b"{":
        text = unwrap(raw.decode("utf-8", "replace")).text
        raw, begin = text.encode(), max(0, text.encode().find(_BEGIN.encode()))
    finish = raw.find(_END.encode(), begin)
    body = raw[begin : finish if finish >= 0 else len(raw)]
    if body.count(b"\n") > 1:
        return body
    if b"\\n" not in body:
        return None
    # Split at escaped backslashes first, so that \\n stays a backslash and an n.
    parts = body.split(b"\\\\")
    return b"\\".join(part.replace(b"\\n", b"\n").replace(b"\\t", b"\t").replace(b'\\"', b'"') for part in parts)


def _preamble(document: Document, start: int) -> tuple[int, int]:
    """The line at which the dump begins: the signal's, if it stands shortly before the first goroutine."""
    data, best, lines_before = document.data, start, 0
    position = start
    for back in range(1, _PREAMBLE + 1):
        if position == 0:
            break
        position = data.rfind(b"\n", 0, position - 1) + 1
        line = data[position : data.find(b"\n", position)][:2000].decode("utf-8", "replace")
        if _SIGNAL.match(unwrap(line).text):
            best, lines_before = position, back
    return best, lines_before


def _end_of_stack(document: Document, header: int) -> int:
    """The end of the last line that belongs to the goroutine whose header begins at ``header``."""
    return _end_of(document, header, _GO_STACK_LINE)


def _end_of_kernel_stack(document: Document, start: int) -> int:
    return _end_of(document, start, _KERNEL_STACK_LINE)


def _end_of(document: Document, start: int, belongs: re.Pattern[str]) -> int:
    data = document.data
    position = end = _next(document, start)
    for _ in range(_LONGEST_STACK):
        if position >= len(data):
            break
        following = _next(document, position)
        line = data[position : min(following, position + 2000)].decode("utf-8", "replace").rstrip("\n")
        text = unwrap(line).text
        if not belongs.match(text):
            break
        position = following
        end = following if text.strip() else end
    return end


def _next(document: Document, position: int) -> int:
    end = document.data.find(b"\n", position)
    return len(document.data) if end < 0 else end + 1
