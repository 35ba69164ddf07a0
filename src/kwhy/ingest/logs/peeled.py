"""One wrapping taken off a line."""

from __future__ import annotations

from typing import NamedTuple

from kwhy.ingest.logs.stamps import Stamp


class Peeled(NamedTuple):
    """What one wrapping says, and the ``text`` inside it."""

    kind: str
    text: str
    stamp: Stamp | None = None
    host: str | None = None
    program: str | None = None
    pid: int | None = None
    level: str | None = None
    caller: str | None = None
    pod: str | None = None
    container: str | None = None
