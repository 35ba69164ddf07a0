"""Where evidence comes from: directories, archives, files and standard input, as raw files in a stable order."""

from __future__ import annotations

import mmap
import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, TypeAlias

import msgspec

from kwhy.ingest.archives import Budget, Opened, opened
from kwhy.ingest.compression import CHUNK_BYTES
from kwhy.ingest.limits import Limits
from kwhy.ingest.raw import RawFile, Unreadable
from kwhy.ingest.storage import kept, mapped

STANDARD_INPUT = "-"


#: Opens what is no file: the files of a live cluster.
Opener: TypeAlias = Callable[[], Iterator[Opened]]


def files_of(
    sources: Sequence[str],
    limits: Limits | None = None,
    stdin: BinaryIO | None = None,
    openers: Mapping[str, Opener] | None = None,
) -> Iterator[Opened]:
    """Every file of every source, archives opened. A source that cannot be read at all yields one Unreadable.

    Names are relative to their source; where several sources are given, each name begins with its source's own.
    ``openers`` open the sources that they name; all others are files.
    """
    budget = Budget(limits or Limits())
    for source in sources:
        opener = (openers or {}).get(source)
        if opener is not None:
            yield from (_under(source if len(sources) > 1 else "", file) for file in opener())
            continue
        prefix = _own_name(source) if len(sources) > 1 else ""
        for file in _files_of_one(source, prefix, stdin):
            if isinstance(file, Unreadable):
                yield file
            else:
                yield from _inside(opened(file, budget), source, file)


def _own_name(source: str) -> str:
    return Path(source).resolve().name if source != STANDARD_INPUT else "standard input"


def _under(prefix: str, file: Opened) -> Opened:
    return msgspec.structs.replace(file, source=f"{prefix}/{file.source}") if prefix else file


def _inside(items: Iterator[Opened], source: str, file: RawFile) -> Iterator[Opened]:
    """Members of an archive that is itself the SOURCE are named by their path inside it."""
    alone = file.source == _own_name(source) and not Path(source).is_dir()
    prefix = f"{file.source}/"
    for item in items:
        if alone and item.source.startswith(prefix):
            name = item.source.removeprefix(prefix)
            yield RawFile(name, item.data) if isinstance(item, RawFile) else Unreadable(name, item.why)
        else:
            yield item


def _files_of_one(source: str, prefix: str, stdin: BinaryIO | None) -> Iterator[Opened]:
    if source == STANDARD_INPUT:
        stream = stdin if stdin is not None else sys.stdin.buffer
        yield RawFile(_own_name(source), kept(iter(lambda: stream.read(CHUNK_BYTES), b"")))
        return
    path = Path(source)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        yield Unreadable(source, _reason(error))
        return
    if stat.S_ISDIR(mode):
        yield from _tree(path, prefix)
    elif stat.S_ISREG(mode):
        yield _file(path, _own_name(source))
    elif stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
        yield _pipe(path, _own_name(source))  # <(kubectl …)
    else:
        yield Unreadable(source, "a file, a directory or an archive was expected")


def _tree(root: Path, prefix: str) -> Iterator[Opened]:
    """All regular files below ``root``, sorted by path. Links are not followed: inside the tree their target is read
    anyway, outside it is not part of the source."""
    try:
        real_root = root.resolve(strict=True)
        entries = sorted(os.scandir(root), key=lambda entry: entry.name)
    except OSError as error:
        yield Unreadable(str(root), _reason(error))
        return
    yield from _entries(entries, Path(prefix), real_root)


def _entries(entries: Sequence[os.DirEntry[str]], shown: Path, root: Path) -> Iterator[Opened]:
    pending = [(entry, shown / entry.name) for entry in reversed(entries)]
    while pending:
        entry, name = pending.pop()
        path = Path(entry.path)
        try:
            if entry.is_symlink():
                if refusal := _link_refusal(path, root):
                    yield Unreadable(_printable(name), refusal)
            elif entry.is_dir(follow_symlinks=False):
                children = sorted(os.scandir(entry.path), key=lambda child: child.name, reverse=True)
                pending += [(child, name / child.name) for child in children]
            elif entry.is_file(follow_symlinks=False):
                yield _file(path, _printable(name))
            else:
                yield Unreadable(_printable(name), "no regular file (a pipe, socket or device); not read")
        except OSError as error:
            yield Unreadable(_printable(name), _reason(error))


def _link_refusal(path: Path, root: Path) -> str | None:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return "a link to a file that is not there"
    return None if target.is_relative_to(root) else "a link that leads out of the directory; not followed"


def _file(path: Path, name: str) -> Opened:
    try:
        with path.open("rb") as file:
            return RawFile(name, _contents(file))
    except (OSError, ValueError) as error:
        return Unreadable(name, _reason(error))


def _contents(file: BinaryIO) -> bytes | mmap.mmap:
    return mapped(file)


def _pipe(path: Path, name: str) -> Opened:
    try:
        with path.open("rb") as pipe:
            return RawFile(name, kept(iter(lambda: pipe.read(CHUNK_BYTES), b"")))
    except OSError as error:
        return Unreadable(name, _reason(error))


def _printable(name: Path) -> str:
    return "".join(c if c.isprintable() else "?" for c in str(name))


def _reason(error: OSError | ValueError) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
