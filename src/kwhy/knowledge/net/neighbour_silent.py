"""Nobody answers for the address of the next hop, so that packets cannot be sent there."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.network import Neighbour
from kwhy.facts.objects import Node
from kwhy.knowledge.app.errors import errors_of
from kwhy.knowledge.net.connections import connections_of, database_of
from kwhy.knowledge.net.losing import REACHED_THROUGH, explains_losses
from kwhy.knowledge.net.routing import decide
from kwhy.knowledge.net.rule_match import Flow
from kwhy.knowledge.node.not_ready import NODE_NOT_READY, not_ready
from kwhy.knowledge.service.consumers import calls_of
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.host_network import NETWORK_STATE
from kwhy.scene.relations import pods_on
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

NEIGHBOUR_SILENT = Condition(
    code="net.neighbour-silent",
    kind="Node",
    nature=Nature.EFFECT,
    title="Nobody answers {subject} for {address} on {device} ({state}){whose}",
    summary="The kernel asks on the link who has the address (ARP, neighbour discovery) and gets no answer.",
)

#: States of an entry whose questions got no answer (include/uapi/linux/neighbour.h).
_SILENT = frozenset({"FAILED", "INCOMPLETE"})


class Silence(msgspec.Struct, frozen=True):
    """An address that packets of a failing connection go to next, with its entry and the connection."""

    neighbour: Neighbour
    failing: Evidence


class Neighbours(msgspec.Struct, frozen=True):
    """What the neighbour tables say about the next hops of failing connections: ``known`` ones answer."""

    silent: tuple[Silence, ...]
    known: tuple[Neighbour, ...]


def next_hops(scene: Scene, node: Subject) -> Neighbours:
    """The neighbour tables of the node and its pods (ip neigh), and where failing connections go next"""
    tables: dict[str, list[Neighbour]] = {}
    for entry in scene.facts_on(node, Neighbour):
        tables.setdefault(entry.address, []).append(entry)
    silent, known = [], []
    for called, failing in _called_in_vain(scene, node):
        for address in _towards(scene, node, called):
            entries = tables.get(address, [])
            silent += [Silence(e, failing) for e in entries if e.state in _SILENT]
            known += [e for e in entries if e.state not in _SILENT]
    return Neighbours(tuple(silent), tuple(known))


def _called_in_vain(scene: Scene, node: Subject) -> Iterable[tuple[str, Evidence]]:
    """Addresses that tools and programs on the node call in vain, with what says so."""
    for attempts in scene.derive(connections_of, node).values():
        if attempts.failed:
            yield attempts.address, attempts.failed[0]
    for pod in pods_on(scene, node):
        for call in scene.derive(calls_of, pod) if errors_of(scene, pod) else ():
            if call.address is not None and call.errors.complaint in ("no route", "timeout"):
                yield call.address, Evidence(call.errors.locate(call.errors.last), f"{pod}: {call.errors.complaint}")


def _towards(scene: Scene, node: Subject, address: str) -> Iterable[str]:
    """The address itself, for who shares its link, and the gateway that the node's routes give."""
    yield address
    try:
        decision = decide(scene.derive(database_of, node), Flow(destination=address))
    except ValueError:
        return
    for hop in decision.result.nexthops if decision.known else ():
        if hop.via is not None:
            yield hop.via


def _handing_over(scene: Scene, subject: Subject) -> Iterable[Subject]:
    """Nodes as in REACHED_THROUGH, unless all neighbours that are silent there are others than the next hop."""
    for node in REACHED_THROUGH.find(scene, subject):
        silent = {silence.neighbour.address for silence in scene.derive(next_hops, node).silent}
        if subject.kind == "Connection":
            called = {subject.name.rpartition(":")[0]}
        else:
            called = {call.address for call in scene.derive(calls_of, subject) if call.address}
        if not silent or any(hop in silent for address in called for hop in _towards(scene, node, address)):
            yield node


HANDED_OVER_BY = Relation("is reached through", _handing_over)


@rule(NEIGHBOUR_SILENT, rows=("R10", "R12"), leads=explains_losses(HANDED_OVER_BY))
def neighbour_silent(node: Subject, neighbours: Neighbours = given(next_hops)) -> Verdict:
    """The next hop does not answer.

    What it means: The route is there, but the host that the packet must be handed to is silent: it is down, it is not
    on this link (wrong VLAN, wrong prefix length), or it does not have the address (a pod that is gone). After three
    questions the kernel gives up: "No route to host".
    How it shows: The entry in `ip neigh` of the connection's next hop is FAILED or INCOMPLETE.
    What looks like it: A firewall that rejects with icmp-host-prohibited or host-unreachable: tools print the same
    words, and the entry is REACHABLE. A missing route prints "Network is unreachable". A full neighbour table leaves no
    entry at all.
    Source: Linux v6.18 net/core/neighbour.c (neigh_timer_handler, neigh_invalidate), net/ipv4/arp.c
    (arp_error_report), net/ipv4/route.c (ipv4_link_failure: EHOSTUNREACH).
    """
    if neighbours.silent:
        found = neighbours.silent[0]
        entry = found.neighbour
        owner = _owner(neighbours, found)
        because = (Evidence(entry.at, f"{entry.address} on {entry.dev}: {entry.state}"), found.failing)
        return Present(because, {"address": entry.address, "device": entry.dev, "state": entry.state, "whose": owner})
    if neighbours.known:
        entry = neighbours.known[0]
        return Absent((Evidence(entry.at, f"{entry.address} is known on {entry.dev} ({entry.state})"),))
    return unsure(f"whether the next hop of {node.name} answers", NETWORK_STATE.of(node=node.name))


def _owner(neighbours: Neighbours, found: Silence) -> str:
    space = found.neighbour.netns
    return f", asked from {space}" if space is not None else ""


def _nodes_by_address(scene: Scene) -> dict[str, Subject]:
    index = {}
    for struct in scene.structs("Node"):
        addresses = struct.status.addresses if isinstance(struct, Node) else None
        for address in addresses if isinstance(addresses, list) else ():
            if address.type == "InternalIP" and address.address:
                index[address.address] = Subject("Node", struct.metadata.name)
    return index


def _asked_nodes(scene: Scene, node: Subject) -> Iterable[Subject]:
    """The nodes whose addresses nobody answers for."""
    by_address = scene.derive_once(_nodes_by_address)
    for silence in scene.derive(next_hops, node).silent:
        other = by_address.get(silence.neighbour.address)
        if other is not None and other != node:
            yield other


ADDRESS_OF = Relation("is asked for the address of", _asked_nodes)


@rule(NODE_NOT_READY, rows=("R12",), leads=(leads_to(NEIGHBOUR_SILENT, via=ADDRESS_OF),))
def silent_node_not_ready(node: NodeView) -> Verdict:
    """The node whose address nobody answers for is not Ready.

    What it means: The host itself is down, or off the network: its neighbours get no answer either.
    How it shows: As for any node.
    What looks like it: A node that is Ready and does not answer its neighbour is on another link than its address says.
    Source: As for the node itself.
    """
    return not_ready.judge(node)
