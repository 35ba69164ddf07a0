"""The words of a traced packet: hops, the leg of a way in one direction, and how a leg ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeAlias

import msgspec

from kwhy.knowledge.netfilter.packet import Packet
from kwhy.knowledge.path.networks import Network
from kwhy.model.document import Locator

#: "left": the packet leaves everything that the evidence shows.
Verdict: TypeAlias = Literal["delivered", "dropped", "refused", "left", "unknown"]
Stage: TypeAlias = Literal[
    "sender", "route", "filter", "neighbour", "device", "bridge", "tunnel", "forwarding", "source", "policy", "service",
    "mtu", "receiver", "assumed",
]  # fmt: skip


class Hop(msgspec.Struct, frozen=True, gc=False):
    """One step. ``where`` is the namespace in words; ``at`` the rule, route or setting that decided."""

    where: str
    stage: Stage
    says: str
    at: Locator | None = None


class Needed(msgspec.Struct, frozen=True, gc=False):
    """What would have to be known, and the command that shows it, with where to run it."""

    what: str
    command: str
    where: str


class Connection(msgspec.Struct, frozen=True, gc=False):
    """What the conntrack of a namespace remembers: the first packet of the connection as it left there."""

    network: Network
    packet: Packet


class Wire(msgspec.Struct, frozen=True, gc=False):
    """A device that carried the packet, with the largest packet of the sender that fits through; None: not shown."""

    where: str
    dev: str
    fits: int | None
    at: Locator | None


class Pause(msgspec.Struct, frozen=True, gc=False):
    """Where an answer's way stops until its connection's first ends are known: before they are put back into it.

    ``go_on`` takes the walk that knows them, the packet with them, and what the branch carries.
    """

    network: Network
    packet: Packet
    go_on: Callable[[Any, Packet, Any], Iterator[Leg]]


class Leg(msgspec.Struct, frozen=True):
    """One way of a packet in one direction, and its end.

    ``share`` is the part of new connections that goes this way; ``depends_on`` what would have to hold besides.
    ``by`` is the place of what ended it, ``why`` the sentence. ``network`` is None where the end is not in evidence.
    ``pod_reached``: an address of a pod whose namespace was not recorded. ``carried``: what is wrapped in ``packet``.
    ``paused``: never in what a walk answers, see :mod:`kwhy.knowledge.path.remembering`.
    """

    verdict: Verdict
    where: str
    why: str
    packet: Packet
    network: Network | None
    dev: str | None
    hops: tuple[Hop, ...]
    share: float = 1.0
    depends_on: tuple[Needed, ...] = ()
    connections: tuple[Connection, ...] = ()
    wires: tuple[Wire, ...] = ()
    by: Locator | None = None
    reject_with: str | None = None
    pod_reached: str | None = None
    carried: Packet | None = None
    paused: Pause | None = None

    @property
    def payload(self) -> Packet:
        """The connection's own packet: the one inside, where the way ends in a tunnel."""
        return self.carried or self.packet
