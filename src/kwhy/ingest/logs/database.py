"""The compiled form of all anchors, kept in the user's cache directory between runs.

Compiling a few hundred literals takes about 40 ms, loading them 1 ms. A cache that cannot be read, written or loaded is
worth nothing and costs nothing: the anchors are compiled again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

#: Called with (literal number, start, end, flags, context); start means nothing without SOM.
OnMatch = Callable[[int, int, int, int, object], None]


class Database(Protocol):
    """The part of ``hyperscan.Database`` that is used."""

    def scan(self, data: bytes, match_event_handler: OnMatch) -> object: ...


def anchor_database(literals: Sequence[bytes]) -> Database:
    """Compiled or loaded. hyperscan is imported here: it takes 20 ms that small inputs need not pay."""
    import hyperscan

    path = _cache_file(literals, str(getattr(hyperscan, "__version__", "")))
    loaded = _load(path) if path is not None else None
    if loaded is not None:
        return loaded
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=list(literals),
        ids=list(range(len(literals))),
        elements=len(literals),
        flags=[0] * len(literals),
        literal=True,
    )
    if path is not None:
        _store(path, hyperscan.dumpb(database))
    compiled: Database = database
    return compiled


def _cache_file(literals: Sequence[bytes], version: str) -> Path | None:
    """Named after everything the compiled form depends on; hyperscan itself checks the processor on loading."""
    import hashlib  # like the two below: not for evidence without large logs
    import platform

    base = os.environ.get("XDG_CACHE_HOME") or ""
    try:
        root = Path(base) if base.startswith("/") else Path.home() / ".cache"
    except RuntimeError:
        return None
    digest = hashlib.sha256(b"\0".join(literals) + f"{version}|{platform.machine()}|{_processor()}".encode())
    return root / "kwhy" / f"anchors-{digest.hexdigest()[:24]}.hs"


def _processor() -> str:
    """The processor's abilities, where Linux tells: the compiled form may use them."""
    with contextlib.suppress(OSError), Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as lines:
        return next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return ""


def _load(path: Path) -> Database | None:
    import hyperscan

    try:
        raw = path.read_bytes()
        database = hyperscan.loadb(raw, mode=hyperscan.HS_MODE_BLOCK)
        database.scratch = hyperscan.Scratch(database)
    except (OSError, ValueError, TypeError, hyperscan.HyperscanError):
        return None
    loaded: Database = database
    return loaded


def _store(path: Path, raw: bytes) -> None:
    import tempfile

    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
        Path(name).replace(path)
