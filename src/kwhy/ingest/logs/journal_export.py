"""journalctl -o export and -o verbose: one entry over many lines, KEY=VALUE each."""

from __future__ import annotations

import re

from kwhy.ingest.logs import stamps
from kwhy.ingest.logs.frames import Frame, unwrap
from kwhy.ingest.logs.json_frames import peel_journal
from kwhy.model.expressions import expression

#: Entries are a few kilobytes; what is farther away belongs to another.
_REACH = 64 << 10
_PAIR = expression(r"^ *(?P<key>_{0,2}[A-Z][A-Z0-9_]{0,63})=(?P<value>.*)$", re.MULTILINE)
#: Sat 2026-11-21 21:31:41.120579 UTC [s=0639…;i=4d1;b=…] — the head of a verbose entry, systemd 252.
_VERBOSE_HEAD = expression(
    r"^[A-Z][a-z]{2} (?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?) (?P<zone>[A-Z]{1,5}) \[s=", re.MULTILINE
)


def is_export(head: str) -> bool:
    """Whether a document's head is of this format."""
    return bool(re.search(r"^__REALTIME_TIMESTAMP=\d{10,20}$", head, re.MULTILINE)) or bool(_VERBOSE_HEAD.search(head))


def export_frame(chunk: bytes, start: int, end: int) -> Frame | None:
    """The frame of the entry around the MESSAGE line at ``chunk[start:end]``."""
    before = chunk[max(0, start - _REACH) : start]
    after = chunk[start : min(len(chunk), end + _REACH)]
    verbose = chunk[start : start + 4] == b"    "
    head = _verbose_entry(before) if verbose else before[before.rfind(b"\n\n") + 1 :]
    tail = after[: _entry_end(after, verbose)]
    text = (head + tail).decode("utf-8", "replace")
    record: dict[str, object] = {found["key"]: found["value"] for found in _PAIR.finditer(text)}
    if "MESSAGE" not in record or len(record) < 3:
        return None
    layer = peel_journal(record)
    stamp = layer.stamp
    if stamp is None and (found := _VERBOSE_HEAD.search(text)):
        stamp = stamps.with_zone_name(stamps.from_iso(found["stamp"]), found["zone"])
    inner = unwrap(layer.text)
    return inner._replace(
        kind="journal-verbose" if verbose else "journal-export",
        stamps=(stamp, *inner.stamps) if stamp is not None else inner.stamps,
        host=layer.host,
        program=layer.program or inner.program,
        pid=layer.pid if inner.pid is None else inner.pid,
        level=inner.level or layer.level,
    )


def export_frames(raw: bytes) -> list[tuple[int, Frame]]:
    """The entries of a piece of an export: the number of the MESSAGE line within it, from 1, and the frame."""
    found: list[tuple[int, Frame]] = []
    start, number = 0, 0
    while start < len(raw):
        end = raw.find(b"\n", start)
        end = len(raw) if end < 0 else end
        number += 1
        if raw[start:end].lstrip(b" ").startswith(b"MESSAGE=") and (frame := export_frame(raw, start, end)):
            found.append((number, frame))
        start = end + 1
    return found


def _verbose_entry(before: bytes) -> bytes:
    """From the entry's unindented head on."""
    position = len(before)
    while position > 0:
        line = before.rfind(b"\n", 0, position - 1) + 1
        if before[line : line + 1] not in (b" ", b""):
            return before[line:]
        position = line
    return before


def _entry_end(after: bytes, verbose: bool) -> int:
    if not verbose:
        end = after.find(b"\n\n")
        return end if end >= 0 else len(after)
    position = after.find(b"\n")
    while 0 <= position < len(after) - 1:
        if after[position + 1 : position + 2] != b" ":
            return position
        position = after.find(b"\n", position + 1)
    return len(after)
