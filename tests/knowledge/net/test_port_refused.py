"""Given a RST in answer to a SYN, whose it is."""

from __future__ import annotations

from tests.knowledge.captured import CASES, codes, diagnosed, open_questions, roots, with_ttl, without_port

REJECTED = (CASES / "net" / "port_refused" / "rejected_by_firewall" / "evidence" / "eth0.pcap").read_bytes()
CLOSED = (CASES / "net" / "port_refused" / "nothing_listens" / "evidence" / "eth0.pcap").read_bytes()
RST_PACKET, OTHER_PORT = 14, 8080


def test_other_hops_mean_a_firewall() -> None:
    assert roots(diagnosed(REJECTED)) == ["net.port-rejected"]


def test_the_hosts_own_hops_mean_a_closed_port() -> None:
    assert codes(diagnosed(CLOSED)) == ["net.port-closed"]
    assert codes(diagnosed(with_ttl(REJECTED, RST_PACKET, 63))) == ["net.port-closed"]


def test_without_other_packets_of_the_host_nobody_is_named() -> None:
    diagnosis = diagnosed(without_port(REJECTED, OTHER_PORT))
    assert codes(diagnosis) == ["net.connection-fails"]
    assert {"net.port-closed", "net.port-rejected"} <= set(open_questions(diagnosis))
