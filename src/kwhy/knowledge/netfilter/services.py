"""What a node's packet filter says about Services: addresses, and the endpoints that they lead to.

kube-proxy writes them in three ways: as chains of iptables, as the table kube-proxy of nftables, as virtual servers of
IPVS. Sources: Kubernetes v1.34 pkg/proxy/iptables/proxier.go (syncProxyRules, writeServiceToEndpointRules),
pkg/proxy/nftables/proxier.go, pkg/proxy/ipvs/proxier.go; v1.16 pkg/proxy/iptables/proxier.go writes the masquerade rule
of a Service before its own, into the same chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal, TypeAlias

import msgspec

from kwhy.facts.netfilter import IptablesTable, NftRule, NftTable, VirtualServer, VirtualServerListing
from kwhy.model.document import Locator
from kwhy.model.expressions import expression

Mode: TypeAlias = Literal["iptables", "nftables", "ipvs"]
#: Address (canonical text), protocol in small letters, port.
PortalKey: TypeAlias = tuple[str, str, int]

SERVICES_CHAIN: Final = "KUBE-SERVICES"
#: Jumps that carry Service traffic to kube-proxy's chains (iptablesJumpChains of proxier.go).
_ENTRIES: Final = (("PREROUTING", SERVICES_CHAIN), ("OUTPUT", SERVICES_CHAIN), ("POSTROUTING", "KUBE-POSTROUTING"))
#: -A KUBE-SERVICES -d 10.96.1.9/32 -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-…
_PORTAL: Final = expression(
    r"(?<!! )-d (?P<address>[0-9a-fA-F.:]{2,45})(?:/(?:32|128))? (?:-p (?P<protocol>tcp|udp|sctp)(?= ))?"
    r"(?P<rest>.{0,600}?)(?: -[jg] (?P<target>\S{1,64}))(?: |$)"
)
_DPORT: Final = expression(r" --dport (?P<port>\d{1,5})(?= |$)")
#: "shop/web:http cluster IP"   "shop/web has no endpoints"   "shop/web:http external IP"
_COMMENT: Final = expression(r'--comment (?:"(?P<quoted>(?:[^"\\]|\\.){0,300})"|(?P<plain>\S{1,300}))')
_PROBABILITY: Final = expression(r" --probability (?P<share>[0-9.]{1,20})(?= |$)")
_TO_ENDPOINT: Final = expression(r" -[jg] (?P<chain>KUBE-SEP-\S{1,40})")
_TO_SERVICE: Final = expression(r" -[jg] (?P<chain>KUBE-(?:SVC|SVL|XLB)-\S{1,40})")
_DNAT: Final = expression(r" -j DNAT .{0,60}?--to-destination (?P<to>\S{1,60})")


class Backend(msgspec.Struct, frozen=True, gc=False):
    """An endpoint behind a Service; ``share`` of new connections go to it."""

    address: str
    port: int | None
    share: float
    at: Locator


class Portal(msgspec.Struct, frozen=True, gc=False):
    """An address and port that leads to a Service. ``service`` ("shop/web") and ``port_name`` are as kube-proxy notes.

    ``refuses``: connections are refused or dropped here, as for a Service without endpoints.
    """

    address: str
    protocol: str
    port: int
    service: str
    port_name: str
    target: str
    at: Locator
    refuses: Literal["reject", "drop"] | None = None

    @property
    def key(self) -> PortalKey:
        return self.address, self.protocol, self.port


class ServiceRules:
    """The Services that one node's packet filter knows. ``complete``: one that is not there is not known to the node.

    ``at`` is where a missing one would stand. ``missing_entries`` are hooks from which nothing leads to these rules.
    """

    def __init__(
        self,
        mode: Mode,
        family: Literal[4, 6],
        portals: Mapping[PortalKey, Portal],
        backends: Callable[[Portal], tuple[Backend, ...]],
        at: Locator,
        *,
        complete: bool,
        missing_entries: tuple[str, ...] = (),
    ) -> None:
        self.mode = mode
        self.family = family
        self.portals = portals
        self.at = at
        self.complete = complete
        self.missing_entries = missing_entries
        self._backends = backends
        self._by_address: dict[str, list[Portal]] = {}
        for portal in portals.values():
            self._by_address.setdefault(portal.address, []).append(portal)
        self.addresses = {address: found[0] for address, found in self._by_address.items()}

    def look_up(self, address: str, protocol: str, port: int) -> Portal | None:
        return self.portals.get((address, protocol, port))

    def of_address(self, address: str) -> list[Portal]:
        """All ports of an address."""
        return self._by_address.get(address, [])

    def backends(self, portal: Portal) -> tuple[Backend, ...]:
        return self._backends(portal)


def iptables_services(tables: Iterable[IptablesTable]) -> list[ServiceRules]:
    """Per family and backend of iptables: the Services of the table nat, and those that the table filter refuses."""
    shown = list(tables)
    found = []
    for nat in shown:
        if nat.name != "nat" or SERVICES_CHAIN not in nat.chains:
            continue
        same = [each for each in shown if each.name == "filter" and _alike(each, nat)]
        portals: dict[PortalKey, Portal] = {}
        for table in (nat, *same):
            for portal in _portals(table):
                portals.setdefault(portal.key, portal)
        if not portals and _only_sets(nat):
            continue
        missing = _missing_entries(nat) if nat.complete else ()
        reading = _Chains(nat)
        found.append(
            ServiceRules(
                "iptables",
                nat.family,
                portals,
                reading.backends,
                nat.at,
                complete=nat.complete,
                missing_entries=missing,
            )
        )
    return found


def _only_sets(nat: IptablesTable) -> bool:
    """kube-proxy's IPVS mode has a chain KUBE-SERVICES too, which asks sets instead of naming Services."""
    return any(" --match-set KUBE-" in nat.text(line) for line in nat.chains[SERVICES_CHAIN].lines)


