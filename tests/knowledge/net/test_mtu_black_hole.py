"""Given large segments that vanish, a black hole; given loss, an answer of the network, or too little, none."""

from __future__ import annotations

from tests.harness.evidence import together
from tests.knowledge.captured import CAPTURES, CASES, codes, diagnosed, open_questions, packets, roots, without_port

from kwhy.ingest.reading import read_document
from kwhy.model.document import Document
from kwhy.pipeline import diagnose_evidence

FOLDER = CASES / "net" / "mtu_black_hole"
FILTERED = (FOLDER / "icmp_filtered" / "evidence" / "eth0.pcap").read_bytes()
IGNORED = (FOLDER / "icmp_ignored" / "evidence" / "eth0.pcap").read_bytes()
LEARNED = (FOLDER / "healthy_twin" / "evidence" / "eth0.pcap").read_bytes()
SMALL_CONNECTION = 53566


def test_the_capture_alone_tells_it() -> None:
    diagnosis = diagnosed(FILTERED)
    assert roots(diagnosis) == ["net.mtu-black-hole"]
    assert "Packets of 1500 bytes" in diagnosis.root_causes[0].finding.title


def test_the_message_of_the_router_names_the_mtu() -> None:
    values = diagnosed(IGNORED).root_causes[0].finding.values
    assert (values["mtu"], values["payload"]) == ("1400", "1372")


def test_where_nothing_small_was_sent_sizes_are_asked_for() -> None:
    diagnosis = diagnosed(without_port(FILTERED, SMALL_CONNECTION))
    assert roots(diagnosis) == []
    assert codes(diagnosis) == ["net.connection-stalls"]
    assert "net.mtu-black-hole" in open_questions(diagnosis)
    assert any("ping -M do" in step.command for step in diagnosis.next_steps)


def test_pings_of_several_sizes_tell_it_without_small_segments() -> None:
    names = ("ping-large.txt", "ping-small.txt")
    texts = {name: (FOLDER / "icmp_filtered" / "evidence" / name).read_bytes() for name in names}
    parts = [read_document(Document("eth0.pcap", without_port(FILTERED, SMALL_CONNECTION)))]
    parts += [read_document(Document(name, text)) for name, text in texts.items()]
    diagnosis = diagnose_evidence(together(*parts))
    assert roots(diagnosis) == ["net.mtu-black-hole"]
    assert "packets of 1400 bytes still pass" in diagnosis.root_causes[0].finding.title


def test_a_sender_that_learns_the_mtu_is_well() -> None:
    assert codes(diagnosed(LEARNED)) == []


def test_loss_of_all_sizes_is_no_black_hole() -> None:
    diagnosis = diagnosed((CAPTURES / "fault-loss.pcap").read_bytes())
    assert roots(diagnosis) == []
    assert codes(diagnosis) == ["net.packets-lost"]


def test_a_full_receiver_is_no_black_hole() -> None:
    assert codes(diagnosed((CAPTURES / "fault-zero_window.pcap").read_bytes())) == ["net.receiver-full"]


def test_a_capture_that_ends_early_tells_less_and_nothing_wrong() -> None:
    for last in range(0, len(packets(FILTERED)), 3):
        size = 24 + sum(len(head) + len(frame) for head, frame in packets(FILTERED)[:last])
        assert roots(diagnosed(FILTERED[:size])) in ([], ["net.mtu-black-hole"])
