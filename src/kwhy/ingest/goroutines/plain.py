"""The fast path: dumps as Go prints them, one stack between two blank lines.

A stack's group is known from its header's brackets and its position lines (they hold no arguments), so all but one
stack per group are never parsed: the bar is a small multiple of the time for counting the blank lines.
"""

from __future__ import annotations

import mmap
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from kwhy.ingest.goroutines.assembling import read_piece
from kwhy.ingest.goroutines.grouping import Accumulator, Collector, example_of, is_hidden
from kwhy.ingest.goroutines.syntax import read_bracket
from kwhy.model.expressions import expression

#: Bytes read at a time; the copy of one block is all the memory that the size of a dump costs.
BLOCK = 8 << 20
#: A piece longer than this (without a blank line) is no stack: Go prints at most 100 frames.
LONGEST_PIECE = 1 << 20
#: Distinct raw keys remembered; a dump with more (frame pointers in every line) falls back to careful reading.
REMEMBERED_KEYS = 4096

_FIRST_POINTER = expression(rb"\((0x[0-9a-f]+)(?=[,)])")


#: Takes a piece of the document, the number of its first line, and whether a blank line follows it.
Loose: TypeAlias = Callable[[bytes, int, bool], None]


@dataclass(slots=True)
class _Bracket:
    key: bytes
    minutes: int | None
    running: bool


def pieces(data: bytes | mmap.mmap) -> Iterator[tuple[list[bytes], bool]]:
    """The document cut at blank lines, some thousand pieces at a time, and whether a blank line follows the last.

    A block without any blank line (a journal, where every line has its prefix) is cut at a line end, or anywhere.
    """
    start, size = 0, len(data)
    while start < size:
        end, gap = min(start + BLOCK, size), 2
        if end < size:
            cut = data.rfind(b"\n\n", start, end)
            if cut <= start:
                gap = 1
                cut = data.rfind(b"\n", start, end)
                if cut <= start:
                    cut = data.find(b"\n", end)
            end = cut if cut >= 0 else size
        yield data[start:end].split(b"\n\n"), gap == 2
        start = end + gap
        _release(data, end)


def _release(data: bytes | mmap.mmap, end: int) -> None:
    """Give back the pages of a mapped file that were read. Only read-only maps: those are backed by their file."""
    if isinstance(data, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED") and memoryview(data).readonly:
        whole = end // mmap.PAGESIZE * mmap.PAGESIZE
        if whole:
            data.madvise(mmap.MADV_DONTNEED, 0, whole)


def collect(
    collector: Callable[[], Collector],
    data: bytes | mmap.mmap,
    first_line: int,
    loose: Loose,
) -> None:
    """Count every stack of ``data`` into the collector current at that moment.

    ``loose`` gets every piece that is not a stack as Go prints it, with its first line and whether a blank line follows
    it; it may make another collector the current one (a second dump in the document): it is asked for again then.
    """
    brackets: dict[bytes, _Bracket] = {}
    keys: dict[bytes, Accumulator] = {}
    current = collector()
    number = first_line
    crc32, pointer = zlib.crc32, _FIRST_POINTER.search
    for block, ends_blank in pieces(data):
        unfinished = len(block) - 1 if not ends_blank else -1
        for index_in_block, piece in enumerate(block):
            lines = piece.split(b"\n")
            line = number
            number += len(lines) + 1
            head = lines[0]
            opened = head.find(b" [")
            identity = head[10:opened]
            if (
                not head.startswith(b"goroutine ")
                or not identity.isdigit()
                or not head.endswith(b"]:")
                or index_in_block == unfinished
            ):
                number -= index_in_block == unfinished
                if piece:
                    loose(piece, line, index_in_block != unfinished)
                    if collector() is not current:
                        current, keys = collector(), {}
                continue
            inside = head[opened:]
            bracket = brackets.get(inside)
            if bracket is None:
                bracket = _read_bracket(inside)
                if len(brackets) < REMEMBERED_KEYS:
                    brackets[inside] = bracket
            places = lines[2::2]
            key = bracket.key + b"\n".join(places)
            group = keys.get(key)
            if group is None or bracket.running:
                group = _careful(piece, line, loose, current)
                if collector() is not current:
                    current, keys = collector(), {}
                if group is not None and _is_regular(lines) and not bracket.running:
                    if len(keys) >= REMEMBERED_KEYS:
                        keys.clear()
                    keys[key] = group
                continue
            minutes = bracket.minutes
            current.goroutines += 1
            current.headers += 1
            current.fingerprint += crc32(head)
            # Accumulator.count_in, written out: this is the innermost loop.
            group.count += 1
            if minutes is None:
                group.without += 1
            else:
                if group.longest is None or minutes > group.longest:
                    group.longest = minutes
                    group.longest_raw = (int(identity), line, piece)
                if group.shortest is None or minutes < group.shortest:
                    group.shortest = minutes
            if len(group.examples) < current.wanted_examples:
                _keep_example(group, piece, line)
            index = group.lock_index
            if index is not None:
                found = pointer(lines[1 + 2 * index]) if index >= 0 else None
                lock = int(found[1], 16) if found else None
                waiting = group.seen_locks.get(lock) if lock is not None else None
                if waiting is not None:
                    # The lock is known, and with it the object that it belongs to.
                    waiting.add(minutes, int(identity), line)
                else:
                    group.wait_for_lock(lock, _owner_arguments(lines, group), minutes, int(identity), line)


def _is_regular(lines: list[bytes]) -> bool:
    """Whether the stack alternates between calls and positions and hides nothing: then its positions are its key."""
    calls, places = lines[1::2], lines[2::2]
    return (
        bool(places)
        and all(place[:1] == b"\t" and place[1:2] != b"<" for place in places)
        and not any(is_hidden(_name(call)) for call in calls)
    )


def _name(call: bytes) -> str:
    return call.rpartition(b"(")[0].decode("utf-8", "replace")


def _owner_arguments(lines: list[bytes], group: Accumulator) -> str:
    if group.owner_index is None:
        return ""
    return lines[1 + 2 * group.owner_index].rpartition(b"(")[2].removesuffix(b")").decode("utf-8", "replace")


def _read_bracket(inside: bytes) -> _Bracket:
    header = read_bracket(inside[2:-2].decode("utf-8", "replace"))
    key = f"{header.state}|{header.locked}|{header.markers}\n".encode()
    return _Bracket(key, header.minutes, header.state == "running")


def _careful(piece: bytes, line: int, loose: Loose, current: Collector) -> Accumulator | None:
    """Read a stack whose group is not known yet; pieces that hold more than one stack go the loose way."""
    stack = read_piece(piece, line) if len(piece) <= LONGEST_PIECE else None
    if stack is None or stack.header is None or stack.header.state == "running":
        loose(piece, line, True)
        return None
    return current.add(stack)


def _keep_example(group: Accumulator, piece: bytes, line: int) -> None:
    stack = read_piece(piece, line)
    if stack is not None:
        group.examples.append(example_of(stack))
