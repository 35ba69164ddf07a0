"""Rule sets for tests: texts of the ordinary commands, read by the ordinary parsers."""

from __future__ import annotations

from pathlib import Path

from kwhy.ingest.parsers import ipset_list, iptables_save, nft_ruleset
from kwhy.knowledge.netfilter.packet import Packet
from kwhy.knowledge.netfilter.ruleset import RuleSet, rule_set
from kwhy.knowledge.netfilter.surroundings import Surroundings
from kwhy.model.document import Document
from kwhy.model.fact import Fact

INGEST = Path(__file__).parents[2] / "ingest" / "parsers" / "data"
#: Recorded: iptables 1.8.9 (nf_tables), kube-proxy 1.34.4 in iptables mode.
KUBE_PROXY = (INGEST / "iptables" / "kube_proxy_v1.34.txt").read_text()
#: Recorded: nft 1.0.6, kube-proxy 1.34.4 in nftables mode, four Services.
KUBE_PROXY_NFT = (Path(__file__).parent / "kube_proxy_v1.34_nftables.txt").read_text()
#: Everything is another host's address.
ELSEWHERE = Surroundings(address_type=lambda address, device: "UNICAST")


def facts(text: str, sets: str = "") -> list[Fact]:
    form = nft_ruleset.FORMAT if text.lstrip().startswith("table ") else iptables_save.FORMAT
    read = [*form.parse(Document("rules.txt", text.encode()))]
    read += [*ipset_list.FORMAT.parse(Document("sets.txt", sets.encode()))]
    return [each for each in read if not isinstance(each, Document)]


def rules_of(text: str, sets: str = "") -> RuleSet:
    return rule_set(facts(text, sets))


def filtering(*lines: str, policy: str = "ACCEPT", chains: str = "") -> RuleSet:
    """A table filter with these rules of FORWARD."""
    written = "".join(f"{line}\n" for line in lines)
    return rules_of(
        f"*filter\n:INPUT ACCEPT [0:0]\n:FORWARD {policy} [0:0]\n:OUTPUT ACCEPT [0:0]\n{chains}{written}COMMIT\n"
    )


def native(*rules: str, policy: str = "accept", more: str = "") -> RuleSet:
    """A table inet with these rules of a chain at hook forward."""
    written = "".join(f"\t\t{rule}\n" for rule in rules)
    hook = f"type filter hook forward priority filter; policy {policy};"
    return rules_of(f"table inet t {{\n{more}\tchain fo {{\n\t\t{hook}\n{written}\t}}\n}}\n")


def tcp(destination: str = "10.2.0.3", port: int | None = 80, **more: object) -> Packet:
    return Packet(
        protocol="tcp", source="10.1.0.2", destination=destination, source_port=40000, destination_port=port,
        iif="a0", oif="b0",
    ).replace(**more)  # fmt: skip
