"""What the agents of network plugins say of their own health and of the peers that they reach."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from kwhy.facts.network import NetworkNamespace
from kwhy.model.document import Locator

Agent: TypeAlias = Literal["cilium", "calico"]


class PeerReport(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One line of an agent's list of peers. ``name`` is the peer's node where the agent names it, else None.

    ``local``: it is the reporting node itself. ``host`` says whether the peer's node answers, ``endpoints`` whether a
    pod there does (over the plugin's own network); None: not told. ``detail`` is the agent's word for what fails.
    """

    at: Locator
    agent: Agent
    name: str | None
    address: str | None
    host: bool | None
    endpoints: bool | None
    local: bool = False
    detail: str = ""
    netns: NetworkNamespace | None = None

    @property
    def reached(self) -> bool | None:
        """Whether pods of the peer are reached; where that is not told, whether its node is."""
        return self.host if self.endpoints is None else self.endpoints


class PeerListing(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An agent's list of peers: ``reached`` of ``peers``, itself included where it counts itself."""

    at: Locator
    agent: Agent
    reached: int | None
    peers: int | None
    netns: NetworkNamespace | None = None


class AgentComplaint(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Something that an agent says of itself is not as it should be ("KVStore", "Failure   Err: …")."""

    at: Locator
    agent: Agent
    part: str
    says: str
    netns: NetworkNamespace | None = None
