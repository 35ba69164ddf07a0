"""Faults made now in namespaces, captured, diagnosed, mended by kwhy's own remedy, and diagnosed again."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.labs import capture_faults as lab

from kwhy.model.diagnosis import Diagnosis, RootCause
from kwhy.pipeline import diagnose

NEEDED = ("ip", "tcpdump", "iptables", "ping", "curl", "nc", "ethtool")


def missing() -> str | None:
    """Why no fault can be made here; None if it can."""
    absent = [program for program in NEEDED if shutil.which(program) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    if os.geteuid() != 0:
        return "making network namespaces needs root"
    tried = subprocess.run(["ip", "netns", "add", lab.CALLER], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        return f"ip netns add: {tried.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", lab.CALLER], check=True)
    return None


REASON = missing()
pytestmark = [pytest.mark.lab, pytest.mark.skipif(REASON is not None, reason=str(REASON))]


@pytest.fixture
def network() -> Iterator[None]:
    with lab.network():
        yield


def root(diagnosis: Diagnosis) -> RootCause:
    roots = [cause for cause in diagnosis.root_causes if cause.role == "root-cause"]
    assert len(roots) == 1, [cause.finding.condition.code for cause in diagnosis.root_causes]
    return roots[0]


def nothing_fails(folder: Path) -> bool:
    return not diagnose([str(folder)]).root_causes


def test_a_route_with_the_found_mtu_ends_a_black_hole(network: None, tmp_path: Path) -> None:
    lab._narrow("caller")
    lab._upload(tmp_path / "before", seconds="2.5")
    cause = root(diagnose([str(tmp_path / "before")]))
    assert cause.finding.condition.code == "net.mtu-black-hole"
    assert cause.finding.values["mtu"] == "1400"
    remedy = (
        f"ip route add {cause.finding.values['address']} via {lab.CALLER_GATEWAY} mtu {cause.finding.values['mtu']}"
    )
    lab.caller(*remedy.split())
    lab._upload(tmp_path / "after", seconds="2.5")
    assert nothing_fails(tmp_path / "after")


def test_a_rejecting_firewall_is_told_from_a_closed_port_and_mended(network: None, tmp_path: Path) -> None:
    rule = "FORWARD -i r0 -p tcp --dport 8081 -j REJECT --reject-with tcp-reset"
    lab.iptables(f"-A {rule}")
    with lab.web():
        for folder in ("rejected", "closed"):
            with lab.captured(tmp_path / folder):
                lab.caller("curl", "-s", "-o", "/dev/null", f"http://{lab.SERVER_ADDRESS}:8080/")
                lab.caller("nc", "-z", "-w2", lab.SERVER_ADDRESS, "8081")
            lab.iptables(f"-D {rule}")
    rejected = diagnose([str(tmp_path / "rejected")])
    assert root(rejected).finding.condition.code == "net.port-rejected"
    closed = diagnose([str(tmp_path / "closed")])
    assert [cause.finding.condition.code for cause in closed.root_causes] == ["net.port-closed"]


def test_a_host_that_a_filter_resets_is_named_and_freed(network: None, tmp_path: Path) -> None:
    match = "-p tcp --dport 8080 -m string --algo bm --string blocked.example"
    rule = f"FORWARD -i r0 {match} -j REJECT --reject-with tcp-reset"
    lab.iptables(f"-A {rule}")
    with lab.web():
        for folder in ("before", "after"):
            with lab.captured(tmp_path / folder):
                for name in ("free.example", "blocked.example"):
                    url = f"http://{lab.SERVER_ADDRESS}:8080/"
                    lab.caller("curl", "-s", "-m", "2", "-o", "/dev/null", "-H", f"Host: {name}", url)
            lab.iptables(f"-D {rule}")
    cause = root(diagnose([str(tmp_path / "before")]))
    assert cause.finding.condition.code == "net.filtered-on-the-way"
    assert "blocked.example" in cause.finding.title
    assert nothing_fails(tmp_path / "after")
