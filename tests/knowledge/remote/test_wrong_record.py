"""Given where a name belongs, the record that leads elsewhere; given nothing, the question where it belongs."""

from __future__ import annotations

import pytest
from tests.harness.evidence import together
from tests.knowledge.captured import CASES, codes, evidence, open_questions, packets, roots

from kwhy.ingest.reading import read_document
from kwhy.model.diagnosis import Diagnosis
from kwhy.model.document import Document
from kwhy.pipeline import diagnose_evidence

FOLDER = CASES / "remote" / "wrong_record"
PUBLIC = (FOLDER / "public_address" / "evidence" / "eth0.pcap").read_bytes()
DIG = (FOLDER / "public_address" / "evidence" / "dig.txt").read_bytes()


def expecting(text: str, capture: bytes = PUBLIC, **more: bytes) -> Diagnosis:
    parts = [evidence(capture), read_document(Document("expect.yaml", b"# kwhy expect\n" + text.encode()))]
    parts += [read_document(Document(f"{name}.txt", data)) for name, data in more.items()]
    return diagnose_evidence(together(*parts))


@pytest.mark.parametrize(
    "text",
    ["store.objects.example: 10.219.0.0/16\n", '"*.objects.example": 10.0.0.0/8\n', "peers: [10.0.0.0/8]\n"],
)
def test_an_answer_outside_the_expected_network_is_the_root(text: str) -> None:
    diagnosis = expecting(text)
    assert roots(diagnosis) == ["dns.wrong-record"]
    assert diagnosis.root_causes[0].finding.subject.name == "store.objects.example"


def test_an_expectation_that_is_met_refutes_it() -> None:
    diagnosis = expecting("store.objects.example: 100.64.0.0/10\n")
    assert roots(diagnosis) == []
    assert "remote.unexpected-peer" in {each.condition.code for each in diagnosis.ruled_out}
    assert codes(diagnosis) == ["net.slow-transfer"]


def test_without_expectations_they_are_asked_for() -> None:
    diagnosis = diagnose_evidence(evidence(PUBLIC))
    assert roots(diagnosis) == []
    assert {"dns.wrong-record", "remote.unexpected-peer"} <= set(open_questions(diagnosis))
    assert any("store.objects.example: NETWORK" in step.command for step in diagnosis.next_steps)


def without_dns(data: bytes) -> bytes:
    kept = [head + frame for head, frame in packets(data) if frame[23] != 17]
    return data[:24] + b"".join(kept)


def test_a_peer_without_a_dns_answer_is_proven_only_as_a_peer() -> None:
    diagnosis = expecting("store.objects.example: 10.219.0.0/16\n", without_dns(PUBLIC))
    assert roots(diagnosis) == []
    assert codes(diagnosis) == ["remote.unexpected-peer"]
    assert any("dig store.objects.example" in step.command for step in diagnosis.next_steps)


def test_the_answer_of_dig_stands_in_for_the_one_in_the_capture() -> None:
    diagnosis = expecting("store.objects.example: 10.219.0.0/16\n", without_dns(PUBLIC), dig=DIG)
    assert roots(diagnosis) == ["dns.wrong-record"]
    places = [evidence.at.source for evidence in diagnosis.root_causes[0].finding.evidence]
    assert "dig.txt" in places
