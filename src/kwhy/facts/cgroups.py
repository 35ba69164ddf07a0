"""What the kernel counts of a control group."""

from __future__ import annotations

import msgspec

from kwhy.model.document import Locator
from kwhy.model.time import UNKNOWN_MOMENT, Moment


class CpuThrottling(msgspec.Struct, frozen=True, gc=False):
    """cpu.stat of a group: in how many periods of its CPU quota it ran, and in how many it had to wait.

    ``group`` is the file's directory as the command names it, "" where nothing does. ``container`` is the container's
    id and ``pod_uid`` the pod's, "" where the directory is not that of one; ``pod`` and ``namespace`` are those of
    `kubectl exec`. ``waited`` are the seconds waited in all. No periods: the group has no quota, or was never busy.
    """

    group: str
    container: str
    pod_uid: str
    periods: int
    throttled: int
    waited: float
    at: Locator
    pod: str = ""
    namespace: str = ""
    observed: Moment = UNKNOWN_MOMENT

    @property
    def share(self) -> float:
        """The part of the periods in which the group had to wait."""
        return self.throttled / self.periods if self.periods else 0.0


class GroupFigure(msgspec.Struct, frozen=True, gc=False):
    """One figure of a control group: ``name`` is "pids.current", "memory.stat anon" or "pids.events max".

    ``value`` is None where the kernel prints "max": no limit. ``group``, ``container``, ``pod_uid``, ``pod`` and
    ``namespace`` are those of :class:`CpuThrottling`.
    """

    group: str
    container: str
    pod_uid: str
    name: str
    value: int | None
    at: Locator
    pod: str = ""
    namespace: str = ""
    observed: Moment = UNKNOWN_MOMENT
