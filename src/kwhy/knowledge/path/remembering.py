"""Ways that many packets share are walked once.

Connections to thousands of Services end at a few pods. Once a packet is translated, its way does not depend on which
Service it was sent to: only conntrack remembers that, and only the hook that translates the answer back asks for it. So
the rest of a way is walked with the first ends masked, kept, and given to every packet that is the same but for them.
Where rules ask for the ends before translation (`--ctorigdst`, `ct original`), nothing is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from kwhy.knowledge.netfilter.packet import Ends, Packet
from kwhy.knowledge.path.hops import Connection, Leg
from kwhy.knowledge.path.networks import Network
from kwhy.knowledge.path.steps import State
from kwhy.knowledge.path.world import World

#: How rules ask for a connection's ends before or after translation (xt_conntrack, nft_ct).
_ASK_FOR_ENDS = (b"--ctorig", b"--ctrepl", b"ct original", b"ct reply")
#: Ways kept; a cluster has fewer pairs of pods that talk through one node.
_MOST = 100_000


def may_remember(world: World) -> bool:
    """Whether no rule asks for the ends that are masked."""
    if world.remembers is None:
        documents = {id(t.source.at.document): t.source.at.document for n in world.networks for t in n.rules.tables}
        world.remembers = not any(
            document.data.find(word) >= 0 for document in documents.values() for word in _ASK_FOR_ENDS
        )
    return world.remembers


def masked(packet: Packet) -> Packet:
    """The packet without what it was sent to before translation."""
    first = packet.original
    if first is None or first.destination is None:
        return packet
    return packet.replace(original=Ends(first.source, first.source_port, None, None))


def is_masked(packet: Packet) -> bool:
    return packet.original is not None and packet.original.destination is None


def remembered(world: World, key: tuple[object, ...], walk: Callable[[], Iterable[Leg]]) -> tuple[Leg, ...]:
    """The legs of ``key``, walked the first time."""
    found = world.ways.get(key)
    if found is None:
        found = tuple(walk())
        if len(world.ways) < _MOST:
            world.ways[key] = found
    return found


def rest_of_way(
    world: World,
    network: Network,
    dev: str,
    packet: Packet,
    state: State,
    walk: Callable[[Packet, State], Iterator[Leg]],
) -> Iterator[Leg]:
    """The legs from here on, with what the branch carries put before them."""
    plain = masked(packet)
    key = (id(network), dev, plain)
    first = packet.original
    for leg in remembered(world, key, lambda: walk(plain, State(passed=state.passed))):
        yield following(state, leg, first)


def following(state: State, leg: Leg, first: Ends | None) -> Leg:
    """The leg of a kept way as the end of a branch, with the ends that were masked."""
    return Leg(
        leg.verdict,
        leg.where,
        leg.why,
        _unmasked(leg.packet, first),
        leg.network,
        leg.dev,
        state.hops + leg.hops,
        state.share * leg.share,
        state.needs(*leg.depends_on).depends_on,
        state.connections + tuple([Connection(c.network, _unmasked(c.packet, first)) for c in leg.connections]),
        state.wires + leg.wires,
        leg.by,
        leg.reject_with,
        leg.pod_reached,
        leg.carried if leg.carried is None else _unmasked(leg.carried, first),
        leg.paused,
    )


def _unmasked(packet: Packet, first: Ends | None) -> Packet:
    return packet.replace(original=first) if first is not None and is_masked(packet) else packet


def known_masked(connections: Sequence[Connection]) -> tuple[Connection, ...]:
    """What conntrack knows, masked, from the first translation on: what was before meets the answer after it."""
    for index, connection in enumerate(connections):
        if connection.packet.original is not None:
            return tuple([Connection(c.network, masked(c.packet)) for c in connections[index:]])
    return tuple(connections)
