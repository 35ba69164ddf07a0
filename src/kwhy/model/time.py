"""Points in time that are known only within bounds.

Seconds since the Unix epoch, UTC. A klog line without a year, an age such as "5m" or a goroutine's waiting minutes
bound a moment from one or both sides; comparing such moments has three answers, so there is no ``<``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NewType

import msgspec

Seconds = NewType("Seconds", float)


class Moment(msgspec.Struct, frozen=True, gc=False):
    """An instant between ``earliest`` and ``latest`` (epoch seconds, inclusive); None means unbounded on that side."""

    earliest: float | None = None
    latest: float | None = None

    @property
    def known(self) -> bool:
        """Whether the moment is bounded on at least one side."""
        return self.earliest is not None or self.latest is not None

    def certainly_after(self, other: Moment) -> bool:
        """True only where no reading of the bounds lets this moment be at or before ``other``."""
        return self.earliest is not None and other.latest is not None and self.earliest > other.latest


UNKNOWN_MOMENT = Moment()


def at(epoch: float, within: float = 0.0) -> Moment:
    """The moment ``epoch``, give or take ``within`` seconds."""
    return Moment(epoch - within, epoch + within)


def no_later_than(epoch: float) -> Moment:
    """Some moment up to ``epoch``."""
    return Moment(None, epoch)


#: The years 1 to 9999: what a date can be written of.
_FIRST, _END = -62_135_596_800, 253_402_300_800


def iso(epoch: float) -> str:
    """RFC 3339 in UTC with whole seconds, as Kubernetes writes ``metav1.Time``."""
    if not _FIRST <= epoch < _END:
        return f"{epoch:.0f} s after 1970"  # damaged evidence may count nanoseconds as seconds
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def by(moment: Moment) -> Moment:
    """Some moment up to ``moment``: a state that was reported then began no later."""
    return Moment(None, moment.latest)
