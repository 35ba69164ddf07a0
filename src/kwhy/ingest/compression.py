"""Decompression as streams of chunks, chosen by magic bytes, safe against bombs and cuts."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

from kwhy.ingest.limits import MEBIBYTE

CHUNK_BYTES = MEBIBYTE
#: xz -9 needs 65 MiB to decompress (xz(1)), zstd --ultra -22 a window of 128 MiB (zstd(1)); more is no log archive.
MEMORY_BYTES = 256 * MEBIBYTE


class Damaged(Exception):  # noqa: N818 - a finding about the source
    """The compressed stream ends early or is broken; what was unpacked before is good."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def needs_input(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


class _Gzip:
    """zlib's object with the interface of the other two."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def unused_data(self) -> bytes:
        return self._inflate.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._inflate.unconsumed_tail

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inflate.decompress(self._inflate.unconsumed_tail + data, max_length)


def _framed(source: BinaryIO, new: Callable[[], _Decompressor]) -> Iterator[bytes]:
    """All concatenated members of a gzip, bzip2 or xz file."""
    unpack = new()
    fed = b""
    any_input = False
    while True:
        if not fed and unpack.needs_input:
            fed = source.read(CHUNK_BYTES)
            if not fed:
                if any_input:
                    raise Damaged("it ends in the middle of the compressed data")
                return
        any_input = True
        yield unpack.decompress(fed, CHUNK_BYTES)
        fed = b""
        if unpack.eof:
            fed = unpack.unused_data.lstrip(b"\0")
            any_input = bool(fed)
            unpack = new()


def _zstd(source: BinaryIO) -> Iterator[bytes]:
    import zstandard  # only where needed: start-up time

    unpack = zstandard.ZstdDecompressor(max_window_size=MEMORY_BYTES)
    try:
        with unpack.stream_reader(source, read_across_frames=True, closefd=False) as reader:
            while chunk := reader.read(CHUNK_BYTES):
                yield chunk
    except zstandard.ZstdError as error:
        raise Damaged(f"zstd: {error}") from error


_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b\x08", "gzip"),  # RFC 1952 2.3
    (b"\xfd7zXZ\x00", "xz"),  # The .xz File Format 2.1.1.1
    (b"\x28\xb5\x2f\xfd", "zstd"),  # RFC 8878 3.1.1
    (b"BZh", "bzip2"),
)


def compression(head: bytes) -> str | None:
    """The name of the compression that ``head`` begins with; None for none."""
    for magic, name in _MAGIC:
        if head.startswith(magic) and (name != "bzip2" or head[4:10] == b"1AY&SY"):
            return name
    return None


def unpacked(source: BinaryIO, name: str) -> Iterator[bytes]:
    """The decompressed contents in chunks; raises :class:`Damaged` after the last good chunk."""
    import bz2  # with lzma, only where something is packed
    import lzma

    try:
        if name == "zstd":
            yield from _zstd(source)
        elif name == "gzip":
            yield from _framed(source, _Gzip)
        elif name == "xz":
            yield from _framed(source, lambda: lzma.LZMADecompressor(memlimit=MEMORY_BYTES))
        else:
            yield from _framed(source, bz2.BZ2Decompressor)
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
        raise Damaged(f"{name}: {error}") from error
