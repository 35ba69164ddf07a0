"""What a host says about its own network: rules, routes, devices, addresses, neighbours, kernel parameters.

Every fact carries ``netns``: the network namespace that the document itself names (`ip netns exec`, `nsenter`,
`kubectl exec`); None means "the namespace of the shell", whichever that was. Addresses are kept in the canonical text
of :mod:`ipaddress`; prefixes always with their length ("10.0.0.7/32", "0.0.0.0/0").
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from kwhy.model.document import Locator

Family: TypeAlias = Literal[4, 6]
#: How the scope of a listing is known: the command line stands in the evidence, or the output's own form shows it.
ListingBasis: TypeAlias = Literal["command", "content"]
#: Rules and routes name the three tables of the kernel in words, all others by number or by their rt_tables name.
TABLE_NAMES = {"255": "local", "254": "main", "253": "default"}


class NetworkNamespace(msgspec.Struct, frozen=True, gc=False):
    """A network namespace as a command line names it.

    ``pod`` names are the pod's, with ``namespace`` where the command said it (None: the context's default).
    """

    kind: Literal["name", "pid", "pod", "container"]
    name: str
    namespace: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace + '/' if self.namespace else ''}{self.name}"


class PolicyRule(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One rule of the routing policy database. A selector of None is not set, so it matches everything.

    ``detached_*``: the named device does not exist at the moment, so the selector matches nothing.
    ``fwmask`` accompanies ``fwmark``. ``unknown`` holds the selectors and actions that are not understood, as printed;
    a rule with any cannot be evaluated.
    """

    at: Locator
    family: Family
    priority: int
    action: Literal["lookup", "goto", "nop", "blackhole", "unreachable", "prohibit", "unknown"]
    table: str | None = None
    goto: int | None = None
    inverted: bool = False
    source: str | None = None
    destination: str | None = None
    iif: str | None = None
    oif: str | None = None
    iif_detached: bool = False
    oif_detached: bool = False
    fwmark: int | None = None
    fwmask: int = 0xFFFFFFFF
    tos: int | None = None
    protocol: str | None = None
    source_ports: tuple[int, int] | None = None
    destination_ports: tuple[int, int] | None = None
    uids: tuple[int, int] | None = None
    suppress_prefixlength: int | None = None
    suppress_ifgroup: str | None = None
    l3mdev: bool = False
    unknown: tuple[str, ...] = ()
    netns: NetworkNamespace | None = None


class NextHop(msgspec.Struct, frozen=True, gc=False):
    """Where a route sends packets. ``via`` None: the destination is on the link of ``dev``."""

    via: str | None = None
    dev: str | None = None
    weight: int = 1
    flags: tuple[str, ...] = ()


RouteType: TypeAlias = Literal[
    "unicast", "local", "broadcast", "anycast", "multicast", "unreachable", "blackhole", "prohibit", "throw", "nat"
]


