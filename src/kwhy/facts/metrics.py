"""What a component measures of itself: its /metrics page, cut down to what rules read."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from kwhy.model.document import Locator


class Metric(msgspec.Struct, frozen=True, gc=False):
    """One series of a counter or gauge, labels as printed."""

    name: str
    labels: Mapping[str, str]
    value: float
    at: Locator


class Distribution(msgspec.Struct, frozen=True, gc=False):
    """One histogram since its process started: ``buckets`` are (upper bound, observations up to it), ascending."""

    name: str
    labels: Mapping[str, str]
    buckets: tuple[tuple[float, float], ...]
    count: float
    total: float
    at: Locator

    def quantile(self, share: float) -> tuple[float, float] | None:
        """Between which bounds the quantile lies; the upper one may be infinite. None: nothing was observed."""
        wanted, lower = self.count * share, 0.0
        if self.count <= 0:
            return None
        for bound, below in self.buckets:
            if below >= wanted:
                return lower, bound
            lower = bound
        return lower, float("inf")
