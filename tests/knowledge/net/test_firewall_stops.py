"""A firewall rule is named where a failing connection's walk ends in it, and nowhere else.

The evidence is that of the cases under tests/cases/net/firewall_drops and firewall_refuses; what a test changes in it
is said there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.harness.changed import diagnosed as diagnosed_files
from tests.harness.changed import recorded, roots

from kwhy.model.diagnosis import Diagnosis

DROPS, REFUSES = "net.firewall-drops", "net.firewall-refuses"
RULE = '-m comment --comment "hardening: databases" -j DROP'


def diagnosed(case: str, folder: Path, change: Callable[[str, str], str] = lambda name, text: text) -> Diagnosis:
    """The case's evidence with each file changed by ``change``."""
    files = recorded(f"net/{case}")
    return diagnosed_files({name: change(name, data.decode()).encode() for name, data in files.items()}, folder)


def replacing(file: str, old: str, new: str) -> Callable[[str, str], str]:
    def change(name: str, text: str) -> str:
        if name != file:
            return text
        assert old in text
        return text.replace(old, new)

    return change


def test_the_rule_is_named_with_its_counter_and_the_node_to_fix(tmp_path: Path) -> None:
    found = diagnosed("firewall_drops/hardening_rule", tmp_path)
    assert roots(found) == [(DROPS, "Node/n2")]
    assert found.root_causes[0].finding.title == (
        "node n2 drops connections to 10.96.12.7:3306 in FORWARD: -A FORWARD -d 10.244.2.0/24 -p tcp -m tcp "
        f"--dport 3306 {RULE} (8 packets so far)"
    )


def test_no_root_without_the_rules_of_the_node_that_drops(tmp_path: Path) -> None:
    def change(name: str, text: str) -> str:
        return text.partition("root@n2:~# iptables-save")[0] if name == "n2.txt" else text

    found = diagnosed("firewall_drops/hardening_rule", tmp_path, change)
    assert roots(found) == []


def test_a_match_that_cannot_be_judged_leaves_it_open(tmp_path: Path) -> None:
    found = diagnosed(
        "firewall_drops/hardening_rule",
        tmp_path,
        replacing("n2.txt", RULE, '-m u32 --u32 "0x6&0xff=0x6" -j DROP'),
    )
    assert roots(found) == []
    assert (DROPS, "Node n2") in {(each.condition.code, str(each.subject)) for each in found.undetermined}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("-p tcp -m tcp --dport 3306", "-p tcp -m tcp --dport 3307"),
        ("-d 10.244.2.0/24 -p tcp", "-d 10.244.3.0/24 -p tcp"),
        (RULE, '-m comment --comment "hardening: databases" -j ACCEPT'),
    ],
    ids=["another port", "another network", "accepts"],
)
def test_a_rule_that_does_not_concern_the_connection_is_not_blamed(old: str, new: str, tmp_path: Path) -> None:
    found = diagnosed("firewall_drops/hardening_rule", tmp_path, replacing("n2.txt", old, new))
    assert roots(found) == []
    assert (DROPS, "Node n2") in {(each.condition.code, str(each.subject)) for each in found.ruled_out}


def test_kube_proxys_refusal_of_a_service_without_endpoints_is_no_firewalls(tmp_path: Path) -> None:
    words = '-m comment --comment "shop/db has no endpoints" -j REJECT'
    found = diagnosed("firewall_refuses/host_prohibited", tmp_path, replacing("n2.txt", "-j REJECT", words))
    assert roots(found) == []


def test_a_plugins_chain_is_left_to_the_policy(tmp_path: Path) -> None:
    def change(name: str, text: str) -> str:
        if name != "n2.txt":
            return text
        jump = text.replace(":FLANNEL-FWD", ":cali-tw-veth11 - [0:0]\n:FLANNEL-FWD")
        lines = [
            line.replace("-A FORWARD -d", "-A cali-tw-veth11 -d") if "-j REJECT" in line else line
            for line in jump.split("\n")
        ]
        at = next(index for index, line in enumerate(lines) if "-A cali-tw-veth11" in line)
        lines.insert(at, "[9:540] -A FORWARD -j cali-tw-veth11")
        return "\n".join(lines)

    found = diagnosed("firewall_refuses/host_prohibited", tmp_path, change)
    assert roots(found) == []


def test_a_refusing_rule_does_not_explain_silence(tmp_path: Path) -> None:
    """nc's words are those of the case beside it, for a connection that timed out."""
    words = "timed out: Operation now in progress"
    found = diagnosed(
        "firewall_refuses/host_prohibited", tmp_path, replacing("n1.txt", "failed: No route to host", words)
    )
    assert roots(found) == []
