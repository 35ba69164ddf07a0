"""Given slow answers, the server is named only where network and caller are shown to be well."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from tests.harness.evidence import together
from tests.knowledge.captured import CAPTURES, CASES, codes, diagnosed, evidence, packets, roots, talk

from kwhy.ingest.reading import read_document
from kwhy.knowledge.net.caller_waits import Waits, slow_answers
from kwhy.knowledge.net.talks import Talk
from kwhy.knowledge.remote.slow_queries import slow_queries, slow_service
from kwhy.model.document import Document
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Unsure
from kwhy.pipeline import diagnose_evidence

THIRTEEN = (CASES / "remote" / "slow_queries" / "thirteen_in_a_row" / "evidence" / "eth0.pcap").read_bytes()


@pytest.fixture(scope="module")
def shown() -> tuple[Subject, Talk]:
    return talk(THIRTEEN, 3306)


def waits(found: Talk, **flow: object) -> Waits:
    """The slow answers as they are, over a connection of which something else is true."""
    altered = msgspec.structs.replace(found, flows=(msgspec.structs.replace(found.flows[0], **flow),))
    slow = slow_answers(altered)
    assert slow is not None
    return slow


def test_thirteen_questions_of_four_seconds_make_the_minute(shown: tuple[Subject, Talk]) -> None:
    verdict = slow_queries(shown[0], waits(shown[1]), ())
    assert isinstance(verdict, Present)
    assert verdict.values["count"] == 13
    assert 40 < float(str(verdict.values["waited"])) < 60


def test_the_slow_log_of_the_server_is_quoted_beside_the_capture() -> None:
    log = (CASES / "remote" / "slow_queries" / "thirteen_in_a_row" / "evidence" / "mariadb-slow.log").read_bytes()
    read = together(evidence(THIRTEEN), read_document(Document("slow.log", log)))
    (cause,) = diagnose_evidence(read).root_causes
    assert any("the slow log has 13 of them" in each.says for each in cause.finding.evidence)


def test_a_long_round_trip_is_the_networks(shown: tuple[Subject, Talk]) -> None:
    verdict = slow_queries(shown[0], waits(shown[1], handshake_rtt=1.5), ())
    assert isinstance(verdict, Absent)
    assert "round trip" in verdict.because[0].says


def test_segments_that_were_sent_again_are_the_networks(shown: tuple[Subject, Talk]) -> None:
    flow = shown[1].flows[0]
    lossy = msgspec.structs.replace(flow.ab, retransmitted=20)
    verdict = slow_queries(shown[0], waits(shown[1], ab=lossy, retransmission=flow.begin), ())
    assert isinstance(verdict, Absent)
    assert "sent again" in verdict.because[0].says


def test_a_full_buffer_is_the_receivers(shown: tuple[Subject, Talk]) -> None:
    flow = shown[1].flows[0]
    full = msgspec.structs.replace(flow.ab, full_time=5.0)
    verdict = slow_queries(shown[0], waits(shown[1], ab=full, zero_window=flow.begin), ())
    assert isinstance(verdict, Absent)
    assert "buffer" in verdict.because[0].says


def in_the_middle(keep: Callable[[bytes], bool]) -> bytes:
    """The capture of a pooled connection: without its handshake and log-in."""
    return THIRTEEN[:24] + b"".join(record + frame for record, frame in packets(THIRTEEN)[8:] if keep(frame))


def test_a_pool_captured_in_the_middle_is_judged_by_the_servers_acknowledgements() -> None:
    diagnosis = diagnosed(in_the_middle(lambda frame: True))
    assert roots(diagnosis) == ["remote.slow-queries"]
    says = [evidence.says for evidence in diagnosis.root_causes[0].finding.evidence]
    assert any("the round trip takes at most" in each for each in says)


def test_without_handshake_and_acknowledgements_nobody_is_named() -> None:
    diagnosis = diagnosed(in_the_middle(lambda frame: len(frame) > 66))
    assert roots(diagnosis) == []
    assert codes(diagnosis) == ["net.caller-waits"]


def test_without_a_capture_one_is_asked_for(shown: tuple[Subject, Talk]) -> None:
    verdict = slow_queries(shown[0], None, ())
    assert isinstance(verdict, Unsure)
    assert "tcpdump" in verdict.gaps[0].probes[0].command


def test_a_service_of_http_is_an_effect_and_no_database(shown: tuple[Subject, Talk]) -> None:
    subject, http = talk((CAPTURES / "said-http_slow.pcap").read_bytes(), 8080)
    slow = slow_answers(http)
    assert isinstance(slow_queries(subject, slow, ()), Absent)
    assert isinstance(slow_service(subject, slow), Present)
    assert codes(diagnosed((CAPTURES / "said-http_slow.pcap").read_bytes())) == ["remote.slow-service"]


def test_a_worker_that_waits_for_work_by_blpop_is_well() -> None:
    assert codes(diagnosed((CAPTURES / "said-redis_waits.pcap").read_bytes())) == []
