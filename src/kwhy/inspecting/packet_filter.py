"""The packet filter of `kwhy inspect`: tables, what stops packets, Services with their endpoints, sets."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.netfilter import IpSet, IptablesTable, NftListing, NftTable, VirtualServer, VirtualServerListing
from kwhy.inspecting.rows import place, shortened
from kwhy.knowledge.netfilter.iptables_rules import packets_counted
from kwhy.knowledge.netfilter.ruleset import newest_nft_tables, newest_tables
from kwhy.knowledge.netfilter.services import (
    Backend,
    Portal,
    ServiceRules,
    iptables_services,
    ipvs_services,
    nft_services,
)
from kwhy.model.expressions import expression
from kwhy.model.fact import Fact
from kwhy.model.inspection import Part, Row
from kwhy.scene.scene import Scene

#: Facts that these parts show.
SHOWN: frozenset[type[Fact]] = frozenset(
    {IptablesTable, NftTable, NftListing, IpSet, VirtualServer, VirtualServerListing}
)
#: -A INPUT -s 10.0.0.0/8 -j DROP   ·   -j REJECT --reject-with icmp-host-prohibited
_STOPS = expression(r" -j (?:DROP|REJECT)(?: |$)")
#: ip saddr 10.0.0.0/8 counter packets 12 bytes 720 drop   ·   reject with icmpx admin-prohibited
_NFT_STOPS = expression(r"(?:^|\s)(?:drop|reject)(?:\s|$)")
_NFT_COUNTED = expression(r"\bcounter packets (?P<packets>\d{1,20}) bytes ")


def packet_filter_parts(scene: Scene, most: int | None) -> list[Part]:
    """``most``: rows per part; None shows all."""
    iptables = newest_tables(scene.facts(IptablesTable))
    nft = newest_nft_tables(scene.facts(NftTable))
    listing = next(iter(scene.facts(VirtualServerListing)), None)
    services = [
        *iptables_services(iptables),
        *nft_services(nft),
        *ipvs_services(scene.facts(VirtualServer), listing),
    ]
    parts = [
        shortened("Tables of the packet filter", _TABLE_HEADER, [*_tables(iptables), *_nft_tables(nft)], most),
        shortened("Base chains", ("table", "chain", "policy", "rules"), list(_base_chains(iptables, nft)), most),
        shortened("Rules that stop packets", ("packets", "rule"), list(_stopping(iptables, nft)), most),
        *(_services(rules, most) for rules in services),
        Part("What no longer leads to the Services", (), tuple(_entries(services))),
        shortened("Address sets", ("name", "type", "members"), list(_sets(scene.facts(IpSet))), most),
    ]
    return [part for part in parts if part.rows]


_TABLE_HEADER = ("table", "written by", "chains", "rules", "shown")


def _tables(tables: Iterable[IptablesTable]) -> Iterable[Row]:
    for table in tables:
        family = "IPv4" if table.family == 4 else "IPv6"
        backend = f"iptables ({table.backend})" if table.backend else "iptables"
        cells = (f"{family} {table.name}", backend, str(len(table.chains)), str(table.rules), _whole(table.complete))
        yield Row(cells, place(table.at))


def _nft_tables(tables: Iterable[NftTable]) -> Iterable[Row]:
    for table in tables:
        rules = sum(len(chain.rules) for chain in table.chains.values())
        written = "iptables, shown by nft" if table.written_by_iptables else "nft"
        name = f"{table.family} {table.name}" + (" (dormant)" if table.dormant else "")
        yield Row((name, written, str(len(table.chains)), str(rules), _whole(table.complete)), place(table.at))


def _whole(complete: bool) -> str:
    return "whole" if complete else "in part"


def _base_chains(iptables: Iterable[IptablesTable], nft: Iterable[NftTable]) -> Iterable[Row]:
    for table in iptables:
        for name, chain in table.chains.items():
            if chain.policy is not None:
                yield Row((table.name, name, chain.policy, str(len(chain.lines))), place(table.at))
    for each in nft:
        for name, shown in each.chains.items():
            if shown.hook is not None:
                label = f"{name} ({shown.type}, {shown.hook}, priority {shown.priority})"
                at = each.at.document.at(shown.line)
                yield Row((f"{each.family} {each.name}", label, shown.policy, str(len(shown.rules))), place(at))


def _stopping(iptables: Iterable[IptablesTable], nft: Iterable[NftTable]) -> Iterable[Row]:
    """Rules that drop or reject, with how many packets they have met where counters are shown."""
    for table in iptables:
        if table.name == "nat":
            continue
        for chain in table.chains.values():
            for line in chain.lines:
                text = table.text(line).strip()
                if _STOPS.search(text):
                    packets = packets_counted(text)
                    yield Row((str(packets) if packets is not None else "", text), place(table.at.document.at(line)))
    for each in nft:
        for shown in each.chains.values():
            for rule in shown.rules:
                if _NFT_STOPS.search(rule.text):
                    counted = _NFT_COUNTED.search(rule.text)
                    yield Row((counted["packets"] if counted else "", rule.text), place(each.place(rule)))


def _services(rules: ServiceRules, most: int | None) -> Part:
    family = "IPv4" if rules.family == 4 else "IPv6"
    rows = [
        Row(
            (f"{portal.address}:{portal.port}/{portal.protocol}", _name(portal), _leads_to(rules, portal)),
            place(portal.at),
        )
        for portal in rules.portals.values()
    ]
    incomplete = "" if rules.complete else ", as far as shown"
    return shortened(
        f"Services of kube-proxy ({rules.mode}, {family}{incomplete})", ("address", "Service", "leads to"), rows, most
    )


def _entries(services: Iterable[ServiceRules]) -> Iterable[Row]:
    for rules in services:
        for entry in rules.missing_entries:
            hook, _, chain = entry.partition(" → ")
            yield Row((f"{hook}: no rule goes to {chain}",), place(rules.at))


def _name(portal: Portal) -> str:
    return f"{portal.service}:{portal.port_name}" if portal.port_name else portal.service


def _leads_to(rules: ServiceRules, portal: Portal) -> str:
    if portal.refuses is not None:
        return "is refused" if portal.refuses == "reject" else "is dropped"
    return ", ".join(_backend(backend) for backend in rules.backends(portal)) or "no endpoint that is shown"


def _backend(backend: Backend) -> str:
    port = f":{backend.port}" if backend.port is not None else ""
    share = f" ({backend.share:.0%})" if backend.share < 0.995 else ""
    return f"{backend.address}{port}{share}"


def _sets(sets: Iterable[IpSet]) -> Iterable[Row]:
    for each in sets:
        count = len(each.entries) + len(each.nomatch)
        members = ", ".join(each.entries[:4]) + (" …" if count > 4 else "")
        yield Row((each.name, each.type, f"{count}: {members}" if count else "none"), place(each.at))
