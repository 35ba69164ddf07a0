"""The kubelet's arithmetic of an eviction, as its message states it."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from kwhy.model.expressions import expression
from kwhy.model.quantity import in_words, parse_quantity

_QUANTITY = r"[0-9][0-9A-Za-z.]{0,30}"
# The node was low on resource: memory. Threshold quantity: 22Gi, available: 22542Mi. (v1.30, v1.34)
_LOW = expression(
    r"The node was low on resource: (?P<resource>[\w.-]{1,60})\.(?: Threshold quantity: "
    rf"(?P<threshold>{_QUANTITY}), available: (?P<available>{_QUANTITY})\.(?: |$))?"
)
# Container codis-proxy was using 10619440Ki, which exceeds its request of 0. (v1.18)
# Container spool was using 123Mi, request is 0, has larger consumption of ephemeral-storage. (v1.30, v1.34)
_USED = expression(
    rf"(?:Container|Pod) (?P<name>[\w.-]{{1,253}}) was using (?P<used>{_QUANTITY}), "
    rf"(?:which exceeds its request of|request is) (?P<request>{_QUANTITY}?)[.,](?: |$)"
)


class Used(msgspec.Struct, frozen=True):
    """What one container used above its request."""

    container: str
    used: Decimal
    request: Decimal


class Shortage(msgspec.Struct, frozen=True):
    """What a node was short of. ``missing`` is how much less was available than the threshold; None: not stated."""

    resource: str
    missing: Decimal | None
    users: tuple[Used, ...]

    @property
    def excess(self) -> Decimal:
        """What the pod used above its requests."""
        return sum((user.used - user.request for user in self.users), Decimal(0))

    def explained(self) -> str:
        """Why this pod was chosen: "it used 10.13Gi of ephemeral-storage, 10.13Gi above its request"; "" if unsaid.

        Pods above their request of what is short go first, then those of lower priority, then those that are further
        above it (Kubernetes v1.34 pkg/kubelet/eviction/helpers.go rankMemoryPressure, rankDiskPressureFunc).
        """
        if not self.users:
            return ""
        used = sum((user.used for user in self.users), Decimal(0))
        said = (
            f"it used {in_words(self.resource, used)} of {self.resource}, {in_words(self.resource, self.excess)} above"
        )
        return f"{said} its request; pods above their request go first"


def read_shortage(message: str) -> Shortage | None:
    """The figures of an eviction's message; None where it speaks of no shortage of the node."""
    low = _LOW.search(message)
    if low is None:
        return None
    threshold, available = parse_quantity(low["threshold"] or ""), parse_quantity(low["available"] or "")
    missing = threshold - available if threshold is not None and available is not None else None
    users = []
    for match in _USED.finditer(message):
        used, request = parse_quantity(match["used"]), parse_quantity(match["request"])
        if used is not None and request is not None:
            users.append(Used(match["name"], used, request))
    return Shortage(low["resource"], missing, tuple(users))