def _alike(one: IptablesTable, other: IptablesTable) -> bool:
    return (one.family, one.backend, one.netns) == (other.family, other.backend, other.netns)


def _missing_entries(nat: IptablesTable) -> tuple[str, ...]:
    missing = []
    for hook, chain in _ENTRIES:
        shown = nat.chains.get(hook)
        if shown is None or not any(nat.text(line).rstrip().endswith(f"-j {chain}") for line in shown.lines):
            missing.append(f"{hook} → {chain}")
    return tuple(missing)


def _portals(table: IptablesTable) -> Iterable[Portal]:
    for name in (SERVICES_CHAIN, "KUBE-EXTERNAL-SERVICES"):
        shown = table.chains.get(name)
        for line in shown.lines if shown is not None else ():
            portal = _portal(table, line)
            if portal is not None:
                yield portal


def _portal(table: IptablesTable, line: int) -> Portal | None:
    """None for rules that lead to no Service (the node-port rule at the end of the chain, masquerade marks)."""
    text = table.text(line)
    found = _PORTAL.search(text)
    if found is None or found["target"] == "KUBE-MARK-MASQ" or "! -d" in text:
        return None
    port = _DPORT.search(found["rest"])
    service, port_name = _named(text)
    if port is None or int(port["port"]) > 65535:
        return None
    refuses: Literal["reject", "drop"] | None = None
    if found["target"] in ("REJECT", "DROP"):
        refuses = "reject" if found["target"] == "REJECT" else "drop"
    return Portal(
        found["address"], found["protocol"] or "", int(port["port"]), service, port_name, found["target"],
        table.at.document.at(line, excerpt=text.strip()), refuses,
    )  # fmt: skip


