"""Records of applications' logs: a line with the stack trace, the chain of causes or the printed object below it."""

from __future__ import annotations

import mmap
from typing import NamedTuple

from kwhy.ingest.logs.frames import Frame, unwrap
from kwhy.model.expressions import expression

#: Stack traces of Spring applications have some hundred lines.
_MOST_LINES, _MOST_BYTES = 400, 64 << 10
#: A line is read so far; longer ones are no stack frames.
_LINE = 4 << 10

#: 2026-11-22T02:27:23.316123456Z stdout F … — CRI; the same without the stream — kubectl logs --timestamps.
_WRAPPED = expression(
    r"(?:\[pod/[a-z0-9./-]{3,320}\] )?(?:\S{20,40} (?:stdout|stderr) [FP] |\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z )?"
)
# "\tat com.zaxxer.hikari.pool.HikariPool.createPoolEntry(HikariPool.java:470)" · '  File "/app/db.py", line 3' ·
# "  code: 'ECONNREFUSED'," · "Caused by: java.net.ConnectException" · "}" · "During handling of the above exception,"
_BELOW = expression(
    r"[ \t]+\S|(?:Caused by: |Suppressed: |\.\.\. \d+ (?:more|common)|During handling of|The above exception was"
    r"|for call at|\(Background on|For more information check|DETAIL: |HINT: "
    r"|--->? |   --- End of|at [\w$.<>/]+\(|[})\]>][,;})\]]*$)"
)
#: java.net.ConnectException: Connection refused · redis.exceptions.ConnectionError: Error 111 … · pymysql.err.…
_EXCEPTION = expression(r"(?:[A-Za-z_][\w$]*\.)+[\w$]*(?:Exception|Error|Timeout|Failure|Denied|Interrupt)\b")
# "            ^": under the source line that threw
_CARET = expression(r"[ \t]*\^+$")
_LEVELS = ("debug", "info", "warning", "error", "fatal")
_TRACEBACK = "Traceback (most recent call last):"
# A stack frame, or source text below one: it says nothing of what went wrong.
_STACK_FRAME = expression(
    r"[ \t]*(?:at (?:async |new )?\S+?(?: \[as [^\]]{1,80}\])? ?\(|at (?:async )?(?:node:|file:|/)"
    r"|File \"[^\"]{1,300}\", line \d|\.\.\. \d+ (?:more|common)|[\^~]+$"
    r"|in <|goroutine \d|   at )"
)


class Record(NamedTuple):
    """Lines ``offsets[i]`` of the document; ``texts[i]`` is what line i says, "" for stack frames.

    The first text is without its wrappings (``head``).
    """

    offsets: tuple[int, ...]
    texts: tuple[str, ...]
    head: Frame

    @property
    def end(self) -> int:
        """The offset behind which no line belongs to the record."""
        return self.offsets[-1]


def record_at(data: bytes | mmap.mmap, offset: int) -> Record:
    """The record to which the line at ``offset`` belongs."""
    start = _start(data, offset)
    lines, offsets = _below(data, start)
    head = unwrap(lines[0])
    traceback = any(_TRACEBACK in line for line in lines)
    texts = [head.text]
    frame_above = False
    for line in lines[1:]:
        text = _content(line)
        is_frame = _STACK_FRAME.match(text) is not None
        source = traceback and frame_above and text.startswith("    ")
        texts.append("" if is_frame or source else text)
        frame_above = is_frame or source
    return Record(tuple(offsets), tuple(texts), head)


def _content(line: str) -> str:
    """A line without what the container runtime or kubectl put before it."""
    if line.startswith("{"):
        return unwrap(line).text
    found = _WRAPPED.match(line)
    return line[found.end() :] if found is not None else line


def _start(data: bytes | mmap.mmap, offset: int) -> int:
    """Back to the line that begins the record."""
    start = offset
    content = _content(_line(data, start)[0])
    for _ in range(_MOST_LINES):
        named = content.startswith(_TRACEBACK) or _EXCEPTION.match(content) is not None
        if start == 0 or offset - start > _MOST_BYTES or not (named or _BELOW.match(content) or not content):
            return start
        before = _above(data, start)
        above = _line(data, before)[0]
        above_content = _content(above)
        if named and not above_content and before:
            # Spring Boot leaves a blank line between a message and its exception.
            before = _above(data, before)
            above = _line(data, before)[0]
            above_content = _content(above)
        if named and not _holds(above, above_content, content):
            return start
        start, content = before, above_content
        if named and not _BELOW.match(content) and content:
            return start
    return start


def _above(data: bytes | mmap.mmap, start: int) -> int:
    """Where the line above the one at ``start`` begins."""
    return data.rfind(b"\n", max(0, start - 1 - _LINE), start - 1) + 1


def _holds(line: str, content: str, content_below: str) -> bool:
    """Whether an exception's own line belongs to the line above it: a stack, or a message that has a severity."""
    if not content:
        return False
    if _BELOW.match(content):
        return True
    frame = unwrap(line)
    # Python prints an uncaught exception below whatever was logged last; Java names the thread before it.
    levels = ("warning", "error", "fatal") if content_below.startswith(_TRACEBACK) else _LEVELS
    return frame.level in levels and bool(frame.stamps)


def _below(data: bytes | mmap.mmap, start: int) -> tuple[list[str], list[int]]:
    """The lines of the record that begins at ``start``, and where they begin."""
    text, end = _line(data, start)
    lines, offsets = [text], [start]
    head = unwrap(text)
    # Below an error that is printed with its time, whatever has no time is part of it.
    loose = head.level in ("error", "fatal") and _own_stamp(text)
    open_traceback = _TRACEBACK in text
    caret, spaced = False, int(head.level is not None)
    blanks: list[tuple[str, int]] = []
    while end < len(data) and len(lines) < _MOST_LINES and end - start < _MOST_BYTES:
        following = end + 1
        if following >= len(data):
            break
        text, end = _line(data, following)
        content = _content(text)
        if not content.strip():
            blanks.append((text, following))
            if len(blanks) > 2:
                break
            continue
        below = _BELOW.match(content) is not None
        opens = content.startswith(_TRACEBACK)
        # Spring Boot leaves a blank line between a message and its exception, Node.js below the caret.
        names = _EXCEPTION.match(content) is not None and len(blanks) <= spaced
        if blanks and not (below or opens or names or caret or loose):
            break
        if not (below or opens or open_traceback or names or caret or (loose and _is_loose(text, content))):
            break
        if (open_traceback or names) and not below and not opens and _own_stamp(text):
            break
        for blank in blanks:
            lines.append(blank[0])
            offsets.append(blank[1])
        blanks.clear()
        # The first line below a traceback that is not indented is the exception's own.
        open_traceback = opens or (open_traceback and below)
        caret = _CARET.match(content) is not None
        lines.append(text)
        offsets.append(following)
    return lines, offsets


def _own_stamp(line: str) -> bool:
    """Whether the program itself prints a time on the line, below what the runtime puts before it."""
    return bool(unwrap(_content(line)).stamps)


def _is_loose(line: str, content: str) -> bool:
    return not _own_stamp(line) and unwrap(content).level is None


def _line(data: bytes | mmap.mmap, start: int) -> tuple[str, int]:
    """The text of the line at ``start``, and where it ends."""
    end = data.find(b"\n", start)
    end = len(data) if end < 0 else end
    return data[start : min(end, start + _LINE)].decode("utf-8", "replace"), end
