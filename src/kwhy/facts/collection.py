"""What a reading of a live cluster says about itself: when it was made, and what it could not read."""

from __future__ import annotations

import msgspec

from kwhy.model.document import Locator
from kwhy.model.time import UNKNOWN_MOMENT, Moment


class Collection(msgspec.Struct, frozen=True, gc=False):
    """One reading of a cluster. ``finished`` is by the API server's clock.

    ``narrowed`` says why only some namespaces were read, as a sentence; "" where all were. ``logs_left_out`` counts the
    suspicious containers whose logs were not read because there were too many of them.
    """

    at: Locator
    finished: Moment = UNKNOWN_MOMENT
    server_version: str = ""
    narrowed: str = ""
    logs_left_out: int = 0


class NotRead(msgspec.Struct, frozen=True, gc=False):
    """A request that the reader was refused or that failed: whatever it asks for is unobserved, never absent.

    ``resource`` is written as in a ClusterRole ("pods/log"). ``namespace`` is None for a request over all namespaces
    and for what has none. ``forbidden``: the account lacks the permission; then ``why`` is the server's own sentence.
    ``partly``: a part of the list was read before.
    """

    at: Locator
    verb: str
    resource: str
    group: str
    kind: str
    why: str
    namespace: str | None = None
    name: str = ""
    forbidden: bool = False
    partly: bool = False

    @property
    def permission(self) -> str:
        """What the account would have to be allowed: "list deployments.apps in namespace shop"."""
        resource = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{self.verb} {resource} {self.scope}"

    @property
    def scope(self) -> str:
        return f"in namespace {self.namespace}" if self.namespace else "in the whole cluster"
