"""The overlay tunnels of a node: by which device, port and addresses its pods' packets travel to other nodes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from kwhy.facts.devices import ForwardingEntry, Tunnel
from kwhy.facts.network import InterfaceAddress, Link, Route
from kwhy.knowledge.net.connections import database_of
from kwhy.knowledge.net.routing import decide
from kwhy.knowledge.net.rule_match import Flow
from kwhy.model.document import Locator
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene

#: UDP ports by the names that plugins give their tunnel devices: flannel pkg/backend/vxlan (Linux's own default 8472),
#: calico felix/config VXLANPort 4789, cilium pkg/defaults TunnelPortVXLAN 8472, antrea genev_sys_6081 (RFC 8926).
_PORTS: Final = {
    "flannel.": 8472,
    "vxlan.calico": 4789,
    "cilium_vxlan": 8472,
    "genev_sys_6081": 6081,
    "vxlan_sys_4789": 4789,
}
#: Default ports of the kernel: drivers/net/vxlan/vxlan_core.c (8472), include/net/geneve.h (6081).
_KERNEL_PORTS: Final = {"vxlan": 8472, "geneve": 6081}


class TunnelEnd(msgspec.Struct, frozen=True):
    """One tunnel device of a node. ``underlay`` is the device that wrapped packets use; ``peers`` the other ends."""

    device: str
    port: int
    local: str | None
    underlay: str | None
    peers: tuple[str, ...]
    at: Locator


def tunnel_ends(scene: Scene, node: Subject) -> list[TunnelEnd]:
    """The node's VXLAN and Geneve devices and the other nodes behind them (ip -d link, bridge fdb)"""
    found: dict[str, TunnelEnd] = {}
    for tunnel in scene.facts_on(node, Tunnel):
        if tunnel.kind in _KERNEL_PORTS and tunnel.netns is None:
            port = tunnel.port or _KERNEL_PORTS[tunnel.kind]
            found.setdefault(tunnel.dev, _end(scene, node, tunnel.dev, port, _as_written(tunnel.at), tunnel))
    for name, at in _named(scene, node):
        port = next((port for start, port in _PORTS.items() if name.startswith(start)), 0)
        if port and name not in found:
            found[name] = _end(scene, node, name, port, at, None)
    return list(found.values())


def _as_written(at: Locator) -> Locator:
    """The place with its line as it stands: details of a device are noted with the device's name."""
    return at if at.line is None else at.document.at(at.line, excerpt=at.document.line(at.line).strip())


def _named(scene: Scene, node: Subject) -> Iterable[tuple[str, Locator]]:
    for link in scene.facts_on(node, Link):
        if link.netns is None:
            yield link.name, link.at
    for route in scene.facts_on(node, Route):
        if route.netns is None and route.dev is not None:
            yield route.dev, route.at


def _end(scene: Scene, node: Subject, device: str, port: int, at: Locator, tunnel: Tunnel | None) -> TunnelEnd:
    entries = [e for e in scene.facts_on(node, ForwardingEntry) if e.dev == device and e.dst and e.netns is None]
    peers = dict.fromkeys(e.dst for e in entries if e.dst not in (None, "0.0.0.0", "::"))
    if tunnel is not None and tunnel.remote is not None:
        peers[tunnel.remote] = None
    local = tunnel.local if tunnel is not None else None
    underlay = tunnel.underlay if tunnel is not None else None
    if local is not None and underlay is None:
        own = (a for a in scene.facts_on(node, InterfaceAddress) if a.netns is None and a.address == local)
        underlay = next((a.dev for a in own), None)
    return TunnelEnd(device, port, local, underlay, tuple(peer for peer in peers if peer), at)


def goes_through(scene: Scene, node: Subject, address: str, ends: Iterable[TunnelEnd]) -> bool | None:
    """Whether the node sends packets for the address into one of its tunnels; None where routes do not tell."""
    try:
        decision = decide(scene.derive(database_of, node), Flow(destination=address))
    except ValueError:
        return None
    if not decision.known or not decision.result.devices:
        return None
    return any(end.device in decision.result.devices for end in ends)