class Route(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One route. ``table`` is None where neither the line, the command nor the form of the output tells it.

    ``nexthops`` is empty for routes without device (blackhole …) and for outputs that leave several next hops out
    (busybox). ``metric`` None: not printed, which means 0 for IPv4. ``partial``: the printing program shows neither
    preferred sources nor further next hops (`route -n`). ``unknown`` holds attributes that are not understood.
    """

    at: Locator
    family: Family
    destination: str
    table: str | None
    type: RouteType = "unicast"
    nexthops: tuple[NextHop, ...] = ()
    prefsrc: str | None = None
    source: str | None = None
    metric: int | None = None
    proto: str | None = None
    scope: str | None = None
    tos: int = 0
    flags: tuple[str, ...] = ()
    preference: str | None = None
    partial: bool = False
    unknown: tuple[str, ...] = ()
    netns: NetworkNamespace | None = None

    @property
    def is_default(self) -> bool:
        return self.destination in ("0.0.0.0/0", "::/0")

    @property
    def via(self) -> str | None:
        """The gateway, where there is exactly one next hop."""
        return self.nexthops[0].via if len(self.nexthops) == 1 else None

    @property
    def dev(self) -> str | None:
        """The device, where there is exactly one next hop."""
        return self.nexthops[0].dev if len(self.nexthops) == 1 else None


class RouteTableListing(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The document lists every route of one table (``table`` None: of all tables) for ``families``.

    ``missing``: the kernel said that the table does not exist, which routes like an empty one.
    """

    at: Locator
    table: str | None
    families: tuple[Family, ...]
    count: int
    basis: ListingBasis
    missing: bool = False
    netns: NetworkNamespace | None = None

    def covers(self, table: str, family: Family) -> bool:
        return family in self.families and (self.table is None or self.table == table)


class RuleListing(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The document lists every policy rule of ``families``."""

    at: Locator
    families: tuple[Family, ...]
    count: int
    basis: ListingBasis
    netns: NetworkNamespace | None = None


class RouteGetAnswer(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The kernel's own answer to `ip route get`. ``error`` is its text where there is no route, else None.

    ``asked`` are the arguments after ``get`` where the command is known: they may hold selectors (mark, uid, ipproto)
    that the answer does not repeat.
    """

    at: Locator
    family: Family
    destination: str | None
    type: RouteType = "unicast"
    source: str | None = None
    via: str | None = None
    dev: str | None = None
    prefsrc: str | None = None
    table: str | None = None
    iif: str | None = None
    mark: int | None = None
    uid: int | None = None
    error: str | None = None
    asked: tuple[str, ...] = ()
    netns: NetworkNamespace | None = None


class InterfaceAddress(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An address of a device. ``flags``: secondary, tentative, deprecated, dadfailed, temporary, dynamic …"""

    at: Locator
    dev: str
    family: Family
    address: str
    prefix_length: int
    scope: str | None = None
    peer: str | None = None
    flags: tuple[str, ...] = ()
    netns: NetworkNamespace | None = None


class Link(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A network device. ``peer`` is what stands after "@": a device name, or "if12" for an index elsewhere.

    ``state`` is the operational state (UP, DOWN, LOWERLAYERDOWN, UNKNOWN); None where not printed (busybox).
    ``flags`` is None where not printed (`ip -br addr`).
    """

    at: Locator
    name: str
    index: int | None = None
    peer: str | None = None
    flags: tuple[str, ...] | None = None
    mtu: int | None = None
    state: str | None = None
    kind: str | None = None
    mac: str | None = None
    master: str | None = None
    group: str | None = None
    netnsid: int | None = None
    peer_netns: str | None = None
    netns: NetworkNamespace | None = None

    @property
    def is_up(self) -> bool | None:
        """Administratively up; None where the flags were not printed."""
        return None if self.flags is None else "UP" in self.flags

    @property
    def has_carrier(self) -> bool | None:
        return None if self.flags is None else "LOWER_UP" in self.flags


class LinkListing(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The document lists every network device; ``addresses``: with all addresses of ``families`` too."""

    at: Locator
    count: int
    basis: ListingBasis
    addresses: bool
    families: tuple[Family, ...] = (4, 6)
    netns: NetworkNamespace | None = None


class MissingDevice(msgspec.Struct, frozen=True, gc=False):
    """A program was told a device that does not exist where it ran."""

    at: Locator
    device: str
    netns: NetworkNamespace | None = None


class Neighbour(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An entry of the neighbour (ARP, NDP) table. ``state``: REACHABLE, STALE, FAILED, INCOMPLETE, PERMANENT …"""

    at: Locator
    address: str
    dev: str
    mac: str | None = None
    state: str | None = None
    is_router: bool = False
    netns: NetworkNamespace | None = None


class Sysctl(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A kernel parameter. ``key`` in dots; a dot inside a device name stands as "/", as sysctl(8) writes it.

    ``file`` is the configuration file that asks for the value; None: the value in force.
    """

    at: Locator
    key: str
    value: str
    file: str | None = None
    netns: NetworkNamespace | None = None


class MissingSysctl(msgspec.Struct, frozen=True, gc=False):
    """The kernel has no such parameter: its module is not loaded, or the device does not exist."""

    at: Locator
    key: str
    netns: NetworkNamespace | None = None


class Ping(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One run of ping. ``sent`` is None where the statistics are cut off or the run never began.

    ``complaints`` are the distinct error texts ("Destination Host Unreachable", "Network is unreachable").
    ``answered_by`` names hosts other than the target that reported errors. Times in milliseconds.
    """

    at: Locator
    target: str
    address: str | None = None
    source: str | None = None
    interface: str | None = None
    payload: int | None = None
    sent: int | None = None
    received: int = 0
    rtt_min: float | None = None
    rtt_avg: float | None = None
    rtt_max: float | None = None
    complaints: tuple[str, ...] = ()
    answered_by: tuple[str, ...] = ()
    path_mtu: int | None = None
    netns: NetworkNamespace | None = None

    @property
    def answered(self) -> bool:
        return self.received > 0


ConnectOutcome: TypeAlias = Literal[
    "connected",
    "refused",
    "timed-out",
    "no-route-to-host",
    "network-unreachable",
    "name-not-resolved",
    "reset",
    "permission-denied",
    "failed",
]


class ConnectAttempt(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One attempt of a tool to open a connection. ``failed``: the tool does not say why.

    ``after`` is seconds until the outcome where printed; ``said`` the tool's words.
    """

    at: Locator
    tool: Literal["nc", "ncat", "telnet", "curl", "wget", "bash"]
    host: str | None
    port: int | None
    outcome: ConnectOutcome
    said: str
    address: str | None = None
    protocol: Literal["tcp", "udp"] = "tcp"
    after: float | None = None
    http_status: int | None = None
    netns: NetworkNamespace | None = None


NetworkFact: TypeAlias = (
    PolicyRule
    | Route
    | RouteTableListing
    | RuleListing
    | RouteGetAnswer
    | InterfaceAddress
    | Link
    | LinkListing
    | MissingDevice
    | Neighbour
    | Sysctl
    | MissingSysctl
    | Ping
    | ConnectAttempt
)
