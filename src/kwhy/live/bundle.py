"""The bundle of `kwhy collect`: the files of a reading, secrets masked, as a .tgz that `kwhy diagnose` reads."""

from __future__ import annotations

import io
import mmap
import os
import tarfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from kwhy.ingest.manifest import MANIFEST_NAME, Manifest
from kwhy.ingest.raw import RawFile
from kwhy.live.masking import masked_list, masked_log

#: Only its owner may read a bundle: what is secret and not recognised as such is still in it.
_MODE: Final = 0o600


def save(files: Sequence[RawFile], target: str | BinaryIO) -> int:
    """Write the bundle; the number of bytes written. A file appears whole or not at all."""
    if not isinstance(target, str):
        return _write(files, target)
    path = Path(target)
    unfinished = path.parent / f".{path.name}.{os.getpid()}"
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb") as file:
            size = _write(files, file)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return size


def file_name(files: Sequence[RawFile]) -> str:
    """ "kwhy-20261122T022538Z.tgz", by the cluster's clock."""
    finished = _finished(files)
    moment = datetime.fromisoformat(finished) if finished else datetime.now(UTC)
    return f"kwhy-{moment.astimezone(UTC).strftime('%Y%m%dT%H%M%SZ')}.tgz"


def _finished(files: Sequence[RawFile]) -> str:
    account = next((file for file in files if file.source == MANIFEST_NAME), None)
    return msgspec.json.decode(bytes(account.data), type=Manifest).finished if account is not None else ""


def _write(files: Sequence[RawFile], target: BinaryIO) -> int:
    finished = _finished(files)
    moment = datetime.fromisoformat(finished).timestamp() if finished else 0.0
    counted = _Counted(target)
    with tarfile.open(fileobj=counted, mode="w:gz", compresslevel=6) as archive:  # type: ignore[call-overload]  # a file
        for file in files:
            data = masked(file)
            entry = tarfile.TarInfo(file.source)
            entry.size = len(data)
            entry.mtime = int(moment)
            entry.mode = _MODE
            archive.addfile(entry, io.BytesIO(data))
    return counted.size


def masked(file: RawFile) -> bytes:
    """The file's contents without the secrets in them."""
    data = bytes(file.data) if isinstance(file.data, mmap.mmap) else file.data
    if file.source == MANIFEST_NAME:
        return data
    return masked_list(data) if file.source.endswith(".json") else masked_log(data)


class _Counted:
    """A file that is only written to, and counts."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self.size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        self._target.write(data)
        return len(data)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        self._target.flush()
