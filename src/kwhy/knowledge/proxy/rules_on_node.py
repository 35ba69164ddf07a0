"""The packet filter of a node, and the Services that it knows."""

from __future__ import annotations

from kwhy.facts.netfilter import (
    IpSet,
    IptablesTable,
    NetfilterFact,
    NftListing,
    NftTable,
    VirtualServer,
    VirtualServerListing,
)
from kwhy.knowledge.netfilter.ruleset import RuleSet, newest_nft_tables, newest_tables, rule_set
from kwhy.knowledge.netfilter.services import ServiceRules, iptables_services, ipvs_services, nft_services
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene

_KINDS: tuple[type[NetfilterFact], ...] = (
    IptablesTable,
    NftTable,
    NftListing,
    IpSet,
    VirtualServer,
    VirtualServerListing,
)


def packet_filter_of(scene: Scene, node: Subject) -> RuleSet:
    """The packet filter of the node's own network namespace"""
    return rule_set(fact for kind in _KINDS for fact in scene.facts_on(node, kind) if fact.netns is None)


def service_rules_on(scene: Scene, node: Subject) -> list[ServiceRules]:
    """The Services that the node's packet filter knows (iptables-save, nft list ruleset, ipvsadm -Ln)"""
    tables = [table for table in scene.facts_on(node, IptablesTable) if table.netns is None]
    native = [table for table in scene.facts_on(node, NftTable) if table.netns is None]
    servers = [server for server in scene.facts_on(node, VirtualServer) if server.netns is None]
    listing = next((each for each in scene.facts_on(node, VirtualServerListing) if each.netns is None), None)
    return [
        *iptables_services(newest_tables(tables)),
        *nft_services(newest_nft_tables(native)),
        *ipvs_services(servers, listing),
    ]
