"""Any encoding and any terminal's decoration to UTF-8 with LF line ends. No line is added or removed.

Clean files pass untouched, still mapped: they are scanned once, window by window.
"""

from __future__ import annotations

import codecs
import mmap
import re
from collections.abc import Callable, Iterator

from kwhy.ingest.capture.magic import is_capture
from kwhy.ingest.limits import HEAD_BYTES, SCAN_BYTES
from kwhy.ingest.storage import kept, windows
from kwhy.model.expressions import expression

_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with the one of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

#: ECMA-48 5.4 control sequences (colours, cursor), "\x1b[31m"; xterm's "ctlseqs" for the others.
_CONTROL_SEQUENCE = rb"\x1b\[[0-?]{0,64}[ -/]{0,8}[@-~]"
#: Operating system commands, "\x1b]0;root@n1: ~\x07" (window title), "\x1b]8;;http://…\x1b\\" (link).
_SYSTEM_COMMAND = rb"\x1b[\]P^_][^\x07\x1b\n]{0,4096}(?:\x07|\x1b\\)"
_CHARACTER_SET = rb"\x1b[()*+#%][0-9A-Za-z@]"
_SHORT_ESCAPE = rb"\x1b[0-9=>@-Z\\^_`a-z~]"
TERMINAL_CODES = expression(b"|".join((_CONTROL_SEQUENCE, _SYSTEM_COMMAND, _CHARACTER_SET, _SHORT_ESCAPE)))

_DIRTY = expression(rb"[\r\x1b\x08]")
#: Control characters that no text contains (tab, line feed, return, form feed, backspace, bell, escape are fine).
_CONTROLS = bytes(c for c in range(1, 32) if c not in b"\t\n\r\f\b\a\x1b\v")
#: Shares of a document's head above which it is no text. After a power cut a log holds a run of NULs, nothing else.
CONTROL_SHARE = 0.01
NUL_SHARE = 0.3


def is_binary(data: bytes | mmap.mmap) -> bool:
    """Whether ``data`` is no text in any encoding known here."""
    head = bytes(data[:HEAD_BYTES])
    if is_capture(head):  # one of plain HTTP holds few control characters
        return True
    if _marked_encoding(head) is not None or _unmarked_utf16(head) is not None:
        return False
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls > CONTROL_SHARE * len(head) or head.count(0) > NUL_SHARE * len(head)


def normalised(data: bytes | mmap.mmap) -> bytes | mmap.mmap:
    """``data`` as UTF-8 with LF line ends and without terminal codes; the same object where it is that already."""
    head = bytes(data[:HEAD_BYTES])
    marked = _marked_encoding(head)
    if marked is not None and marked[0] == "utf-8":
        data = kept(_from(data, len(codecs.BOM_UTF8)))
    elif marked is not None:
        data = kept(_transcoded(data, marked[0], marked[1]))
    elif (guessed := _unmarked_utf16(head)) is not None:
        data = kept(_transcoded(data, guessed, 0))
    steps = _steps(data)
    return kept(_through(steps, data)) if steps else data


def _marked_encoding(head: bytes) -> tuple[str, int] | None:
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding, len(mark)
    return None


def _unmarked_utf16(head: bytes) -> str | None:
    """UTF-16 without a mark: a zero beside nearly every ASCII character, all on one side."""
    sample = head[: 4096 - 4096 % 2]
    pairs = len(sample) // 2
    if pairs < 8 or (len(head) % 2 and len(head) < HEAD_BYTES):
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd > 0.4 * pairs and even < 0.02 * pairs:
        return "utf-16-le"
    if even > 0.4 * pairs and odd < 0.02 * pairs:
        return "utf-16-be"
    return None


def _from(data: bytes | mmap.mmap, start: int) -> Iterator[bytes]:
    for position in range(start, len(data), HEAD_BYTES * 16):
        yield data[position : position + HEAD_BYTES * 16]


def _transcoded(data: bytes | mmap.mmap, encoding: str, start: int) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for chunk in _from(data, start):
        yield decoder.decode(chunk).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


_Step = Callable[[bytes], bytes]


def _steps(data: bytes | mmap.mmap) -> list[_Step]:
    """What has to be done to every window of ``data``."""
    foreign = returns = codes = erased = newline = False
    for window in windows(data, SCAN_BYTES):
        foreign = foreign or not (window.isascii() or _is_utf8(window))
        returns = returns or b"\r" in window
        codes = codes or b"\x1b" in window
        erased = erased or b"\x08" in window
        newline = newline or b"\n" in window
    steps: list[_Step] = []
    if foreign:
        steps.append(_decoded)
    if codes:
        steps.append(lambda window: TERMINAL_CODES.sub(b"", window))
    if erased:
        steps.append(_without_erased)
    if returns:
        steps.append(_line_feeds if newline else lambda window: window.replace(b"\r", b"\n"))
    return steps


def _through(steps: list[_Step], data: bytes | mmap.mmap) -> Iterator[bytes]:
    for window in windows(data):
        for step in steps:
            window = step(window)
        yield window


def _is_utf8(window: bytes) -> bool:
    try:
        window.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _line_feeds(window: bytes) -> bytes:
    """Line ends "\\r\\n" and "\\r\\r\\n" (script(1)) become "\\n"; a return inside a line stays."""
    return re.sub(rb"\r{1,4}\n", b"\n", window).removesuffix(b"\r")


def _without_erased(window: bytes) -> bytes:
    """What a terminal shows after backspaces: "cat\\b\\b\\bls" → "ls"."""
    lines = window.split(b"\n")
    for number, line in enumerate(lines):
        if b"\x08" in line:
            shown: list[str] = []
            for character in line.decode("utf-8", "replace"):
                if character != "\b":
                    shown.append(character)
                elif shown:
                    shown.pop()
            lines[number] = "".join(shown).encode()
    return b"\n".join(lines)


def _decoded(window: bytes) -> bytes:
    """Line by line: files glued from several systems mix encodings."""
    return b"\n".join(line if line.isascii() or _is_utf8(line) else _foreign_line(line) for line in window.split(b"\n"))


def _foreign_line(line: bytes) -> bytes:
    """A line that is not UTF-8: Chinese in GB18030 (of which GBK is a part), else UTF-8 with damage."""
    as_utf8 = line.decode("utf-8", "replace")
    damage = as_utf8.count("\ufffd")
    foreign = sum(character > "\x7f" for character in as_utf8)
    if damage * 4 > foreign:  # otherwise it is UTF-8 that was cut
        try:
            as_chinese = line.decode("gb18030")
        except UnicodeDecodeError:
            pass
        else:
            if _reads_as_chinese(as_chinese):
                return as_chinese.encode()
    return as_utf8.encode()


def _reads_as_chinese(text: str) -> bool:
    """Whether most of what is not ASCII is Chinese; bytes of other encodings decode into rare characters."""
    foreign = [character for character in text if character > "\x7f"]
    common = sum("\u4e00" <= c <= "\u9fa5" or "\u3000" <= c <= "\u303f" or "\uff00" <= c <= "\uffef" for c in foreign)
    return common >= 0.7 * len(foreign)
