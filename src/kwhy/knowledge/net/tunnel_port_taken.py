"""Another program holds the UDP port of the overlay's tunnel."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

import msgspec

from kwhy.facts.network import Link
from kwhy.facts.sockets import Socket, SocketListing
from kwhy.knowledge.net.losing import FORWARDED_BY, explains_losses, from_pods, lost_evidence
from kwhy.knowledge.net.tunnel_ends import TunnelEnd, goes_through, tunnel_ends
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.host_network import NETWORK_STATE
from kwhy.scene.scene import Scene

TUNNEL_PORT_TAKEN = Condition(
    code="net.tunnel-port-taken",
    kind="Node",
    nature=Nature.ROOT,
    title="{program} (pid {pid}) on {subject} holds UDP port {port}, which the overlay's tunnel {device} needs",
    summary="The kernel cannot open the tunnel's socket: the device stays down, no packet leaves or arrives by it.",
    remedies=(
        Remedy(
            id="free-the-port",
            title="Free the port, and let the plugin's agent set its device up",
            when="now",
            risk="medium",
            steps=(
                Step("See what the program is, and stop it by its unit or pod.",
                     "ps -fp {pid}; systemctl status {pid}"),
                Step("Restart the network plugin's pod on {node}: it sets the device up when it starts.",
                     "kubectl get pods -A -o wide --field-selector spec.nodeName={node}"),
            ),
            verify=(
                Step("The kernel holds the port: no process is printed.", "ss -lunp 'sport = :{port}'"),
                Step("The device is up.", "ip -d link show {device}"),
            ),
            undo=(Step("Start the program again, on another port."),),
        ),
        Remedy(
            id="keep-the-ports-apart",
            title="Give one of the two another port for good",
            when="lasting",
            risk="medium",
            steps=(
                Step("Configure the program for another port, or the plugin (flannel: Backend.Port, calico: vxlanPort, "
                     "cilium: tunnel-port) on all nodes at once."),
            ),
            verify=(Step("After a reboot the device is up.", "ip -d link show {device}"),),
            undo=(Step("Restore the former port."),),
        ),
    ),
)  # fmt: skip


class Holders(msgspec.Struct, frozen=True):
    """Who holds the ports of the node's tunnels: programs, or the kernel. ``down``: a tunnel device that is not up."""

    taken: tuple[tuple[TunnelEnd, Socket], ...]
    free: tuple[Evidence, ...]
    down: tuple[Evidence, ...]
    failing: tuple[Evidence, ...]


def holders_of(scene: Scene, node: Subject) -> Holders:
    """The UDP sockets of the node (ss -lunp) and its tunnel devices"""
    ends = tunnel_ends(scene, node)
    sockets = [s for s in scene.facts_on(node, Socket) if s.protocol == "udp" and s.listening and s.netns is None]
    taken = [(end, s) for end in ends for s in sockets if s.port == end.port and s.program is not None]
    free = [
        Evidence(listing.at, f"no program holds UDP port {end.port}")
        for listing in scene.facts_on(node, SocketListing)
        for end in ends
        if listing.processes and "udp" in listing.protocols and listing.netns is None
    ]
    links = [link for link in scene.facts_on(node, Link) if link.netns is None and link.is_up is False]
    down = [Evidence(link.at, f"{link.name} is down") for link in links if any(e.device == link.name for e in ends)]
    return Holders(tuple(taken), tuple(free), tuple(down), tuple(lost_evidence(from_pods(scene, node))[:1]))


def _needing_the_tunnel(scene: Scene, subject: Subject) -> Iterable[Subject]:
    """Nodes as in FORWARDED_BY, without connections that go elsewhere: routes of a device that is down are gone."""
    for node in FORWARDED_BY.find(scene, subject):
        if subject.kind == "Connection" and not scene.derive(holders_of, node).down:
            address = subject.name.rpartition(":")[0]
            if goes_through(scene, node, address, scene.derive(tunnel_ends, node)) is False:
                continue
        if subject.kind == "Connection" and not _may_be_a_pod(subject.name.rpartition(":")[0]):
            continue
        yield node


def _may_be_a_pod(address: str) -> bool:
    """Pods and Services mostly have private addresses; names may be theirs."""
    try:
        return ip_address(address).is_private
    except ValueError:
        return True


NEEDS_TUNNEL = Relation("reaches other nodes through the overlay of", _needing_the_tunnel)


@rule(TUNNEL_PORT_TAKEN, rows=("R7",), leads=explains_losses(NEEDS_TUNNEL))
def tunnel_port_taken(node: Subject, holders: Holders = given(holders_of)) -> Verdict:
    """A program holds the tunnel's port.

    What it means: A tunnel device is a UDP socket of the kernel. Where a program was first on the port, the device
    cannot be set up ("Address already in use"), and pods reach their own node only.
    How it shows: `ss -lunp` prints a process for the tunnel's port; the device is down.
    What looks like it: The kernel's own socket stands in the same list, without a process: that is as it should be.
    Source: Linux v6.18 drivers/net/vxlan/vxlan_core.c (vxlan_sock_add, EADDRINUSE); flannel-io/flannel
    pkg/backend/vxlan/device.go (failed to set interface to UP state).
    """
    if holders.taken:
        end, socket = holders.taken[0]
        because = (
            Evidence(socket.at, f"{socket.program} listens on UDP port {end.port}"),
            *holders.down[:1],
            *holders.failing,
        )
        values = {"program": socket.program, "pid": socket.pid, "port": end.port, "device": end.device}
        return Present(because, values)
    if holders.free:
        return Absent(holders.free[:1])
    return unsure(f"who holds the ports of the tunnels of {node.name}", NETWORK_STATE.of(node=node.name))
