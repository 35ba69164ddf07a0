"""A file before anything is known about its contents."""

from __future__ import annotations

import io
import mmap
from typing import BinaryIO, cast

import msgspec


class RawFile(msgspec.Struct, frozen=True):
    """``source`` is the path as reports print it."""

    source: str
    data: bytes | mmap.mmap


class Unreadable(msgspec.Struct, frozen=True):
    """A source or a part of one that was not read; ``why`` is a plain sentence."""

    source: str
    why: str


class _Mapped(io.RawIOBase):
    """A mapping as a file of its own position, so that several readers do not disturb each other."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self._data)}[whence]
        self._position = max(start + offset, 0)
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        end = len(self._data) if size is None or size < 0 else self._position + size
        chunk = self._data[self._position : end]
        self._position += len(chunk)
        return chunk


def reader(data: bytes | mmap.mmap) -> BinaryIO:
    """``data`` as a seekable binary file."""
    return cast(BinaryIO, io.BytesIO(data) if isinstance(data, bytes) else _Mapped(data))