def _named(text: str) -> tuple[str, str]:
    """Service ("shop/web") and port name that the comment begins with."""
    comment = _COMMENT.search(text)
    word = ((comment["quoted"] or comment["plain"] or "") if comment else "").split(" ", 1)[0]
    service, _, port = word.partition(":")
    return (service, port) if "/" in service else ("", "")


class _Chains:
    """kube-proxy's chains of one table, followed from a Service to its endpoints."""

    def __init__(self, nat: IptablesTable) -> None:
        self._nat = nat

    def backends(self, portal: Portal) -> tuple[Backend, ...]:
        chain = portal.target
        for _ in range(3):  # KUBE-EXT-… and KUBE-FW-… lead to the Service's own chain
            if chain.startswith(("KUBE-SVC-", "KUBE-SVL-")):
                break
            following = [found["chain"] for line in self._lines(chain) if (found := _TO_SERVICE.search(line[1]))]
            if not following:
                break
            chain = following[-1]
        left = 1.0
        found_backends: list[Backend] = []
        for number, text in self._lines(chain):
            jump = _TO_ENDPOINT.search(text)
            if jump is None or " -m recent " in text:
                continue
            probability = _PROBABILITY.search(text)
            share = left * min(1.0, float(probability["share"])) if probability else left
            left -= share
            found_backends.extend(self._endpoint(jump["chain"], share, number, text))
        return tuple(found_backends)

    def _lines(self, chain: str) -> Iterable[tuple[int, str]]:
        shown = self._nat.chains.get(chain)
        return ((line, self._nat.text(line)) for line in (shown.lines if shown is not None else ()))

    def _endpoint(self, chain: str, share: float, line: int, text: str) -> Iterable[Backend]:
        for number, rule in self._lines(chain):
            found = _DNAT.search(rule)
            if found is not None:
                address, _, port = found["to"].rpartition(":")
                at = self._nat.at.document.at(number, excerpt=rule.strip())
                yield Backend(address.strip("[]"), int(port) if port.isdigit() else None, share, at)


# --- nftables ---------------------------------------------------------------------------------------------------------

#: 10.96.137.196 . tcp . 80 : goto service-KHN6ECMT-shop/web/tcp/http
_ELEMENT: Final = expression(
    r"^(?P<address>[0-9a-fA-F.:]{2,45}) \. (?P<protocol>tcp|udp|sctp) \. (?P<port>\d{1,5}) : (?P<verdict>.{1,400})$"
)
#: service-KHN6ECMT-shop/web/tcp/http   external-Y3PDBKDA-shop/edge/tcp/https
_CHAIN: Final = expression(
    r"^(?:service|external|local|firewall)-[A-Z2-7]{8}-(?P<service>[^/]{1,63}/[^/]{1,253})/(?:tcp|udp|sctp)/(?P<port>.{0,63})$"
)
#: goto endpoint-YU2ZGY26-shop/web/tcp/http__10.244.0.21/8080
_GOTO: Final = expression(r"(?:goto|jump) (?P<chain>(?:endpoint|service|local)-[^\s,}]{1,300})")
_DNAT_TO: Final = expression(r"\bdnat (?:ip6? )?to (?P<to>\S{1,60})")
_NFT_ENTRIES: Final = (("nat-prerouting", "services"), ("nat-output", "services"))


def nft_services(tables: Iterable[NftTable]) -> list[ServiceRules]:
    """The Services of kube-proxy's own tables of nftables."""
    found = []
    for table in tables:
        if table.name != "kube-proxy" or table.family not in ("ip", "ip6") or "service-ips" not in table.sets:
            continue
        portals: dict[PortalKey, Portal] = {}
        whole = table.complete
        for name in ("no-endpoint-services", "service-ips"):
            shown = table.sets.get(name)
            if shown is None or shown.elements is None:
                whole = False
                continue
            for text in shown.elements:
                portal = _nft_portal(table, shown.line, text)
                if portal is not None:
                    portals.setdefault(portal.key, portal)
        missing = tuple(f"{hook} → {to}" for hook, to in _NFT_ENTRIES if not _jumps(table, hook, to))
        following = _NftChains(table)
        found.append(
            ServiceRules(
                "nftables", 4 if table.family == "ip" else 6, portals, following.backends, table.at, complete=whole,
                missing_entries=missing if table.complete else (),
            )
        )  # fmt: skip
    return found


