"""Certificates that were printed, and kubeadm's table."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.certificates import Certificate, CertificateShown, ExpiryPrinted
from kwhy.ingest.parsers import kubeadm_certs, openssl_text
from kwhy.ingest.reading import read_document
from kwhy.model.document import Document, Unparsed

FOLDER = Path(__file__).parent / "certificates"


def printed(name: str) -> Certificate:
    [found] = read_document(Document("out.txt", (FOLDER / name).read_bytes())).of(CertificateShown)
    assert found.printed is not None
    return found.printed


def test_the_long_text_says_all_that_matters() -> None:
    found = printed("x509_text.txt")
    assert found.called == "payments"
    assert found.issuer == "CN=Lab Issuing CA,O=Lab"
    assert found.names == ("payments.shop.svc", "payments.shop.svc.cluster.local")
    assert found.addresses == ("10.96.0.9",)
    assert found.usages == ("serverAuth",)
    assert found.not_after == datetime(2027, 9, 18, 5, 45, 20, tzinfo=UTC).timestamp()
    assert found.authority is False


def test_the_printed_certificate_is_the_one_in_pem() -> None:
    [pem, *_] = read_document(Document("c.pem", (FOLDER / "fullchain.pem").read_bytes())).of(CertificateShown)
    decoded, text = pem.certificate, printed("x509_text.txt")
    assert decoded is not None
    for field in ("subject", "issuer", "not_before", "not_after", "names", "subject_key_id", "authority_key_id"):
        assert getattr(decoded, field) == getattr(text, field)


def test_the_short_forms_will_do() -> None:
    found = printed("x509_short.txt")
    assert (found.issuer, found.not_after) == (
        "CN=Lab Root CA,O=Lab",
        datetime(2026, 10, 18, 5, 45, 20, tzinfo=UTC).timestamp(),
    )


def test_a_text_that_is_cut_is_told() -> None:
    text = (FOLDER / "x509_text.txt").read_text().split("Validity")[0]
    assert isinstance(next(openssl_text.parse(Document("x", text.encode()))), Unparsed)


def test_kubeadm_names_each_certificate_and_its_end() -> None:
    evidence = read_document(Document("certs.txt", (FOLDER / "check-expiration.txt").read_bytes()))
    rows = evidence.of(ExpiryPrinted)
    assert [(row.name, row.signed_by, row.authority) for row in rows] == [
        ("admin.conf", "", False),
        ("apiserver", "ca", False),
        ("apiserver-etcd-client", "etcd-ca", False),
        ("controller-manager.conf", "", False),
        ("front-proxy-client", "front-proxy-ca", False),
        ("ca", "", True),
        ("etcd-ca", "", True),
    ]
    assert rows[0].not_after == datetime(2020, 12, 30, 23, 36, tzinfo=UTC).timestamp()
    assert not evidence.unparsed


@given(st.text(max_size=1500))
def test_any_text_is_read_to_the_end(text: str) -> None:
    list(openssl_text.parse(Document("x", text.encode())))
    list(kubeadm_certs.parse(Document("x", text.encode())))
