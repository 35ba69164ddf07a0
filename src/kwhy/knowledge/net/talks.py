"""Everything that captures of one host show about one server: its connections, what was said, and its names."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.dialogues import Dialogue, NameQuestion
from kwhy.facts.packets import Direction, Flow
from kwhy.model.document import Document
from kwhy.model.subject import Subject
from kwhy.model.time import Moment
from kwhy.scene.scene import Scene


class Talk(msgspec.Struct, frozen=True):
    """The TCP connections from one host to one address and port. ``names`` are those that led there.

    ``hops`` are the TTLs with which packets in the server's name arrive, RST left out, over all its connections; empty
    where captures do not show them.
    """

    address: str
    port: int
    flows: tuple[Flow, ...]
    dialogues: tuple[Dialogue, ...]
    names: tuple[str, ...]
    hops: frozenset[int]
    said: dict[tuple[Document, int], Dialogue]

    @property
    def called(self) -> str:
        """The server as a person would name it; several names tell nothing."""
        end = f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"
        return f"{self.names[0]} ({end})" if len(self.names) == 1 else end

    @property
    def round_trip(self) -> float | None:
        """The median round trip of the handshakes; None where no handshake was captured."""
        trips = sorted(flow.handshake_rtt for flow in self.flows if flow.handshake_rtt is not None)
        return trips[len(trips) // 2] if trips else None

    @property
    def round_trip_at_most(self) -> float | None:
        """The round trip, or what bounds it from above: the fastest acknowledgement of a question, the fastest
        answer."""
        if self.round_trip is not None:
            return self.round_trip
        bounds = [each.acknowledged for each in self.dialogues if each.acknowledged is not None]
        bounds += [exchange.wait for dialogue in self.dialogues for exchange in dialogue.slowest]
        return min(bounds, default=None)

    @property
    def sent_again(self) -> int:
        return sum(flow.ab.retransmitted + flow.ba.retransmitted for flow in self.flows)

    def dialogue_of(self, flow: Flow) -> Dialogue | None:
        """What was said over one of the connections."""
        return self.said.get(_begun(flow))


def connection(node: Subject, talk: Talk) -> Subject:
    return Subject("Connection", f"{talk.address}:{talk.port}", node=node.name)


def talks_of(scene: Scene, node: Subject) -> dict[str, Talk]:
    """TCP connections in captures of the host, by "address:port" of the server"""
    by_server: dict[tuple[str, int], list[Flow]] = {}
    hops: dict[str, set[int]] = {}
    for flow in _seen_once(flow for flow in scene.facts_on(node, Flow) if flow.protocol == "tcp"):
        by_server.setdefault((flow.b, flow.b_port), []).append(flow)
        hops.setdefault(flow.b, set()).update(hop for hop in flow.ba.hops if hop)
    dialogues: dict[tuple[str, int], list[Dialogue]] = {}
    begun = {_begun(flow) for flows in by_server.values() for flow in flows}
    for dialogue in scene.facts_on(node, Dialogue):
        if _begun(dialogue) in begun:
            dialogues.setdefault((dialogue.b, dialogue.b_port), []).append(dialogue)
    names = _names(scene.facts_on(node, NameQuestion))
    found = {}
    for (address, port), flows in by_server.items():
        said = dialogues.get((address, port), [])
        led = dict.fromkeys([*names.get(address, ()), *(_host(d) for d in said if d.server_name)])
        led.pop(address, None)
        found[f"{address}:{port}"] = Talk(
            address,
            port,
            tuple(flows),
            tuple(said),
            tuple(led),
            frozenset(hops.get(address, ())),
            {_begun(dialogue): dialogue for dialogue in said},
        )
    return found


def _begun(what: Flow | Dialogue) -> tuple[Document, int]:
    """The packet with which a connection begins: it begins no other one of TCP."""
    return what.begin.document, what.begin.number


def talk_of(scene: Scene, subject: Subject) -> Talk | None:
    """A capture of the connections (tcpdump)"""
    return scene.derive(talks_of, Subject("Node", subject.node or "")).get(subject.name)


def all_talks(scene: Scene) -> list[tuple[Subject, Talk]]:
    """Every server in every capture, as the subject of a connection."""
    return scene.derive_once(_all_talks)


def _all_talks(scene: Scene) -> list[tuple[Subject, Talk]]:
    hosts = dict.fromkeys(scene.host_of(flow.at.document) for flow in scene.facts(Flow))
    return [(connection(node, talk), talk) for node in hosts for talk in scene.derive(talks_of, node).values()]


def _host(dialogue: Dialogue) -> str:
    name = dialogue.server_name or ""
    return name.rpartition(":")[0] if name.rpartition(":")[2].isdigit() and "]" not in name else name


def _names(questions: Iterable[NameQuestion]) -> dict[str, dict[str, None]]:
    names: dict[str, dict[str, None]] = {}
    for question in questions:
        for address in question.addresses:
            names.setdefault(address, {})[question.name] = None
    return names


def _seen_once(flows: Iterable[Flow]) -> list[Flow]:
    """One of the flows that show the same connection: captures of several interfaces show it several times."""
    best: dict[tuple[str, int, str, int, int, float], Flow] = {}
    for flow in flows:
        first = flow.syn or flow.begin
        begun = round(first.time.earliest, 0) if flow.syn is None and first.time.earliest is not None else 0.0
        key = (flow.a, flow.a_port, flow.b, flow.b_port, first.sequence, begun)
        known = best.get(key)
        if known is None or _shows(flow) > _shows(known):
            best[key] = flow
    return list(best.values())


def _shows(flow: Flow) -> tuple[bool, int]:
    return bool(flow.ab.packets and flow.ba.packets), flow.packets


def certainly_before(earlier: Moment, later: Moment) -> bool:
    return earlier.latest is not None and later.earliest is not None and earlier.latest < later.earliest


def both(flow: Flow) -> tuple[Direction, Direction]:
    return flow.ab, flow.ba
