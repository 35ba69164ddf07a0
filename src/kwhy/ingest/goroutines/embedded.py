"""Dumps inside one log message.

containerd logs the dump that SIGUSR1 asks for as a single message with escaped line ends (cmd/containerd/command/
main.go, dumpStacks; 1.2 … 2.x), and so does every daemon that logs ``runtime.Stack`` through logrus or zap.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kwhy.model.document import Document, Locator
from kwhy.model.expressions import expression

#: The marks that containerd and dockerd put around a logged dump.
BEGIN, END = "=== BEGIN goroutine stack dump ===", "=== END goroutine stack dump ==="
#: A header with an escaped line end: ``goroutine 34 [running]:\\n`` as logfmt and JSON write it.
ESCAPED_HEADER = expression(r"goroutine \d{1,19} \[[^\]\n]{1,200}\]:\\n")
_ESCAPE = expression(r"\\(?:u(?P<hex>[0-9a-fA-F]{4})|x(?P<byte>[0-9a-fA-F]{2})|(?P<one>.))")
_ONE = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "v": "\v", "a": "\a"}


@dataclass(eq=False)
class LoggedDump(Document):
    """A dump that stands in one line of a log: whatever is found in it is located at that line."""

    def at(self, line: int | None = None, path: str | None = None, excerpt: str = "") -> Locator:
        if self.parent is None:
            return super().at(line, path, excerpt)
        return self.parent.at(self.first_line, excerpt=excerpt)


def holds_dump(message: str) -> bool:
    """Whether a log message carries goroutine stacks with escaped or real line ends."""
    return ESCAPED_HEADER.search(message) is not None or ("\ngoroutine " in message and "]:\n" in message)


def embedded_dump(document: Document, line: int, message: str) -> Document:
    """The dump that ``message`` carries, logged at ``line`` of ``document``.

    ``message`` is the whole log line, its message field as written (escapes and all), or the field decoded.
    """
    text = message if "]:\n" in message else _unescaped(message)
    begin = text.find(BEGIN)
    if begin > 0:
        text = text[begin:]
    end = text.find(END)
    if end >= 0:
        text = text[: end + len(END)]
    return LoggedDump(
        source=document.source,
        data=text.encode("utf-8", "surrogatepass"),
        first_line=line,
        command=document.command,
        host=document.host,
        captured=document.captured,
        parent=document,
    )


def _unescaped(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        code = found["hex"] or found["byte"]
        if code:
            value = int(code, 16)
            return chr(value) if not 0xD800 <= value <= 0xDFFF else "\ufffd"
        return _ONE.get(found["one"], found[0])

    return _ESCAPE.sub(one, text)