def _jumps(table: NftTable, hook: str, to: str) -> bool:
    chain = table.chains.get(hook)
    return chain is not None and any(rule.text.endswith(f"jump {to}") for rule in chain.rules)


def _nft_portal(table: NftTable, line: int | None, text: str) -> Portal | None:
    found = _ELEMENT.match(text)
    if found is None:
        return None
    verdict, _, chain = found["verdict"].partition(" ")
    named = _CHAIN.match(chain)
    refuses: Literal["reject", "drop"] | None = None
    if named is None:
        refuses = "drop" if verdict == "drop" else "reject"
    service, port_name = (named["service"], named["port"]) if named else ("", "")
    at = table.at.document.at(line, excerpt=text)
    return Portal(found["address"], found["protocol"], int(found["port"]), service, port_name, chain, at, refuses)


class _NftChains:
    """kube-proxy's chains of one nft table, followed from a Service to its endpoints."""

    def __init__(self, table: NftTable) -> None:
        self._table = table

    def backends(self, portal: Portal) -> tuple[Backend, ...]:
        chain = portal.target
        for _ in range(3):  # external-… leads to service-… or local-…
            if not chain.startswith("external-"):
                break
            following = [found["chain"] for rule in self._rules(chain) if (found := _GOTO.search(rule.text))]
            if not following:
                return ()
            chain = following[-1]
        endpoints: list[str] = []
        for rule in self._rules(chain):
            if " vmap " in rule.text:
                endpoints += [found["chain"] for found in _GOTO.finditer(rule.text)]
        return tuple(backend for name in endpoints for backend in self._endpoint(name, 1 / len(endpoints)))

    def _rules(self, chain: str) -> tuple[NftRule, ...]:
        shown = self._table.chains.get(chain)
        return shown.rules if shown is not None else ()

    def _endpoint(self, chain: str, share: float) -> Iterable[Backend]:
        for rule in self._rules(chain):
            found = _DNAT_TO.search(rule.text)
            if found is not None:
                address, _, port = found["to"].rpartition(":")
                number = int(port) if port.isdigit() else None
                yield Backend(address.strip("[]"), number, share, self._table.place(rule))


# --- IPVS -------------------------------------------------------------------------------------------------------------


def ipvs_services(servers: Iterable[VirtualServer], listing: VirtualServerListing | None) -> list[ServiceRules]:
    """Virtual servers by family. IPVS names no Services: they are told by address and port."""
    shown = list(servers)
    found = []
    for family in (4, 6):
        mine = {
            (each.address, each.protocol, each.port): each
            for each in shown
            if each.address is not None and each.port is not None and (":" in each.address) == (family == 6)
        }
        if not mine:
            continue
        portals = {key: Portal(key[0], key[1], key[2], "", "", "", each.at) for key, each in mine.items()}
        complete = listing is not None and listing.complete
        at = listing.at if listing is not None else next(iter(mine.values())).at
        found.append(
            ServiceRules("ipvs", 4 if family == 4 else 6, portals, _ipvs_backends(mine), at, complete=complete)
        )
    return found


def _ipvs_backends(servers: Mapping[PortalKey, VirtualServer]) -> Callable[[Portal], tuple[Backend, ...]]:
    def backends(portal: Portal) -> tuple[Backend, ...]:
        real = servers[portal.key].servers
        total = sum(max(0, each.weight) for each in real)
        return tuple(Backend(each.address, each.port, each.weight / total if total else 0.0, each.at) for each in real)

    return backends
