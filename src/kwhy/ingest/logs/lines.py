"""Candidate lines: cut out of a chunk, numbered, decoded, unwrapped."""

from __future__ import annotations

from typing import NamedTuple

from kwhy.ingest.logs.frames import Frame, unwrap
from kwhy.ingest.logs.journal_export import export_frame

#: Of a longer line its beginning and what surrounds the anchor are read.
LONGEST = 16 << 10
_AROUND = 4 << 10


class Line(NamedTuple):
    """A line worth reading: its number from 1 within the document, its bytes' place, its text and frame."""

    number: int
    offset: int
    text: str
    frame: Frame
    cut: bool


def read_line(chunk: bytes, base: int, number: int, start: int, end: int, anchor: int) -> Line:
    """The line at ``chunk[start:end]`` in which an anchor ends at ``anchor``."""
    cut = end - start > LONGEST
    raw = chunk[start:end]
    if cut:
        near = max(512, anchor - start - _AROUND)
        raw = (
            chunk[start : start + LONGEST]
            if anchor - start < LONGEST - _AROUND
            else (chunk[start : start + 512] + " … ".encode() + chunk[start + near : min(end, anchor + 2 * _AROUND)])
        )
    text = raw.decode("utf-8", "replace")
    frame = unwrap(text)
    if frame.kind is None and text.startswith(("MESSAGE=", "    MESSAGE=")):
        frame = export_frame(chunk, start, end) or frame
    return Line(number, base + start, text, frame, cut)
