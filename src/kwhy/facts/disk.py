"""How full file systems are, and what fills them."""

from __future__ import annotations

from typing import Literal

import msgspec

from kwhy.model.document import Locator
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment


class FileSystem(msgspec.Struct, frozen=True, gc=False):
    """A row of `df`: bytes, or with ``of`` "inodes" their number. ``size`` is 0 where a file system has no such thing.

    ``available`` is what an ordinary process can still have: size minus used minus what is reserved for root.
    """

    device: str
    mounted: str
    of: Literal["bytes", "inodes"]
    size: int
    used: int
    available: int
    at: Locator
    observed: Moment = UNKNOWN_MOMENT


class DirectorySize(msgspec.Struct, frozen=True, gc=False):
    """A row of `du`: what lies below a path, in bytes of disk."""

    path: str
    size: int
    at: Locator
    observed: Moment = UNKNOWN_MOMENT


class DeletedFile(msgspec.Struct, frozen=True, gc=False):
    """A file without a name that a process keeps open (`lsof +L1`): its ``size`` bytes stay on the disk."""

    program: str
    pid: int
    path: str
    size: int
    at: Locator
    device: str = ""
    observed: Moment = UNKNOWN_MOMENT


class KubeletFileSystem(msgspec.Struct, frozen=True, gc=False):
    """What the kubelet measured of one of its file systems; None where the summary leaves a figure out."""

    node: str
    name: Literal["nodefs", "imagefs", "containerfs"]
    capacity: int | None
    available: int | None
    used: int | None
    inodes: int | None
    inodes_free: int | None
    at: Locator
    observed: Moment = UNKNOWN_MOMENT


class PodStorage(msgspec.Struct, frozen=True, gc=False):
    """What a pod has on its node's disk, in bytes, as the kubelet measured it.

    ``used`` is all that eviction counts; ``parts`` are the containers' writable layers and logs and the local volumes,
    the largest first: ("volume cache", 10874306560).
    """

    pod: Subject
    used: int
    inodes: int | None
    parts: tuple[tuple[str, int], ...]
    at: Locator
    observed: Moment = UNKNOWN_MOMENT
