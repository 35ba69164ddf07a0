"""What `kwhy inspect` shows of certificates, keys, handshakes and clocks."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kwhy.ingest.reading import read
from kwhy.inspecting.certificates import certificate_parts
from kwhy.model.inspection import Part
from kwhy.scene.scene import Scene

FOLDER = Path(__file__).parents[1] / "ingest/parsers"
AS_OF = 1_797_724_800.0  # 2026-12-20T00:00:00Z


def parts(*names: str, as_of: float | None = AS_OF) -> dict[str, Part]:
    evidence = read([str(FOLDER / name) for name in names])
    scene = Scene(evidence.documents, evidence.facts, as_of)
    return {part.title: part for part in certificate_parts(scene, None)}


def test_certificates_stand_in_the_order_of_their_end() -> None:
    rows = parts("certificates/root.pem", "certificates/x509_short.txt", "certificates/fullchain.pem")[
        "Certificates, by their end"
    ].rows
    assert [(row.cells[0], row.cells[1], row.cells[2]) for row in rows] == [
        ("2026-10-18T05:45:20Z", "EXPIRED 62 d 18 h ago", "payments, by Lab Root CA"),
        ("2027-09-18T05:45:20Z", "272 d 5 h left", "payments, by Lab Issuing CA"),
        ("2029-08-18T05:45:20Z", "972 d 5 h left", "Lab Issuing CA, by Lab Root CA"),
        ("2035-02-08T05:45:20Z", "2972 d 5 h left", "Lab Root CA, by itself"),
    ]


def test_one_certificate_at_two_places_is_one_row() -> None:
    rows = parts("certificates/fullchain.pem", "certificates/s_client_good.txt")["Certificates, by their end"].rows
    assert len(rows) == 2
    assert any("s_client_good.txt" in line for line in rows[0].below)


def test_a_certificate_of_less_than_a_month_is_marked() -> None:
    rows = parts("certificates/check-expiration.txt", as_of=1_608_000_000.0)["Certificates, by their end"].rows
    assert rows[0].cells[1].startswith("SOON: ")


def test_handshakes_and_clocks_are_shown() -> None:
    found = parts("certificates/s_client_expired.txt", "clocks/behind.txt")
    assert found["TLS handshakes"].rows[0].cells[:2] == ("payments.shop.svc:9443", "certificate has expired")
    assert found["Clocks"].rows[0].cells[1] == "2 h behind 127.0.0.1, by chronyc tracking"


def test_a_key_is_told_by_the_certificate_that_it_belongs_to(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.TraditionalOpenSSL
    text = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (tmp_path / "tls.key").write_bytes(text)
    evidence = read([str(tmp_path / "tls.key")])
    [part] = certificate_parts(Scene(evidence.documents, evidence.facts), None)
    assert part.rows[0].cells == ("belongs to no certificate that was shown",)
    assert text.decode().splitlines()[1] not in repr(part)
