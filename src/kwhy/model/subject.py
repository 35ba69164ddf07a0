"""What a fact is about."""

from __future__ import annotations

import msgspec


class Subject(msgspec.Struct, frozen=True, gc=False, order=True):
    """An object, named as its own world names it.

    ``kind`` is the Kubernetes kind, or ``Process``, ``Interface``, ``Certificate``, ``Document`` … for what has none.
    ``node`` is the node (host) of things that live on one: processes, interfaces, kernel; None otherwise.
    """

    kind: str
    name: str
    namespace: str | None = None
    node: str | None = None

    def __str__(self) -> str:
        where = f"{self.namespace}/" if self.namespace else f"{self.node}/" if self.node else ""
        return f"{self.kind} {where}{self.name}"
