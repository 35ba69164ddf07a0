"""What a fact is about."""

from __future__ import annotations

import msgspec

#: How the node of documents is called that do not say which node they come from ("the node of kubelet.log").
ANONYMOUS_NODE = "the node of "


class Subject(msgspec.Struct, frozen=True, gc=False):
    """An object, named as its own world names it.

    ``kind`` is the Kubernetes kind, or ``Process``, ``Interface``, ``Certificate``, ``Document`` … for what has none.
    ``node`` is the node (host) of things that live on one: processes, interfaces, kernel; None otherwise.
    """

    kind: str
    name: str
    namespace: str | None = None
    node: str | None = None

    @property
    def anonymous(self) -> bool:
        """Whether the subject is, or lives on, a node whose name nothing tells."""
        return (self.node or self.name).startswith(ANONYMOUS_NODE)

    def __lt__(self, other: Subject) -> bool:
        """By kind, name, namespace and node; what has none comes first."""
        return self._place < other._place

    @property
    def _place(self) -> tuple[str, str, str, str]:
        return self.kind, self.name, self.namespace or "", self.node or ""

    def __str__(self) -> str:
        where = f"{self.namespace}/" if self.namespace else f"{self.node}/" if self.node else ""
        return f"{self.kind} {where}{self.name}"
