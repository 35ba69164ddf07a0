"""What makes a device more than an interface: tunnels, bridges and their forwarding tables, namespaces, peers."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from kwhy.facts.network import NetworkNamespace
from kwhy.model.document import Locator

TunnelKind: TypeAlias = Literal["vxlan", "geneve", "ipip", "sit", "gre", "gretap", "ip6tnl", "ip6gre", "ip6gretap"]


class Tunnel(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A device that wraps packets. ``remote`` None: none is set, so the forwarding table or the route names the peer.

    ``id`` is the VNI of vxlan and geneve; ``underlay`` the device that the wrapped packets are bound to.
    ``external``: the peer comes with each packet (`ip route … encap`, eBPF), so nothing here tells it.
    """

    at: Locator
    dev: str
    kind: TunnelKind
    id: int | None = None
    local: str | None = None
    remote: str | None = None
    port: int | None = None
    underlay: str | None = None
    external: bool = False
    netns: NetworkNamespace | None = None


class BridgeSettings(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Whether one bridge hands its frames to the packet filter, whatever the namespace's sysctl says."""

    at: Locator
    dev: str
    calls_iptables: bool
    calls_ip6tables: bool
    netns: NetworkNamespace | None = None


class ForwardingEntry(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A line of `bridge fdb show`. ``dst`` is the tunnel endpoint with the address; ``bridge`` the master."""

    at: Locator
    mac: str
    dev: str
    dst: str | None = None
    bridge: str | None = None
    flags: tuple[str, ...] = ()
    netns: NetworkNamespace | None = None


class ForwardingListing(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The document lists the whole forwarding table of a namespace."""

    at: Locator
    count: int
    netns: NetworkNamespace | None = None


class BridgePort(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A port of a bridge (`bridge link`, `ip -d link`). ``state``: forwarding, blocking, disabled, learning, listening.

    ``hairpin``: frames may leave by the port that they came by; None: not shown.
    """

    at: Locator
    dev: str
    bridge: str
    state: str | None = None
    hairpin: bool | None = None
    netns: NetworkNamespace | None = None


class NamedNamespace(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A line of `ip netns list`: the number by which this namespace's devices name the other (``link-netnsid``)."""

    at: Locator
    name: str
    id: int | None = None
    netns: NetworkNamespace | None = None


class WireguardPeer(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A peer of `wg show`. ``endpoint`` is its address without the port; ``allowed`` the prefixes sent to it."""

    at: Locator
    dev: str
    endpoint: str | None = None
    port: int | None = None
    allowed: tuple[str, ...] = ()
    handshake: str | None = None
    netns: NetworkNamespace | None = None


DeviceFact: TypeAlias = (
    Tunnel | BridgeSettings | ForwardingEntry | ForwardingListing | BridgePort | NamedNamespace | WireguardPeer
)
