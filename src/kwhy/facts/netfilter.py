"""The packet filter of a host: tables of iptables and nftables, address sets, IPVS virtual servers.

Every fact carries ``netns`` as the facts of :mod:`kwhy.facts.network` do. Rules are kept as lines of their document and
understood when a packet asks for them: a node with 10 000 Services has 100 000 of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from kwhy.facts.network import NetworkNamespace
from kwhy.model.document import Locator
from kwhy.model.time import UNKNOWN_MOMENT, Moment

NftFamily: TypeAlias = Literal["ip", "ip6", "inet", "arp", "bridge", "netdev"]


class IptablesChain(msgspec.Struct, frozen=True, gc=False):
    """A chain; ``policy`` is None for chains that users made. ``lines`` are the numbers of its rules' lines, in order.

    ``whole``: no rule of it can be missing; False where the document ends before the table does.
    """

    policy: str | None
    lines: tuple[int, ...]
    whole: bool = True


class IptablesTable(msgspec.Struct, frozen=True, gc=False):
    """One table as `iptables-save` printed it.

    ``backend`` is "nf_tables" or "legacy" where the header says so, else "". ``complete``: the closing COMMIT was read,
    so a rule that is not there does not exist.
    """

    name: str
    family: Literal[4, 6]
    backend: str
    chains: Mapping[str, IptablesChain]
    complete: bool
    at: Locator
    observed: Moment = UNKNOWN_MOMENT
    netns: NetworkNamespace | None = None

    @property
    def rules(self) -> int:
        return sum(len(chain.lines) for chain in self.chains.values())

    def text(self, line: int) -> str:
        return self.at.document.line(line)

    def place(self, line: int) -> Locator:
        return self.at.document.at(line, excerpt=self.text(line).strip())


class NftRule(msgspec.Struct, frozen=True, gc=False):
    """One rule: its statements as nft prints them, and the line; ``path`` instead of it in JSON (`nft -j`)."""

    text: str
    line: int | None
    path: str | None = None


class NftChain(msgspec.Struct, frozen=True, gc=False):
    """``hook`` is None for chains that are only jumped to. ``priority`` is None where not understood."""

    rules: tuple[NftRule, ...]
    line: int | None
    type: str | None = None
    hook: str | None = None
    priority: int | None = None
    policy: str = "accept"
    device: str | None = None
    whole: bool = True


class NftSet(msgspec.Struct, frozen=True, gc=False):
    """A set or map. ``type`` are the words of its key, ``value`` of what a map leads to ("verdict", "ipv4_addr . …").

    ``elements`` are as printed, without time-outs, counters and comments; None where the listing leaves them out
    (``nft -t``) or the document ends within.
    """

    kind: Literal["set", "map"]
    type: str
    line: int | None
    value: str | None = None
    flags: frozenset[str] = frozenset()
    elements: tuple[str, ...] | None = ()


class NftTable(msgspec.Struct, frozen=True, gc=False):
    """One table of `nft list ruleset`. ``dormant`` tables do nothing. ``complete``: its closing brace was read."""

    family: NftFamily
    name: str
    chains: Mapping[str, NftChain]
    sets: Mapping[str, NftSet]
    complete: bool
    at: Locator
    dormant: bool = False
    observed: Moment = UNKNOWN_MOMENT
    netns: NetworkNamespace | None = None

    @property
    def written_by_iptables(self) -> bool:
        """iptables-nft keeps its rules in tables of these names, with chains in capitals."""
        known = self.family in ("ip", "ip6") and self.name in ("filter", "nat", "mangle", "raw", "security")
        return known and not {"INPUT", "OUTPUT", "PREROUTING", "POSTROUTING"}.isdisjoint(self.chains)

    def place(self, rule: NftRule) -> Locator:
        return self.at.document.at(rule.line, rule.path, rule.text)


class NftListing(msgspec.Struct, frozen=True, gc=False):
    """The document lists all tables of nftables: what is not there does not exist."""

    tables: int
    at: Locator
    observed: Moment = UNKNOWN_MOMENT
    netns: NetworkNamespace | None = None


class IpSet(msgspec.Struct, frozen=True, gc=False):
    """One set of `ipset list` or `ipset save`. ``entries`` as printed, without options; ``nomatch`` are exceptions.

    ``options`` are the words of its header ("hashsize 1024 maxelem 65536 netmask 24").
    """

    name: str
    type: str
    family: Literal[4, 6] | None
    entries: tuple[str, ...]
    complete: bool
    at: Locator
    nomatch: tuple[str, ...] = ()
    options: str = ""
    observed: Moment = UNKNOWN_MOMENT
    netns: NetworkNamespace | None = None


class RealServer(msgspec.Struct, frozen=True, gc=False):
    """A backend of a virtual server; ``forwarding`` is "Masq", "Route" or "Tunnel". Weight 0 gets no connections."""

    address: str
    port: int
    forwarding: str
    weight: int
    at: Locator


class VirtualServer(msgspec.Struct, frozen=True, gc=False):
    """A virtual server of IPVS. ``protocol`` "fwm": ``mark`` selects the packets instead of address and port."""

    protocol: str
    address: str | None
    port: int | None
    scheduler: str
    servers: tuple[RealServer, ...]
    at: Locator
    mark: int | None = None
    persistent: bool = False
    observed: Moment = UNKNOWN_MOMENT
    netns: NetworkNamespace | None = None


class VirtualServerListing(msgspec.Struct, frozen=True, gc=False):
    """The document lists all virtual servers. ``complete``: it was read to its end."""

    count: int
    complete: bool
    at: Locator
    observed: Moment = UNKNOWN_MOMENT
    netns: NetworkNamespace | None = None


NetfilterFact: TypeAlias = IptablesTable | NftTable | NftListing | IpSet | VirtualServer | VirtualServerListing
