"""A node sends the overlay's packets for another node to the wrong place."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from kwhy.facts.devices import ForwardingEntry, Tunnel
from kwhy.facts.network import InterfaceAddress, Link, Neighbour
from kwhy.knowledge.net.losing import explains_losses
from kwhy.knowledge.net.tunnel_blocked import TUNNELLED_BY
from kwhy.knowledge.net.tunnel_ends import tunnel_ends
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.host_network import NETWORK_STATE
from kwhy.scene.scene import Scene

TUNNEL_WRONG_PEER = Condition(
    code="net.tunnel-wrong-peer",
    kind="Node",
    nature=Nature.ROOT,
    title="{subject} sends the overlay's packets for {peer} to {wrong}, and {peer} has {right}",
    summary="The tunnel's own tables (neighbours, forwarding entries) name a former or a foreign end.",
    remedies=(
        Remedy(
            id="let-the-agent-write-them",
            title="Let the network plugin's agent write its entries anew",
            when="now",
            risk="low",
            steps=(
                Step("Delete the plugin's pod on {node}; its DaemonSet starts a new one.",
                     "kubectl get pods -A -o wide --field-selector spec.nodeName={node}"),
                Step("Or by hand, with the peer's own values: its device's hardware address, its node's address.",
                     "ip -d link show {device}"),
            ),
            verify=(
                Step("The entries name the peer's end.", "bridge fdb show dev {device}; ip neigh show dev {device}"),
                Step("A pod of {node} reaches a pod of {peer}."),
            ),
            undo=(Step("Nothing to undo: the agent owns the entries."),),
        ),
        Remedy(
            id="see-who-is-out-of-date",
            title="See why the agent did not learn of the change",
            when="lasting",
            risk="none",
            steps=(
                Step("Compare the peer's annotations (flannel.alpha.coreos.com/backend-data and public-ip) with its "
                     "device; two nodes with one name or one machine id overwrite each other.",
                     "kubectl describe node {peer}"),
            ),
            verify=(Step("The annotations agree with the peer's device."),),
            undo=(Step("Nothing to undo."),),
        ),
    ),
)  # fmt: skip


class Far(msgspec.Struct, frozen=True):
    """The tunnel end of another node, by its own documents. ``addresses`` are those of its tunnel device."""

    node: Subject
    device: str
    mac: str | None
    local: str | None
    addresses: frozenset[str]
    at: Evidence


class Wrong(msgspec.Struct, frozen=True):
    """An entry that does not lead to a peer, and what does."""

    peer: Subject
    device: str
    wrong: str
    right: str
    entry: Evidence
    proof: Evidence


class Entries(msgspec.Struct, frozen=True):
    """The entries of a node's tunnels compared with the peers' own documents."""

    wrong: tuple[Wrong, ...]
    agreeing: tuple[Evidence, ...]


def _far_ends(scene: Scene) -> list[Far]:
    found = []
    for node in scene.hosts.all:
        tunnels = {t.dev: t for t in scene.facts_on(node, Tunnel) if t.netns is None}
        names = {end.device for end in scene.derive(tunnel_ends, node)}
        for link in scene.facts_on(node, Link):
            if link.netns is not None or link.name not in names or link.mac is None:
                continue
            own = [a for a in scene.facts_on(node, InterfaceAddress) if a.netns is None and a.dev == link.name]
            tunnel = tunnels.get(link.name)
            proof = Evidence(link.at, f"{link.name} of {node.name} has {link.mac}")
            local = tunnel.local if tunnel is not None else None
            found.append(Far(node, link.name, link.mac, local, frozenset(a.address for a in own), proof))
    return found


def entries_of(scene: Scene, node: Subject) -> Entries:
    """The tunnels' entries (bridge fdb, ip neigh), and the devices of the peers"""
    far = [end for end in scene.derive_once(_far_ends) if end.node != node]
    wrong: list[Wrong] = []
    agreeing: list[Evidence] = []
    devices = {end.device for end in scene.derive(tunnel_ends, node)}
    for compared in (*_neighbours(scene, node, far, devices), *_forwarding(scene, node, far, devices)):
        if isinstance(compared, Wrong):
            wrong.append(compared)
        else:
            agreeing.append(compared)
    return Entries(tuple(wrong), tuple(agreeing))


def _neighbours(scene: Scene, node: Subject, far: list[Far], devices: set[str]) -> Iterator[Wrong | Evidence]:
    """The hardware address under which the node knows a peer's tunnel device, against the one that it has."""
    for entry in scene.facts_on(node, Neighbour):
        if entry.netns is not None or entry.dev not in devices or entry.mac is None:
            continue
        for end in far:
            if entry.address in end.addresses and end.mac is not None:
                if entry.mac == end.mac:
                    yield Evidence(entry.at, f"{entry.address} is known as {entry.mac}, which {end.node.name} has")
                    continue
                shown = Evidence(entry.at, f"{end.node.name}'s {entry.address} is known as {entry.mac}")
                yield Wrong(end.node, entry.dev, entry.mac, end.mac, shown, end.at)


def _forwarding(scene: Scene, node: Subject, far: list[Far], devices: set[str]) -> Iterator[Wrong | Evidence]:
    """The node to which packets for a peer's hardware address are sent, against the one that has it."""
    for entry in scene.facts_on(node, ForwardingEntry):
        if entry.netns is not None or entry.dev not in devices or entry.dst is None:
            continue
        for end in far:
            if entry.mac == end.mac and end.local is not None:
                if entry.dst == end.local:
                    yield Evidence(entry.at, f"{entry.mac} is sent to {entry.dst}, which is {end.node.name}")
                    continue
                shown = Evidence(entry.at, f"packets for {end.node.name} ({entry.mac}) are sent to {entry.dst}")
                yield Wrong(end.node, entry.dev, entry.dst, end.local, shown, end.at)


@rule(TUNNEL_WRONG_PEER, rows=("R7",), leads=explains_losses(TUNNELLED_BY))
def tunnel_wrong_peer(node: Subject, entries: Entries = given(entries_of)) -> Verdict:
    """The tunnel's entries name the wrong end.

    What it means: flannel's and others' agents tell the kernel of each peer: the hardware address of its tunnel device
    (ip neigh), and the node to which packets for it are sent (bridge fdb). After a peer was made anew, entries of
    former times send its packets nowhere.
    How it shows: An entry for a peer differs from that peer's own device: its hardware address, or its node's address.
    What looks like it: A firewall that drops the port: then the entries agree. A peer without any entry: the agent has
    not learnt of it.
    Source: flannel-io/flannel pkg/backend/vxlan/vxlan_network.go (handleSubnetEvents: AddARP, AddFDB, route).
    """
    if entries.wrong:
        first = entries.wrong[0]
        values = {
            "peer": first.peer.name,
            "wrong": first.wrong,
            "right": first.right,
            "device": first.device,
        }
        return Present((first.entry, first.proof), values, basis=Basis.RECOMPUTED)
    if entries.agreeing:
        return Absent(entries.agreeing[:2])
    return unsure(f"the tunnel entries of {node.name} and the devices of its peers", NETWORK_STATE.of(node=node.name))
