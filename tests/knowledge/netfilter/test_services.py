"""What a node's packet filter says about Services, in all three modes of kube-proxy."""

from __future__ import annotations

import pytest
from tests.ingest.parsers.test_ipvsadm import LISTED
from tests.knowledge.netfilter.rules import KUBE_PROXY, KUBE_PROXY_NFT, facts

from kwhy.facts.netfilter import IptablesTable, NftTable, VirtualServer, VirtualServerListing
from kwhy.ingest.parsers import ipvsadm
from kwhy.knowledge.netfilter.services import ServiceRules, iptables_services, ipvs_services, nft_services
from kwhy.model.document import Document


def iptables(text: str) -> list[ServiceRules]:
    return iptables_services(fact for fact in facts(text) if isinstance(fact, IptablesTable))


def nft(text: str) -> list[ServiceRules]:
    return nft_services(fact for fact in facts(text) if isinstance(fact, NftTable))


def test_iptables_name_services_and_lead_to_endpoints_with_shares() -> None:
    (rules,) = iptables(KUBE_PROXY)
    assert (rules.mode, rules.complete, rules.missing_entries) == ("iptables", True, ())
    portal = rules.look_up("10.96.137.196", "tcp", 80)
    assert portal is not None
    assert (portal.service, portal.refuses, portal.at.line) == ("shop/web", None, 111)
    backends = rules.backends(portal)
    assert [(each.address, each.port, each.share) for each in backends] == [
        ("10.244.0.100", 8080, 0.5),
        ("10.244.0.101", 8080, 0.5),
    ]
    assert [each.at.line for each in backends] == [102, 100]
    assert rules.look_up("10.96.137.196", "udp", 80) is None


def test_nft_names_services_and_leads_to_endpoints_with_shares() -> None:
    (rules,) = nft(KUBE_PROXY_NFT)
    assert (rules.mode, rules.complete, rules.missing_entries) == ("nftables", True, ())
    portal = rules.look_up("10.96.137.196", "tcp", 80)
    assert portal is not None
    assert (portal.service, portal.port_name) == ("shop/web", "http")
    assert [each.address for each in rules.backends(portal)] == ["10.244.0.21", "10.244.0.22", "10.244.0.23"]
    external = rules.look_up("192.0.2.9", "tcp", 443)
    assert external is not None
    assert [each.share for each in rules.backends(external)] == [0.5, 0.5]
    empty = rules.look_up("10.96.55.5", "tcp", 80)
    assert empty is not None
    assert empty.refuses == "reject"


def test_ipvs_knows_addresses_and_endpoints_without_names() -> None:
    read = list(ipvsadm.FORMAT.parse(Document("ipvsadm.txt", LISTED)))
    listing = next(fact for fact in read if isinstance(fact, VirtualServerListing))
    (rules,) = ipvs_services([fact for fact in read if isinstance(fact, VirtualServer)], listing)
    portal = rules.look_up("10.0.0.10", "udp", 53)
    assert portal is not None
    assert [(each.address, each.share) for each in rules.backends(portal)] == [("172.17.0.2", 1.0)]


@pytest.mark.parametrize("hook", ["PREROUTING", "OUTPUT"])
def test_a_hook_that_does_not_lead_to_the_services_is_missing(hook: str) -> None:
    line = f'-A {hook} -m comment --comment "kubernetes service portals" -j KUBE-SERVICES\n'
    assert line in KUBE_PROXY
    (rules,) = iptables(KUBE_PROXY.replace(line, ""))
    assert rules.missing_entries == (f"{hook} → KUBE-SERVICES",)


def test_of_a_cut_table_nothing_is_said_to_be_missing() -> None:
    (rules,) = iptables(KUBE_PROXY[: KUBE_PROXY.index("-A KUBE-SERVICES -d 10.96.0.1/32")])
    assert not rules.complete
    assert rules.missing_entries == ()


def test_the_chain_of_the_ipvs_mode_is_no_list_of_services() -> None:
    # Kubernetes v1.34 pkg/proxy/ipvs/proxier.go writeIptablesRules
    text = (
        "*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n-A PREROUTING -j KUBE-SERVICES\n"
        "-A KUBE-SERVICES ! -s 10.244.0.0/16 -m comment --comment "
        '"Kubernetes service cluster ip + port for masquerade purpose" -m set --match-set KUBE-CLUSTER-IP dst,dst '
        "-j KUBE-MARK-MASQ\n-A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT\nCOMMIT\n"
    )
    assert iptables(text) == []


def test_the_masquerade_rule_of_old_versions_is_not_the_services_own() -> None:
    # Kubernetes v1.16 pkg/proxy/iptables/proxier.go: both rules stand in KUBE-SERVICES
    start = "-A KUBE-SERVICES -d 10.96.137.196/32 -p tcp -m comment"
    masquerade = (
        '-A KUBE-SERVICES ! -s 10.244.0.0/16 -d 10.96.137.196/32 -p tcp -m comment --comment "shop/web: cluster IP" '
        "-m tcp --dport 80 -j KUBE-MARK-MASQ\n"
    )
    (rules,) = iptables(KUBE_PROXY.replace(start, masquerade + start))
    portal = rules.look_up("10.96.137.196", "tcp", 80)
    assert portal is not None
    assert portal.target == "KUBE-SVC-E3PXEPMWAWIUT6ZV"


def test_a_service_without_endpoints_is_found_in_the_table_filter() -> None:
    line = (
        '-A KUBE-SERVICES -d 10.96.1.2/32 -p tcp -m comment --comment "shop/db has no endpoints" -m tcp --dport 80 '
        "-j REJECT --reject-with icmp-port-unreachable\n"
    )
    (rules,) = iptables(KUBE_PROXY.replace("-A KUBE-FORWARD", line + "-A KUBE-FORWARD", 1))
    portal = rules.look_up("10.96.1.2", "tcp", 80)
    assert portal is not None
    assert (portal.service, portal.refuses) == ("shop/db", "reject")
