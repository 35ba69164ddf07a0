"""What `openssl s_client` shows of a handshake."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.certificates import CertificateShown, TlsCheck
from kwhy.ingest.parsers.openssl_s_client import FORMAT
from kwhy.ingest.reading import read_document
from kwhy.model.document import Document

FOLDER = Path(__file__).parent / "certificates"


def check(name: str) -> tuple[TlsCheck, list[CertificateShown]]:
    evidence = read_document(Document(f"{name}.txt", (FOLDER / f"s_client_{name}.txt").read_bytes()))
    [found] = evidence.of(TlsCheck)
    return found, evidence.of(CertificateShown)


def test_a_good_handshake_has_no_error() -> None:
    found, chain = check("good")
    assert (found.error, found.verify, found.protocol) == ("", 0, "TLSv1.3")
    assert (found.host, found.port, found.server_name, found.trusted) == (
        "127.0.0.1",
        9442,
        "payments.shop.svc",
        "pki/root.crt",
    )
    assert [c.certificate.called for c in chain if c.certificate] == ["payments", "Lab Issuing CA"]
    assert found.authorities == ()


@pytest.mark.parametrize(
    ("name", "verify", "words"),
    [
        ("expired", 10, "certificate has expired"),
        ("future", 9, "certificate is not yet valid"),
        ("intermediate", 20, "unable to get local issuer certificate"),
        ("wrongname", 62, "hostname mismatch"),
        ("mtls-none", None, "certificate required"),
        ("protocol", None, "protocol version"),
        ("http", None, "wrong version number"),
    ],
)
def test_the_first_error_is_the_fault(name: str, verify: int | None, words: str) -> None:
    found, _ = check(name)
    assert found.verify == verify
    assert words in found.error
    assert words in found.at.excerpt


def test_authorities_that_the_server_accepts_are_listed() -> None:
    assert check("mtls-none")[0].authorities == ("O = Lab, CN = Lab Root CA",)


def test_session_keys_are_nowhere_in_the_facts() -> None:
    text = (FOLDER / "s_client_good.txt").read_text()
    ticket = next(line for line in text.splitlines() if "Resumption PSK" in line).split(": ")[1]
    evidence = read_document(Document("good.txt", text.encode()))
    assert ticket not in repr(evidence.facts.values()).replace(repr(text.encode()), "")


@settings(max_examples=60)
@given(st.text(max_size=2000))
def test_any_text_is_read_to_the_end(text: str) -> None:
    list(FORMAT.parse(Document("x", text.encode(), command="openssl s_client -connect a:443")))


@settings(max_examples=60)
@given(st.integers(0, 3000), st.text(max_size=6))
def test_damaged_output_is_read_to_the_end(at: int, put: str) -> None:
    text = (FOLDER / "s_client_expired.txt").read_text()
    list(FORMAT.parse(Document("x", (text[:at] + put + text[at:]).encode())))
