"""Where the bytes of a document live: memory if small, a mapped file if large."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from kwhy.ingest.limits import MAPPED_FROM_BYTES, WINDOW_BYTES


def kept(chunks: Iterable[bytes]) -> bytes | mmap.mmap:
    """The chunks joined: in memory, or in an anonymous temporary file where they are many."""
    held: list[bytes] = []
    size = 0
    iterator = iter(chunks)
    for chunk in iterator:
        held.append(chunk)
        size += len(chunk)
        if size >= MAPPED_FROM_BYTES:
            return _spooled(held, iterator)
    return b"".join(held)


def _spooled(held: list[bytes], rest: Iterator[bytes]) -> bytes | mmap.mmap:
    import tempfile  # with random and shutil behind it; most evidence fits into memory

    with tempfile.TemporaryFile() as file:
        file.writelines(held)
        held.clear()
        file.writelines(rest)
        file.flush()
        return mapped(file)


def mapped(file: BinaryIO) -> bytes | mmap.mmap:
    """The whole of a regular file, mapped read-only; read where it is small or cannot be mapped."""
    size = os.fstat(file.fileno()).st_size
    if size >= MAPPED_FROM_BYTES:
        try:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError:  # file systems without mmap, no descriptor left
            pass
    file.seek(0)
    return file.read()


#: Where the end of a window's last line is looked for first.
_LINE_BYTES = 4096


def windows(data: bytes | mmap.mmap, size: int = WINDOW_BYTES) -> Iterator[bytes]:
    """``data`` in pieces that end with a line end, or with some ASCII byte where a line is longer than a window.

    Mapped pages that were read are let go.
    """
    start, total = 0, len(data)
    while start < total:
        end = start + size
        if end < total:
            end = data.rfind(b"\n", max(end - _LINE_BYTES, start), end) + 1 or end
        piece = data[start:end]
        if end < total and not piece.endswith(b"\n"):
            piece = piece[: piece.rfind(b"\n") + 1] or _whole_characters(piece)
        yield piece
        released(data, start, start + len(piece))
        start += len(piece)


def _whole_characters(piece: bytes) -> bytes:
    """``piece`` without a character that its end cuts in two."""
    tail = len(piece[-64:].rstrip(bytes(range(0x80, 0x100))))
    return piece[: len(piece) - min(64, len(piece)) + tail] if tail else piece


def released(data: bytes | mmap.mmap, start: int, end: int) -> None:
    """Let the kernel take back the mapped pages between ``start`` and ``end``; reading them again maps them again."""
    if not isinstance(data, mmap.mmap) or not hasattr(mmap, "MADV_DONTNEED"):
        return
    first = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE
    last = end // mmap.PAGESIZE * mmap.PAGESIZE
    if last > first:
        data.madvise(mmap.MADV_DONTNEED, first, last - first)
