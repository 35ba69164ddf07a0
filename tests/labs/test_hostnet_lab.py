"""Faults of a node's network, made for real, are named; kwhy's own remedy mends them, and then nothing is named.

The nodes and pods of tests/labs/two_nodes.py are wired once; each fault is made there, recorded as a session pasted
from the node's terminal, diagnosed, mended with the commands of the remedy, recorded and diagnosed again.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.labs.two_nodes import LOCAL_SERVICE, Lab, missing, two_nodes

from kwhy.model.diagnosis import Diagnosis, RootCause
from kwhy.model.wording import fill
from kwhy.pipeline import diagnose

WHY_NOT = missing()
pytestmark = [pytest.mark.lab, pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))]

NODE = "node-a"
TO_WEB = "pod:10.244.1.5 nc -vz -w 1 10.244.2.8 8080"


class Fault(msgspec.Struct, frozen=True):
    """``made_by`` and ``undone_by`` run on the node; ``recorded`` are the commands of the session."""

    condition: str
    made_by: str
    recorded: tuple[str, ...]
    undone_by: str = "true"
    says: str = ""


FAULTS = {
    "forwarding is off": Fault(
        "net.forwarding-off",
        "sysctl -w net.ipv4.ip_forward=0",
        ("sysctl net.ipv4.ip_forward", TO_WEB),
        says="net.ipv4.ip_forward is 0",
    ),
    "forwarding is off for the bridge of the pods": Fault(
        "net.forwarding-off",
        "sysctl -w net.ipv4.conf.cni0.forwarding=0",
        ("sysctl net.ipv4.ip_forward net.ipv4.conf.cni0.forwarding", TO_WEB),
        says="come in by cni0",
    ),
    "a firewall rule drops the overlay": Fault(
        "net.tunnel-blocked",
        "iptables -A INPUT -i eth0 -p udp -m udp --dport 8472 -j DROP",
        ("ip -d link show flannel.1", "ip route", "iptables-save -c", TO_WEB),
        "iptables -F INPUT",
        says="--dport 8472 -j DROP",
    ),
    "bridged frames are hidden from the packet filter": Fault(
        "net.bridge-netfilter-off",
        "sysctl -w net.bridge.bridge-nf-call-iptables=0",
        (
            "sysctl net.bridge.bridge-nf-call-iptables",
            "ip route",
            "iptables-save -t nat",
            f"pod:10.244.1.5 nc -vz -w 1 {LOCAL_SERVICE} 80",
        ),
        says="(shop/stock)",
    ),
    "a table of nftables rejects the overlay": Fault(
        "net.tunnel-blocked",
        "nft add table inet guard; nft add chain inet guard in '{ type filter hook input priority 5; }'; "
        "nft add rule inet guard in udp dport 8472 counter reject",
        ("ip -d link show flannel.1", "ip route", "nft list ruleset", TO_WEB),
        "nft delete table inet guard",
        says="reject",
    ),
}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with two_nodes() as made:
        yield made


def recorded(lab: Lab, folder: Path, commands: tuple[str, ...]) -> Diagnosis:
    folder.mkdir()
    (folder / "terminal.txt").write_text(lab.session(NODE, *commands))
    return diagnose([str(folder)])


def roots(diagnosis: Diagnosis) -> list[RootCause]:
    return [cause for cause in diagnosis.root_causes if cause.role == "root-cause"]


def commands_of(cause: RootCause) -> list[str]:
    """What the first remedy says to run, as the report prints it."""
    finding = cause.finding
    return [
        fill(step.command, finding.subject, finding.values)
        for step in cause.remedies[0].steps
        if step.command is not None
    ]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_and_the_remedy_mends_it(name: str, lab: Lab, tmp_path: Path) -> None:
    fault = FAULTS[name]
    lab.shell(NODE, fault.made_by)
    try:
        found = roots(recorded(lab, tmp_path / "broken", fault.recorded))
        assert [(cause.finding.condition.code, str(cause.finding.subject)) for cause in found] == [
            (fault.condition, f"Node {NODE}")
        ]
        assert fault.says in found[0].finding.title
        for command in commands_of(found[0]):
            lab.shell(NODE, command)
        after = recorded(lab, tmp_path / "mended", fault.recorded)
        assert not roots(after)
        assert not any(finding.symptom for finding in after.findings)
    finally:
        lab.shell(NODE, fault.undone_by)


def test_nothing_is_named_where_nothing_is_wrong(lab: Lab, tmp_path: Path) -> None:
    everything = tuple(dict.fromkeys(command for fault in FAULTS.values() for command in fault.recorded))
    healthy = recorded(lab, tmp_path / "healthy", everything)
    assert not healthy.root_causes
    assert not healthy.findings
