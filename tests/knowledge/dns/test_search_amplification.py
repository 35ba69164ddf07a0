"""Given DNS questions, a search list that multiplies them is told from names that do not exist at all."""

from __future__ import annotations

from tests.knowledge.captured import CAPTURES, evidence, packets

from kwhy.model.diagnosis import Diagnosis
from kwhy.pipeline import diagnose_evidence

SEARCHED = (CAPTURES / "said-dns_search.pcap").read_bytes()
NXDOMAIN = 3


def asked(data: bytes, words: str | None) -> Diagnosis:
    return diagnose_evidence(evidence(data), symptom=words)


def codes(diagnosis: Diagnosis) -> list[str]:
    return [cause.finding.condition.code for cause in diagnosis.root_causes]


def test_a_question_about_slow_dns_is_answered() -> None:
    diagnosis = asked(SEARCHED, "DNS is slow")
    assert codes(diagnosis) == ["dns.search-amplification"]
    assert "160 of 200" in diagnosis.root_causes[0].finding.title


def test_unasked_it_is_no_failure() -> None:
    assert codes(asked(SEARCHED, None)) == []


def test_names_that_exist_nowhere_are_no_amplification() -> None:
    """Without the answers that hold an address, every name does not exist."""
    kept = [head + frame for head, frame in packets(SEARCHED) if frame[44] & 0x80 == 0 or frame[45] & 15 == NXDOMAIN]
    assert codes(asked(SEARCHED[:24] + b"".join(kept), "DNS is slow")) == []


def test_few_questions_are_not_worth_a_word() -> None:
    few = b"".join(head + frame for head, frame in packets(SEARCHED)[:40])
    assert codes(asked(SEARCHED[:24] + few, "DNS is slow")) == []
