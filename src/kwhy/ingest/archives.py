"""Archives and compressed files, opened by content: their members as raw files, and a line for each that was refused.

Nothing is extracted: contents go to memory or to an anonymous temporary file, names are only names.
"""

from __future__ import annotations

import stat
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from kwhy.ingest.compression import CHUNK_BYTES, Damaged, compression, unpacked
from kwhy.ingest.limits import Limits
from kwhy.ingest.raw import RawFile, Unreadable, reader
from kwhy.ingest.storage import kept
from kwhy.ingest.tar import BLOCK, ByteStream, is_tar, members

if TYPE_CHECKING:
    import zipfile

Opened: TypeAlias = RawFile | Unreadable

_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")


class LimitMet(Exception):  # noqa: N818 - a finding about the source
    """A bound of :class:`Limits` was met; the text says which."""


@dataclass
class Budget:
    """What all sources of one run may still unpack."""

    limits: Limits
    unpacked: int = 0
    members: int = 0
    names: set[str] = field(default_factory=set)

    def member(self) -> None:
        self.members += 1
        if self.members > self.limits.members:
            raise LimitMet(f"more than {self.limits.members} members; the rest was not read")

    def counted(self, chunks: Iterator[bytes], packed: Callable[[], int] | None = None) -> Iterator[bytes]:
        """The chunks, stopped with :class:`LimitMet` where they become too many for ``packed`` bytes of input."""
        limits, own = self.limits, 0
        for chunk in chunks:
            own += len(chunk)
            self.unpacked += len(chunk)
            if own > limits.member_bytes:
                raise LimitMet(f"it unpacks to more than {limits.member_bytes} bytes")
            if self.unpacked > limits.total_bytes:
                raise LimitMet(f"the sources unpack to more than {limits.total_bytes} bytes")
            if packed is not None and own > limits.ratio_floor and own > limits.ratio * max(packed(), 1):
                raise LimitMet(f"it unpacks to more than {limits.ratio} times its size")
            yield chunk


def opened(file: RawFile, budget: Budget, depth: int = 0) -> Iterator[Opened]:
    """``file`` itself if it is no archive, else everything in it."""
    head = bytes(file.data[:BLOCK])
    packing = compression(head)
    if packing is None and not head.startswith(_ZIP_MAGIC) and not is_tar(head):
        yield file
        return
    if depth > budget.limits.nesting:
        yield Unreadable(file.source, f"an archive inside {depth} archives; at most {budget.limits.nesting} are opened")
        return
    try:
        if packing is not None:
            yield from _decompressed(file, packing, budget, depth)
        elif is_tar(head):
            yield from _tar_members(file.source, ByteStream(_chunks_of(reader(file.data))), budget, depth)
        else:
            yield from _zip_members(file, budget, depth)
    except LimitMet as limit:
        yield Unreadable(file.source, f"{limit}")


def _chunks_of(source: BinaryIO) -> Iterator[bytes]:
    while chunk := source.read(CHUNK_BYTES):
        yield chunk


def _decompressed(file: RawFile, packing: str, budget: Budget, depth: int) -> Iterator[Opened]:
    packed = reader(file.data)
    stream = ByteStream(budget.counted(unpacked(packed, packing), packed.tell))
    head = stream.read(BLOCK)
    if is_tar(head):
        # Its members are counted one by one below; the stream itself is bounded by ratio and total.
        yield from _tar_members(file.source, ByteStream(_again(head, stream)), budget, depth)
        return
    data = kept(_again(head, stream))
    if stream.damage is not None:
        yield Unreadable(file.source, f"{stream.damage}; what could be unpacked before was read")
        if not data:
            return
    # A compressed archive is one archive; a zip in a gzip counts as nested.
    yield from opened(RawFile(file.source, data), budget, depth + 1)


def _again(head: bytes, stream: ByteStream) -> Iterator[bytes]:
    """The stream with ``head`` put back; it ends where the stream is damaged, and the stream remembers why."""
    if head:
        yield head
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk


def _tar_members(source: str, stream: ByteStream, budget: Budget, depth: int) -> Iterator[Opened]:
    at = source
    try:
        for member in members(stream):
            budget.member()
            name, refusal, note = _member_name(member.name)
            at = f"{source}/{name}"
            if note:
                yield Unreadable(at, note)
            refusal = refusal or (f"{member.special}; only files are read" if member.special else None)
            refusal = refusal or _duplicate(at, budget)
            if refusal:
                yield Unreadable(at, refusal)
                continue
            body = ByteStream(budget.counted(member.chunks()))
            data = kept(_again(b"", body))
            if body.damage is not None:
                yield Unreadable(at, f"{body.damage}; what stands before the cut was read")
            yield from opened(RawFile(at, data), budget, depth + 1)
    except Damaged as damage:
        yield Unreadable(source, f"{damage}; the members before were read")


def _zip_members(file: RawFile, budget: Budget, depth: int) -> Iterator[Opened]:
    import zipfile  # with shutil and two compressions behind it, only for zip archives

    try:
        archive = zipfile.ZipFile(reader(file.data))
        entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeError) as error:
        yield Unreadable(file.source, f"a zip archive was expected: {error}")
        return
    for entry in entries:
        budget.member()
        if entry.is_dir():
            continue
        name, refusal, note = _member_name(entry.filename)
        at = f"{file.source}/{name}"
        if note:
            yield Unreadable(at, note)
        refusal = refusal or _zip_refusal(entry) or _duplicate(at, budget)
        if refusal:
            yield Unreadable(at, refusal)
            continue
        body = ByteStream(budget.counted(_zip_chunks(archive, entry), lambda entry=entry: entry.compress_size))  # type: ignore[misc]
        data = kept(_again(b"", body))
        if body.damage is not None:
            yield Unreadable(at, f"{body.damage}; what could be unpacked before was read")
        yield from opened(RawFile(at, data), budget, depth + 1)


def _zip_chunks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    from zipfile import BadZipFile

    try:
        with archive.open(entry) as member:
            while chunk := member.read(CHUNK_BYTES):
                yield chunk
    except (BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        raise Damaged(f"the member cannot be unpacked: {error}") from error


def _zip_refusal(entry: zipfile.ZipInfo) -> str | None:
    if entry.flag_bits & 0x1:
        return "an encrypted member; it cannot be read"
    mode = entry.external_attr >> 16
    if entry.create_system == 3 and mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
        return "a link or device; only files are read"
    return None


def _member_name(name: str) -> tuple[str, str | None, str | None]:
    """The name as reports print it, why the member is refused, and a remark where it is read nevertheless."""
    printable = "".join(c if c.isprintable() else "?" for c in name.replace("\\", "/"))
    parts = [part for part in printable.split("/") if part not in ("", ".")]
    cleaned = "/".join(parts) or "(no name)"
    if ".." in parts:
        return cleaned, "a path that leads out of the archive; the member was not read", None
    if printable.startswith("/") or (len(printable) > 1 and printable[1] == ":" and printable[0].isalpha()):
        return cleaned, None, "an absolute path; a relative one was expected, the contents were read under it"
    return cleaned, None, None


def _duplicate(at: str, budget: Budget) -> str | None:
    if at in budget.names:
        return "a second member of this name; only the first was read"
    budget.names.add(at)
    return None
