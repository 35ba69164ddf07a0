"""A streaming tar reader that trusts nothing: it yields members in order and never touches the file system.

tarfile reads whatever a header announces (a pax header of gigabytes goes to memory) and gives up the member in which an
archive was cut; evidence is often both. Sources: POSIX.1-2017 pax "Interchange Format", GNU tar "Basic Tar Format".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from kwhy.ingest.compression import Damaged
from kwhy.ingest.limits import MEBIBYTE

BLOCK = 512
#: Longest extended header (long name, pax records) that is read; real ones have some hundred bytes.
MAX_EXTENSION_BYTES = MEBIBYTE
_READ_BYTES = MEBIBYTE

_REGULAR = frozenset({b"0", b"\0", b"7"})
_WHAT = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a character device",
    b"4": "a block device",
    b"6": "a named pipe",
    b"S": "a sparse file",
}


class TarMember(msgspec.Struct):
    """``special`` says what the member is where it is no file; directories are not yielded."""

    name: str
    size: int
    special: str | None
    chunks: Callable[[], Iterator[bytes]]


class ByteStream:
    """Chunks read as a stream; ``damage`` says why it ended early, None where it did not."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""
        self.damage: str | None = None

    def read(self, size: int) -> bytes:
        """``size`` bytes, fewer only at the end."""
        parts = [self._rest]
        held = len(self._rest)
        while held < size:
            chunk = self._next()
            if chunk is None:
                break
            parts.append(chunk)
            held += len(chunk)
        whole = b"".join(parts)
        self._rest = whole[size:]
        return whole[:size]

    def _next(self) -> bytes | None:
        try:
            return next(self._chunks, None)
        except Damaged as error:
            self.damage = str(error)
            return None


def is_tar(head: bytes) -> bool:
    """Whether ``head`` begins with a tar header (any dialect, by its checksum)."""
    return len(head) >= BLOCK and _checksum_holds(head[:BLOCK])


def members(stream: ByteStream) -> Iterator[TarMember]:
    """All members. A member's chunks must be read before the next one is asked for; what is left is skipped.

    Raises :class:`Damaged` where the archive is cut or broken, after what was readable.
    """
    long_name: str | None = None
    pax: dict[str, str] = {}
    while True:
        header = stream.read(BLOCK)
        if not header.strip(b"\0"):
            if len(header) < BLOCK and (header or stream.damage):
                raise Damaged(stream.damage or "the archive ends inside a header")
            return  # the end marker, or an archive without one
        if len(header) < BLOCK:
            raise Damaged(stream.damage or "the archive ends inside a header")
        if not _checksum_holds(header):
            raise Damaged("a tar header was expected, its checksum does not hold")
        kind = header[156:157]
        size = _number(header[124:136])
        if kind in (b"L", b"K", b"x", b"g"):
            if size > MAX_EXTENSION_BYTES:
                raise Damaged(f"an extended header announces {size} bytes, at most {MAX_EXTENSION_BYTES} were expected")
            content = stream.read(-(-size // BLOCK) * BLOCK)[:size]
            if kind == b"L":
                long_name = content.rstrip(b"\0").decode("utf-8", "replace")
            elif kind == b"x":
                pax = _pax_records(content)
            continue
        if pax.get("size", "").isdecimal() and len(pax["size"]) < 19:
            size = int(pax["size"])
        name = pax.get("path") or long_name or _header_name(header)
        long_name, pax = None, {}
        body = _Body(stream, size)
        if kind != b"5" and not name.endswith("/"):
            special = None if kind in _REGULAR else _WHAT.get(kind, f"a member of unknown type {kind!r}")
            yield TarMember(name, size, special, body.chunks)
        body.skip()


class _Body:
    """The contents of one member, read at most once, exactly to its end."""

    def __init__(self, stream: ByteStream, size: int) -> None:
        self._stream = stream
        self._left = size
        self._padding = -size % BLOCK

    def chunks(self) -> Iterator[bytes]:
        while self._left:
            chunk = self._stream.read(min(self._left, _READ_BYTES))
            if not chunk:
                self._left = 0
                raise Damaged(self._stream.damage or "the archive ends inside this member")
            self._left -= len(chunk)
            yield chunk

    def skip(self) -> None:
        for _ in self.chunks():
            pass
        self._stream.read(self._padding)
        self._padding = 0


def _header_name(header: bytes) -> str:
    name = header[:100].partition(b"\0")[0]
    prefix = header[345:500].partition(b"\0")[0] if header[257:263] == b"ustar\0" else b""
    return (prefix + b"/" + name if prefix else name).decode("utf-8", "replace")


def _number(field: bytes) -> int:
    """Octal digits, or GNU's base 256 where the first bit is set. Negative or unreadable sizes count as none."""
    if field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big") if field[0] != 0xFF else 0
    digits = field.strip(b" \0")
    try:
        return max(int(digits or b"0", 8), 0)
    except ValueError:
        return 0


def _checksum_holds(header: bytes) -> bool:
    digits = header[148:156].strip(b" \0")
    try:
        stated = int(digits, 8)
    except ValueError:
        return False
    return stated == sum(header[:148]) + 8 * 0x20 + sum(header[156:]) and any(header)


def _pax_records(content: bytes) -> dict[str, str]:
    """``25 path=long/name\\n`` repeated; reading stops at the first broken record."""
    records: dict[str, str] = {}
    while content:
        length, space, _ = content[:20].partition(b" ")
        if not space or not length.isdigit() or not len(length) < int(length) <= len(content):
            break
        record = content[len(length) + 1 : int(length)]
        key, _, value = record.rstrip(b"\n").partition(b"=")
        records[key.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
        content = content[int(length) :]
    return records
