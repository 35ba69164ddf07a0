"""JSON text in pieces: where a value ends, where a long list may be cut, where a text was cut off."""

from __future__ import annotations

import mmap
from typing import Final

import msgspec

from kwhy.ingest.storage import windows
from kwhy.model.expressions import expression

#: msgspec (msgspec/_core.c, json_has_trailing_characters): "JSON is malformed: trailing characters (byte 9)", where the
#: byte is counted behind the first character that is too much; white space before it belongs to the value.
_TRAILING: Final = expression(r"trailing characters \(byte (\d+)\)")
_SPACE: Final = expression(rb"[ \t\r\n]*")
_RAW: Final = msgspec.json.Decoder(msgspec.Raw)


class Broken(Exception):  # noqa: N818 - a finding about the document
    """No complete JSON value stands at the place. ``cut``: the text ends inside it."""

    def __init__(self, why: str, *, cut: bool) -> None:
        super().__init__(why)
        self.why = why
        self.cut = cut


def after_space(data: bytes | mmap.mmap, position: int) -> int:
    match = _SPACE.match(data, position)
    return match.end() if match else position


def trailing(error: Exception) -> int | None:
    """Where a complete value ends before something else, if that is what the decoder complained about."""
    match = _TRAILING.search(str(error))
    return int(match[1]) - 1 if match else None


def value_end(view: memoryview | bytes, start: int = 0) -> int:
    """The end of the JSON value that begins at ``start``; raises :class:`Broken`."""
    rest = view[start:]
    try:
        _RAW.decode(rest)
    except msgspec.DecodeError as error:
        end = trailing(error)
        if end is not None:
            return start + end
        raise Broken(str(error), cut="truncated" in str(error)) from error
    except RecursionError as error:
        raise Broken("nested too deeply", cut=False) from error
    return len(view)


def line_of(data: bytes | mmap.mmap, position: int, first_line: int) -> int:
    """The line of the source on which ``position`` stands."""
    line, done = first_line, 0
    for window in windows(data):
        if done + len(window) >= position:
            return line + window.count(b"\n", 0, position - done)
        line += window.count(b"\n")
        done += len(window)
    return line
