"""All namespaces of the evidence together: whose address is whose, and what a device's wire leads to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from kwhy.facts.network import Family, Link
from kwhy.knowledge.net.policy_database import contains, number
from kwhy.knowledge.path.networks import VIRTUAL_KINDS, Network
from kwhy.model.document import Locator
from kwhy.model.subject import Subject

if TYPE_CHECKING:
    from kwhy.knowledge.path.hops import Leg


class Crossing(msgspec.Struct, frozen=True):
    """A bridge that a frame passes: in by a port ("": from the host itself), out by another ("": up to the host)."""

    network: Network
    bridge: str
    entered: str
    left: str


class Reached(msgspec.Struct, frozen=True):
    """A device at the other end of a wire, and the bridges on the way. ``guessed``: no document shows the wire."""

    network: Network
    dev: str
    crossings: tuple[Crossing, ...] = ()
    guessed: bool = False


class Segment(msgspec.Struct, frozen=True):
    """What a frame that leaves by one device can reach. ``unseen`` names devices behind which nothing is shown."""

    reached: tuple[Reached, ...]
    unseen: tuple[tuple[Network, str], ...]
    by_address: Mapping[str, Reached]
    by_mac: Mapping[str, Reached]


class PodAddress(msgspec.Struct, frozen=True):
    """A pod as its object shows it: ``node`` "" where it is bound to none."""

    pod: Subject
    node: str
    host_network: bool


@dataclass(eq=False)
class World:
    """``pods`` are known by their objects, by address; ``nodes`` are the addresses of Node objects.

    ``place_of`` finds where a pod's address stands; among many pods few are asked for. ``ways`` are those walked
    before, and ``remembers`` whether they may be kept (:mod:`kwhy.knowledge.path.remembering`).
    """

    networks: Sequence[Network]
    pods: Mapping[str, PodAddress] = field(default_factory=dict)
    nodes: Mapping[str, str] = field(default_factory=dict)
    place_of: Callable[[Subject], Locator | None] = lambda pod: None
    _segments: dict[tuple[int, str], Segment] = field(default_factory=dict, repr=False)
    ways: dict[tuple[object, ...], tuple[Leg, ...]] = field(default_factory=dict, repr=False)
    remembers: bool | None = field(default=None, repr=False)

    @cached_property
    def hosts(self) -> dict[str, Network]:
        """The namespaces of the nodes themselves, by node."""
        return {each.node: each for each in self.networks if each.is_host}

    @cached_property
    def by_pod(self) -> dict[Subject, Network]:
        return {each.pod: each for each in self.networks if each.pod is not None}

    @cached_property
    def by_label(self) -> dict[tuple[str, str], Network]:
        return {(each.node, each.label): each for each in self.networks}

    @cached_property
    def owners(self) -> dict[str, list[Network]]:
        """The namespaces that have an address; those of bridges and loopbacks may be many."""
        found: dict[str, list[Network]] = defaultdict(list)
        for each in self.networks:
            for address in each.own:
                found[address].append(each)
        return found

    def owner(self, address: str) -> Network | None:
        """The one namespace that has the address."""
        found = self.owners.get(address, [])
        return found[0] if len(found) == 1 else None

    def segment(self, network: Network, dev: str) -> Segment:
        """What a frame that leaves ``network`` by ``dev`` can reach."""
        key = (id(network), dev)
        found = self._segments.get(key)
        if found is None:
            found = self._segments[key] = self._explore(network, dev)
        return found

    # --- wires ----------------------------------------------------------------------------------------------------

    def _explore(self, network: Network, dev: str) -> Segment:
        reached: list[Reached] = []
        unseen: list[tuple[Network, str]] = []
        for one in self._beyond(network, dev, (), {(id(network), dev)}):
            if isinstance(one, Reached):
                reached.append(one)
            else:
                unseen.append(one)
        by_address: dict[str, Reached] = {}
        by_mac: dict[str, Reached] = {}
        for one in reached:
            link = one.network.link(one.dev)
            if link is not None and link.mac is not None:
                by_mac.setdefault(link.mac, one)
            for address, on in one.network.own.items():
                if on == one.dev or address not in by_address:
                    by_address[address] = one
        return Segment(tuple(reached), tuple(unseen), by_address, by_mac)

    def _beyond(
        self, network: Network, dev: str, crossings: tuple[Crossing, ...], seen: set[tuple[int, str]]
    ) -> Iterator[Reached | tuple[Network, str]]:
        """The ends that a frame sent out of ``dev`` comes to."""
        kind = network.kind(dev)
        if kind == "bridge":
            yield from self._through_bridge(network, dev, "", crossings, seen)
        elif kind in ("veth", "netkit") or (kind is None and self._peer(network, dev) is not None):
            peer = self._peer(network, dev)
            if peer is None and network.is_host:
                yield from self._wire(network, dev, crossings, seen)  # a node that is a container itself
            elif peer is None:
                yield network, dev
            else:
                yield from self._into(*peer, crossings, seen)
        elif kind in ("vlan", "macvlan", "macvtap") and (link := network.link(dev)) is not None and link.peer:
            yield network, dev
        elif kind is None or kind not in VIRTUAL_KINDS:
            yield from self._wire(network, dev, crossings, seen)
        else:
            yield network, dev

    def _into(
        self, network: Network, dev: str, crossings: tuple[Crossing, ...], seen: set[tuple[int, str]]
    ) -> Iterator[Reached | tuple[Network, str]]:
        """A frame arrives on ``dev``: there it ends, or the bridge takes it whose port it is."""
        if (id(network), dev) in seen:
            return
        seen.add((id(network), dev))
        link = network.link(dev)
        if link is not None and link.master is not None and network.is_bridge(link.master):
            crossing = Crossing(network, link.master, dev, "")
            yield Reached(network, link.master, (*crossings, crossing))
            yield from self._through_bridge(network, link.master, dev, crossings, seen)
        else:
            yield Reached(network, dev, crossings)

    def _through_bridge(
        self, network: Network, bridge: str, entered: str, crossings: tuple[Crossing, ...], seen: set[tuple[int, str]]
    ) -> Iterator[Reached | tuple[Network, str]]:
        for port in network.ports.get(bridge, []):
            if port.name != entered and (id(network), port.name) not in seen:
                seen.add((id(network), port.name))
                crossing = Crossing(network, bridge, entered, port.name)
                yield from self._beyond(network, port.name, (*crossings, crossing), seen)

    def _wire(
        self, network: Network, dev: str, crossings: tuple[Crossing, ...], seen: set[tuple[int, str]]
    ) -> Iterator[Reached | tuple[Network, str]]:
        """A device of the host's own: other hosts whose devices are in the same network are taken to share its wire."""
        prefixes = [a for a in network.database.addresses if a.dev == dev and a.scope in (None, "global")]
        for other in self.hosts.values():
            if other is network:
                continue
            for address in other.database.addresses:
                kind = other.kind(address.dev)
                if kind in VIRTUAL_KINDS and kind not in ("bridge", "veth"):
                    continue
                if any(
                    mine.family == address.family
                    and mine.prefix_length < (32 if mine.family == 4 else 128)
                    and contains(_prefix(mine.address, mine.prefix_length), number(address.address), mine.family)
                    for mine in prefixes
                ):
                    for one in self._into(other, address.dev, crossings, seen):
                        yield msgspec.structs.replace(one, guessed=True) if isinstance(one, Reached) else one
        yield network, dev

    def _peer(self, network: Network, dev: str) -> tuple[Network, str] | None:
        """The other end of a pair."""
        link = network.link(dev)
        if link is None or link.peer is None:
            return None
        if not link.peer.startswith("if"):
            return (network, link.peer) if link.peer in network.database.links else None
        index = int(link.peer[2:]) if link.peer[2:].isdigit() else None
        if link.peer_netns is not None:
            # A namespace that nobody recorded by its name can only be the host's own.
            label = f"name {link.peer_netns}"
            other = self.by_label.get((network.node, label)) or self.by_label.get((network.node, ""))
            found = (
                other.by_index.get(index) if other is not None and other is not network and index is not None else None
            )
            if other is None or found is None or not _names_back(found, link):
                return None
            return other, found.name
        candidates = [
            (other, candidate)
            for other in self.networks
            if other is not network and other.node == network.node and index is not None
            if (candidate := other.by_index.get(index)) is not None and _names_back(candidate, link)
        ]
        if len(candidates) > 1:
            named = [(o, c) for o, c in candidates if c.peer_netns is None or c.peer_netns in network.label]
            candidates = named or candidates
        if len(candidates) > 1:
            meeting = [(o, c) for o, c in candidates if self._share_addresses(network, dev, o, c.name)]
            candidates = meeting
        return (candidates[0][0], candidates[0][1].name) if len(candidates) == 1 else None

    def _share_addresses(self, one: Network, dev: str, other: Network, theirs: str) -> bool:
        """Whether one end routes to an address of the other, or both are in one network."""
        for near, near_dev, far, far_dev in ((one, dev, other, theirs), (other, theirs, one, dev)):
            link = near.link(near_dev)
            devices = {near_dev, link.master if link is not None else None}
            for address, on in far.own.items():
                if on == far_dev and _routes_by(near, address) in devices:
                    return True
        return False


def _names_back(candidate: Link, link: Link) -> bool:
    return candidate.peer is not None and candidate.peer == f"if{link.index}"


def _routes_by(network: Network, address: str) -> str | None:
    """The device of the host's own longest route to an address."""
    family: Family = 6 if ":" in address else 4
    for _, routes in network.database.table("main", family).covering(number(address)):
        return routes[0].dev
    return None


def _prefix(address: str, length: int) -> str:
    full = 128 if ":" in address else 32
    first = number(address) >> (full - length) << (full - length)
    return f"{_text(first, full)}/{length}"


def _text(value: int, bits: int) -> str:
    from ipaddress import IPv4Address, IPv6Address

    return str(IPv4Address(value) if bits == 32 else IPv6Address(value))
