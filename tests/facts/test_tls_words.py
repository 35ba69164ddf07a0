"""The words of TLS programs, and the fault that they name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.log_patterns.tls import WORDS, Fault, complaint_in

EXAMPLES = [(words.fault, example) for words in WORDS for example in words.examples]


@pytest.mark.parametrize(("fault", "example"), EXAMPLES)
def test_each_recorded_text_names_its_fault(fault: Fault, example: str) -> None:
    found = complaint_in(example)
    assert found is not None
    assert found.fault is fault


def test_gos_two_times_tell_expired_from_early() -> None:
    text = "x509: certificate has expired or is not yet valid: current time 2026-11-22T06:15:45Z is "
    early, late = complaint_in(text + 'before 2026-11-22T08:06:44Z"'), complaint_in(text + "after 2026-11-21T23:15:44Z")
    assert early is not None and late is not None
    assert (early.fault, early.fields["bound"]) == (Fault.NOT_YET_VALID, "2026-11-22T08:06:44Z")
    assert (late.fault, late.fields["now"]) == (Fault.EXPIRED, "2026-11-22T06:15:45Z")


def test_a_name_that_does_not_fit_is_told_with_those_that_would() -> None:
    found = complaint_in("x509: certificate is valid for pay.shop.svc, 10.0.0.1, not payments.shop.svc")
    assert found is not None
    assert (found.fields["valid"], found.fields["asked"]) == ("pay.shop.svc, 10.0.0.1", "payments.shop.svc")


@pytest.mark.parametrize(
    "text",
    [
        "connection refused",
        "the certificate is valid for another year",
        "token has expired",
        "HTTP/1.1 400 Bad Request",
        "certificate renewed",
        "http: TLS handshake error from 10.0.0.9:40312: EOF",
    ],
)
def test_other_words_name_no_fault(text: str) -> None:
    assert complaint_in(text) is None


@given(st.text(max_size=4000))
def test_any_text_is_looked_at_to_the_end(text: str) -> None:
    complaint_in(text)
