"""The packet filter in `kwhy inspect`."""

from __future__ import annotations

from pathlib import Path

from kwhy.ingest.reading import read
from kwhy.model.inspection import Part
from kwhy.pipeline import inspect_evidence

TESTS = Path(__file__).resolve().parent.parent
IPTABLES = TESTS / "ingest" / "parsers" / "data" / "iptables" / "kube_proxy_v1.34.txt"
SETS = TESTS / "ingest" / "parsers" / "data" / "ipset" / "list_v7.17.txt"
FLUSHED = TESTS / "cases" / "proxy" / "entry_missing" / "built_in_chains_flushed" / "evidence" / "node-a"


def parts(path: Path) -> dict[str, Part]:
    return {part.title: part for part in inspect_evidence(read([str(path)]), None)}


def test_services_stand_beside_their_endpoints() -> None:
    rows = parts(IPTABLES)["Services of kube-proxy (iptables, IPv4)"].rows
    assert [row.cells for row in rows][2] == (
        "10.96.137.196:80/tcp",
        "shop/web",
        "10.244.0.100:8080 (50%), 10.244.0.101:8080 (50%)",
    )
    assert rows[2].place.endswith(":111")


def test_tables_say_how_much_of_them_is_shown() -> None:
    rows = parts(IPTABLES)["Tables of the packet filter"].rows
    assert [row.cells for row in rows][2] == ("IPv4 nat", "iptables (nf_tables)", "27", "51", "whole")


def test_rules_that_stop_packets_are_listed() -> None:
    rows = parts(IPTABLES)["Rules that stop packets"].rows
    assert [row.cells[1].split()[1] for row in rows] == ["KUBE-FIREWALL", "KUBE-FORWARD"]


def test_what_no_longer_leads_to_services_is_said() -> None:
    rows = parts(FLUSHED / "iptables-save.txt")["What no longer leads to the Services"].rows
    assert [row.cells[0] for row in rows] == [
        "PREROUTING: no rule goes to KUBE-SERVICES",
        "OUTPUT: no rule goes to KUBE-SERVICES",
    ]


def test_sets_show_their_first_members() -> None:
    rows = parts(SETS)["Address sets"].rows
    assert rows[0].cells == (
        "KUBE-CLUSTER-IP",
        "hash:ip,port",
        "3: 10.96.0.10,tcp:53, 10.96.0.10,udp:53, 10.96.0.1,tcp:443",
    )
