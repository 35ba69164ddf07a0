"""Certificates and keys in PEM, DER and PKCS#12."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.facts.certificates import CertificateShown, KeyShown, validity_of
from kwhy.ingest.parsers import der_certificate, pem
from kwhy.ingest.parsers import pkcs12 as stores
from kwhy.ingest.reading import read_document
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Parsed

FOLDER = Path(__file__).parent / "certificates"
CHAIN = (FOLDER / "fullchain.pem").read_bytes()
ROOT = (FOLDER / "root.pem").read_bytes()
ROOT_DER = x509.load_pem_x509_certificate(ROOT).public_bytes(serialization.Encoding.DER)


def shown(data: bytes, source: str = "tls.pem", command: str | None = None) -> list[Parsed]:
    return list(pem.FORMAT.parse(Document(source, data, command=command)))


def names(found: list[Parsed]) -> list[str]:
    return [c.certificate.called for c in found if isinstance(c, CertificateShown) and c.certificate is not None]


def test_a_bundle_holds_its_certificates_in_order() -> None:
    assert names(shown(CHAIN)) == ["payments", "Lab Issuing CA"]


def test_what_a_certificate_says_is_read() -> None:
    first = shown(CHAIN)[0]
    assert isinstance(first, CertificateShown)
    leaf = first.certificate
    assert leaf is not None
    assert leaf.names == ("payments.shop.svc", "payments.shop.svc.cluster.local")
    assert leaf.addresses == ("10.96.0.9",)
    assert (leaf.issuer, leaf.authority, leaf.usages) == ("CN=Lab Issuing CA,O=Lab", False, ("serverAuth",))
    assert first.validity == (leaf.not_before, leaf.not_after)
    assert first.at.line == 1


def test_text_around_blocks_is_passed_over() -> None:
    text = b"# the root\n" + ROOT + b"\nsubject=O = Lab\n" + ROOT.replace(b"\n", b"\r\n")
    found = shown(text)
    assert names(found) == ["Lab Root CA", "Lab Root CA"]
    assert [c.at.line for c in found if isinstance(c, CertificateShown)] == [2, 2 + ROOT.count(b"\n") + 2]


def test_a_copy_of_a_file_knows_its_path() -> None:
    by_command = shown(ROOT, command="cat /etc/kubernetes/pki/ca.crt")[0]
    by_source = shown(ROOT, source="n1/etc/kubernetes/pki/ca.crt")[0]
    assert isinstance(by_command, CertificateShown) and isinstance(by_source, CertificateShown)
    assert by_command.path == by_source.path == "/etc/kubernetes/pki/ca.crt"


def test_half_a_certificate_is_told_and_the_rest_is_read() -> None:
    found = shown(ROOT[: len(ROOT) // 2] + b"\n" + CHAIN)
    assert isinstance(found[0], Unparsed)
    assert "cut off" in found[0].why
    assert names(found) == ["payments", "Lab Issuing CA"]


def test_a_block_without_its_last_lines_is_no_certificate() -> None:
    lines = ROOT.splitlines(keepends=True)
    damaged = shown(b"".join([*lines[:4], lines[-1]]))
    assert [type(item) for item in damaged] == [Unparsed]


def test_a_private_key_leaves_only_the_digest_of_its_public_half() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    found = shown(text)
    assert [type(item) for item in found] == [KeyShown]
    body = b"".join(text.splitlines()[1:-1]).decode()
    assert not any(body[i : i + 16] in repr(found[0]) for i in range(0, len(body) - 16, 8))


def test_an_encrypted_key_has_no_digest() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"hunter2"),
    )
    [found] = shown(text)
    assert isinstance(found, KeyShown)
    assert found.key_id is None


def test_der_is_recognised_and_read() -> None:
    evidence = read_document(Document("ca.der", ROOT_DER))
    assert [c.certificate.called for c in evidence.of(CertificateShown) if c.certificate] == ["Lab Root CA"]


def test_der_that_is_cut_is_told() -> None:
    found = list(der_certificate.parse(Document("ca.der", ROOT_DER[:-20])))
    assert [type(item) for item in found] == [Unparsed]


def store(password: bytes | None) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    encryption: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    )
    authority = x509.load_pem_x509_certificate(ROOT)
    return pkcs12.serialize_key_and_certificates(b"web", key, None, [authority], encryption)


def test_a_store_without_password_gives_its_certificates() -> None:
    evidence = read_document(Document("web.p12", store(None)))
    assert [c.certificate.called for c in evidence.of(CertificateShown) if c.certificate] == ["Lab Root CA"]


def test_a_store_with_a_password_says_how_to_go_on() -> None:
    found = list(stores.parse(Document("web.p12", store(b"hunter2"))))
    assert isinstance(found[0], Unparsed)
    assert "password" in found[0].why


def test_a_java_key_store_says_how_to_go_on() -> None:
    evidence = read_document(Document("trust.jks", b"\xfe\xed\xfe\xed\x00\x00\x00\x02" + bytes(range(200))))
    assert "keytool" in evidence.unparsed[0].why


@given(st.binary(max_size=3000))
def test_any_bytes_are_read_to_the_end(data: bytes) -> None:
    shown(data)
    list(der_certificate.parse(Document("x", data)))
    validity_of(data)


@settings(max_examples=60)
@given(st.integers(0, len(CHAIN) - 1), st.binary(max_size=8))
def test_damaged_chains_are_read_to_the_end(at: int, put: bytes) -> None:
    for found in shown(CHAIN[:at] + put + CHAIN[at + len(put) :]):
        if isinstance(found, CertificateShown):
            assert found.validity is not None
            assert found.certificate is None or found.certificate.der == found.der


@settings(max_examples=30)
@given(st.integers(0, 300), st.binary(min_size=1, max_size=4))
def test_damaged_stores_are_read_to_the_end(at: int, put: bytes) -> None:
    data = ROOT_DER[:at] + put + ROOT_DER[at:]
    list(stores.parse(Document("x.p12", b"\x30\x82\x01\x00\x02\x01\x03" + data)))
