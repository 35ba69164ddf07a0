"""What editors, chats and web pages add to every line of a text, taken off again: line numbers, quotes, frames,
HTML entities, typographic quotes.

Whether a text is decorated is decided by its first lines, and only where nearly all of them are. No line is added or
removed, so line numbers stay those of the source.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Sequence
from itertools import pairwise

from kwhy.model.expressions import expression

#: So many bytes and lines are looked at; a text with fewer lines that are not blank is left alone.
_LOOKED_AT = 1 << 14
_MOST_LINES = 200
_LEAST_LINES = 3
#: Share of the lines that must carry the decoration: a signature or a cut line may lack it.
_NEARLY_ALL = 0.92
#: Longer texts are logs and dumps, which nobody quotes.
_LONGEST = 64 << 20

#: "> NAME   READY", ">> …": a quoted mail or Markdown.
_QUOTE = expression(rb"^ ?>+")
#: "│NAME   READY    │", "┃ …", "║ …": panes of tmux, windows of dialog programs.
_FRAME = expression(rb"^ ?(?:\xe2\x94\x82|\xe2\x94\x83|\xe2\x95\x91)")
_SIDES = (b"\xe2\x94\x82", b"\xe2\x94\x83", b"\xe2\x95\x91")
#: "┌────────┐", "├──┤", "╚══╝": nothing but lines of a frame.
_FRAME_EDGE = expression(rb"^[ \t]*(?:\xe2[\x94\x95][\x80-\xbf])(?:\xe2[\x94\x95][\x80-\xbf]|[ \t])*$")
#: "   12  text" (less -N, vi), "    12\ttext" (cat -n), "  12 │ text" (bat), "12: text", "12| text", "12. text",
#: "12:text" (grep -n).
_NUMBER = expression(rb"^(?P<before>[ \t]*)(?P<number>\d{1,7})(?P<mark>[:.)|]|[ ]{0,3}\xe2\x94\x82|)(?P<gap>[ \t]*)")

#: "&lt;none&gt;", "&quot;", "&#39;", "&nbsp;": what a web page's source writes.
_ENTITY = expression(rb"&(?:lt|gt|quot|apos|nbsp|amp|#0?3[49]|#x2[27]);")
_ENTITIES = {
    b"&lt;": b"<", b"&gt;": b">", b"&amp;": b"&", b"&quot;": b'"', b"&#34;": b'"', b"&#034;": b'"', b"&#x22;": b'"',
    b"&apos;": b"'", b"&#39;": b"'", b"&#039;": b"'", b"&#x27;": b"'", b"&nbsp;": b" ",
}  # fmt: skip
#: kubectl prints these words; a page's source shows them escaped.
_ESCAPED_WORD = expression(rb"&lt;(?:none|unset|unknown|nil|invalid|not set|empty|\w+)&gt;")

_NO_BREAK_SPACE = b"\xc2\xa0"
#: “ ” „ ‟ and ‘ ’ ‚ ‛ as word processors and chats put them for " and '.
_TYPOGRAPHIC = (
    (expression(b"\xe2\x80[\x9c\x9d\x9e\x9f]"), b'"'),
    (expression(b"\xe2\x80[\x98\x99\x9a\x9b]"), b"'"),
)


def undecorated(data: bytes | mmap.mmap) -> bytes | mmap.mmap:
    """``data`` without quote marks, frames, entities and typographic quotes; the same object where there are none."""
    if len(data) > _LONGEST:
        return data
    head = bytes(data[:_LOOKED_AT])
    if _plain(head):
        return data
    if _NO_BREAK_SPACE in head:  # web pages keep runs of blanks with them
        data = bytes(data).replace(_NO_BREAK_SPACE, b" ")
    data = _without_entities(data, head)
    data = _without_typographic_quotes(data, head)
    for _ in range(3):  # a quote of a quote in a frame
        sample = _sample(data)
        if len(sample) < _LEAST_LINES:
            break
        if _share(sample, _QUOTE) >= _NEARLY_ALL:
            data = _without(_QUOTE, data, sample)
        elif _is_framed(sample):
            inner = [_unedged(line) for line in bytes(data).split(b"\n")]
            data = _without(_FRAME, b"\n".join(inner), sample)
        else:
            break
    return data


def without_margin(data: bytes | mmap.mmap) -> bytes | None:
    """``data`` without the line numbers, or else the blanks, that its lines begin with; None where there are none.

    Numbers and blanks may belong to the text (`ip rule`, `ps`): whoever asks must see which of the two reads better.
    """
    if len(data) > _LONGEST:
        return None
    sample = _sample(data)
    if len(sample) < _LEAST_LINES:
        return None
    if all(line[:1] in (b" ", b"\t") for line in sample) and (plain := _dedented(data)) is not None:
        data, sample = plain, _sample(plain)
        return _without_numbers(data, sample) or plain
    return _without_numbers(data, sample)


def _dedented(data: bytes | mmap.mmap) -> bytes | None:
    lines = bytes(data).split(b"\n")
    depth = min((len(line) - len(line.lstrip(b" \t")) for line in lines if line.strip()), default=0)
    return b"\n".join(line[depth:] for line in lines) if depth else None


def _plain(head: bytes) -> bool:
    """Whether nothing in the head can be a decoration: true of most documents, and told in microseconds."""
    first = head.lstrip(b"\n")[:8].lstrip(b" ")
    marks = (b"&", b"\xe2\x80", _NO_BREAK_SPACE)
    return first[:1] not in (b">", b"\xe2") and not any(mark in head for mark in marks)


def _sample(data: bytes | mmap.mmap) -> list[bytes]:
    """The first lines that are not blank."""
    head = bytes(data[:_LOOKED_AT])
    lines = head.split(b"\n")[:_MOST_LINES]
    if len(data) > len(head) and len(lines) > 1:
        lines.pop()
    return [line for line in lines if line.strip()]


def _share(sample: Sequence[bytes], pattern: re.Pattern[bytes]) -> float:
    return sum(pattern.match(line) is not None for line in sample) / len(sample)


def _is_framed(sample: Sequence[bytes]) -> bool:
    content = [line for line in sample if _FRAME_EDGE.match(line) is None or _FRAME.match(line) is not None]
    return bool(content) and _share(content, _FRAME) >= _NEARLY_ALL


def _unedged(line: bytes) -> bytes:
    """A line of a frame without its right side; nothing of an edge."""
    if _FRAME_EDGE.match(line) is not None and _FRAME.match(line) is None:
        return b""
    inner = line.rstrip(b" \t")
    for side in _SIDES:
        inner = inner.removesuffix(side) if len(inner) > len(side) else inner
    return inner.rstrip(b" \t")


def _without(mark: re.Pattern[bytes], data: bytes | mmap.mmap, sample: Sequence[bytes]) -> bytes:
    """The lines without ``mark``, and without one blank behind it where every marked line has one."""
    ends = [(line, match.end()) for line in sample if (match := mark.match(line)) is not None]
    blank = all(line[end : end + 1] in (b"", b" ") for line, end in ends)
    lines = bytes(data).split(b"\n")
    for index, line in enumerate(lines):
        match = mark.match(line)
        if match is not None:
            rest = line[match.end() :]
            lines[index] = rest.removeprefix(b" ") if blank else rest
    return b"\n".join(lines)


def _without_numbers(data: bytes | mmap.mmap, sample: Sequence[bytes]) -> bytes | None:
    found = [match for line in sample if (match := _NUMBER.match(line)) is not None]
    if len(found) < max(_NEARLY_ALL * len(sample), _LEAST_LINES) or _NUMBER.match(sample[0]) is None:
        return None
    numbers = [int(match["number"]) for match in found]
    steps = [after - before for before, after in pairwise(numbers)]
    marks = {match["mark"].strip() for match in found}
    if len(marks) != 1:
        return None
    mark = marks.pop()
    if mark == b":" and all(step > 0 for step in steps) and any(step > 3 for step in steps):
        return _by_lines(data, 0)  # grep -n
    if sum(1 <= step <= 3 for step in steps) < _NEARLY_ALL * len(steps):  # blank lines may be numbered or not
        return None
    content = [match for match in found if match.end() < len(match.string)]
    if not mark and not all(match["gap"] for match in content):
        return None
    return _by_lines(data, min((_margin(match) for match in content), default=0))


def _margin(match: re.Match[bytes]) -> int:
    """How many characters between the number and the text belong to the margin: one tab, or blanks."""
    gap = match["gap"]
    return 1 if gap[:1] == b"\t" else len(gap)


def _by_lines(data: bytes | mmap.mmap, margin: int) -> bytes:
    """The lines without their numbers and at most ``margin`` characters behind them."""
    lines = bytes(data).split(b"\n")
    for index, line in enumerate(lines):
        match = _NUMBER.match(line)
        if match is not None:
            lines[index] = line[match.start("gap") + min(len(match["gap"]), margin) :]
    return b"\n".join(lines)


def _without_entities(data: bytes | mmap.mmap, head: bytes) -> bytes | mmap.mmap:
    escaped = _ESCAPED_WORD.search(head) is not None and b"<none>" not in head
    quoted = b"&quot;" in head and b'"' not in head
    if not escaped and not quoted:
        return data
    return _ENTITY.sub(lambda match: _ENTITIES.get(match[0], match[0]), bytes(data))


def _without_typographic_quotes(data: bytes | mmap.mmap, head: bytes) -> bytes | mmap.mmap:
    """Where a text has no plain quotes at all, its typographic ones stand for them."""
    for pattern, plain in _TYPOGRAPHIC:
        if pattern.search(head) is not None and plain not in head:
            data = pattern.sub(plain, bytes(data))
    return data
