"""What lies in directories of a host, and paths that cannot be read."""

from __future__ import annotations

import msgspec

from kwhy.model.document import Locator
from kwhy.model.time import UNKNOWN_MOMENT, Moment


class DirectoryListing(msgspec.Struct, frozen=True, gc=False):
    """The entries of one directory, "." and ".." left out.

    ``path`` is "" where neither the output nor the command names it; it never ends in "/". ``sizes`` stand beside
    ``names`` where shown. ``complete``: no entry is left out but hidden ones, and those only where ``hidden`` is false;
    only then does a missing name not exist. An empty directory is complete without names.
    """

    path: str
    names: tuple[str, ...]
    at: Locator
    sizes: tuple[int, ...] = ()
    complete: bool = False
    hidden: bool = False
    observed: Moment = UNKNOWN_MOMENT


class PathProblem(msgspec.Struct, frozen=True, gc=False):
    """A path could not be read. ``error`` is the system's message, in English; ``path`` may be a shell pattern."""

    path: str
    error: str
    at: Locator
    observed: Moment = UNKNOWN_MOMENT

    @property
    def missing(self) -> bool:
        """The path does not exist (ENOENT)."""
        return self.error == "No such file or directory"

    @property
    def dead_mount(self) -> bool:
        """What serves the file system is gone (ESTALE of NFS, ENOTCONN of FUSE, EIO, EHOSTDOWN of CIFS)."""
        return self.error in (
            "Stale file handle",
            "Transport endpoint is not connected",
            "Input/output error",
            "Host is down",
        )
