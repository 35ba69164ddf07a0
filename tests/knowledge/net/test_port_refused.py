"""Given a RST in answer to a SYN, whose it is."""

from __future__ import annotations

from tests.harness.evidence import together
from tests.knowledge.captured import CASES, codes, diagnosed, evidence, open_questions, roots, with_ttl, without_port

from kwhy.ingest.reading import read_document
from kwhy.model.document import Document
from kwhy.pipeline import diagnose_evidence

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


def test_behind_the_address_of_a_service_hops_prove_nothing() -> None:
    """One ready backend may be a hop nearer than another."""
    services = (
        b"$ kubectl get svc -n shop\n"
        b"NAME   TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)    AGE\n"
        b"web    ClusterIP   10.80.2.2    <none>        8081/TCP   5d\n"
    )
    diagnosis = diagnose_evidence(together(evidence(REJECTED), read_document(Document("svc.txt", services))))
    assert roots(diagnosis) == []
    assert "net.port-rejected" in open_questions(diagnosis)
