"""How busy a machine is, and what its memory is used for, as its own commands and the kubelet's summary say."""

from __future__ import annotations

from typing import Literal

import msgspec

from kwhy.model.document import Locator
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment


class LoadAverage(msgspec.Struct, frozen=True, gc=False):
    """How many tasks ran, waited to run, or waited uninterruptibly: averages over 1, 5 and 15 minutes."""

    one: float
    five: float
    fifteen: float
    at: Locator
    observed: Moment = UNKNOWN_MOMENT


class CpuTime(msgspec.Struct, frozen=True, gc=False):
    """What all processors of a machine spent their time on, in percent. ``since_boot``: averaged over all its life."""

    user: float
    system: float
    idle: float
    iowait: float
    steal: float
    at: Locator
    since_boot: bool = False
    observed: Moment = UNKNOWN_MOMENT


class CpuCount(msgspec.Struct, frozen=True, gc=False):
    """How many processors the command may use: those of the machine, unless it ran in a container."""

    count: int
    at: Locator
    contained: bool = False


class Pressure(msgspec.Struct, frozen=True, gc=False):
    """Pressure stall information: the percentage of time in which some, or all, tasks waited for a resource.

    ``resource`` is "cpu", "memory" or "io"; "" where neither file nor command names it. ``full`` is None where only
    "some" is printed (cpu before Linux 5.13). The three figures are averages over 10, 60 and 300 seconds.
    """

    resource: Literal["cpu", "memory", "io", ""]
    some: tuple[float, float, float]
    full: tuple[float, float, float] | None
    at: Locator
    observed: Moment = UNKNOWN_MOMENT


class MemoryUse(msgspec.Struct, frozen=True, gc=False):
    """The memory of a machine in bytes. ``available`` counts what can be had without swapping, page cache included.

    ``cache`` is page cache and what else the kernel can drop; None where a figure was not printed.
    """

    total: int
    free: int
    cache: int | None
    available: int | None
    at: Locator
    observed: Moment = UNKNOWN_MOMENT


class MemoryStats(msgspec.Struct, frozen=True, gc=False):
    """What the kubelet measured of the memory of a node, a pod or one container of a pod, in bytes.

    ``usage`` counts page cache; ``working_set`` is usage without the cache that was not used lately
    (inactive_file): what eviction looks at and `kubectl top` prints. ``rss`` is anonymous memory.
    """

    about: Subject
    container: str
    usage: int | None
    working_set: int | None
    rss: int | None
    available: int | None
    at: Locator
    observed: Moment = UNKNOWN_MOMENT
