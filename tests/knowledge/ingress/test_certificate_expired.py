"""Certificates of Ingresses that have ended."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from tests.harness.changed import Files, change, diagnosed, found, named, recorded, roots

FOLDER = Path(__file__).parents[2] / "ingest/parsers/certificates"
# of the server that s_client_expired.txt shows: it ended on 2026-10-18
EXPIRED = (FOLDER / "s_client_expired.txt").read_bytes()
VALID = (FOLDER / "fullchain.pem").read_bytes()
ROOT = ("tls.certificate-expired", "Secret/ing-tls-type/shop-tls")


def _with_certificate(pem: bytes) -> Files:
    """The recorded Ingress, whose Secret is given a certificate and a key in place of other words."""
    files = recorded("ingress/tls_secret_unusable/opaque_secret")
    kept = {name: data for name, data in files.items() if name.startswith("objects/")}

    def put(items: list[Any]) -> None:
        secret = named(items, "shop-tls")
        secret["type"] = "kubernetes.io/tls"
        secret["data"] = {"tls.crt": base64.b64encode(pem).decode(), "tls.key": ""}

    change(kept, "objects/secrets.json", put)
    return kept


def _alone(text: bytes) -> bytes:
    """The first certificate of a text."""
    begin, end = text.index(b"-----BEGIN CERT"), text.index(b"-----END CERTIFICATE-----") + 25
    return x509.load_pem_x509_certificate(text[begin:end]).public_bytes(serialization.Encoding.PEM)


def test_a_certificate_that_ended_is_named_with_its_secret(tmp_path: Path) -> None:
    diagnosis = diagnosed(_with_certificate(_alone(EXPIRED)), tmp_path)
    assert roots(diagnosis) == [ROOT]
    assert "expired at 2026-10-18T05:45:20Z" in diagnosis.root_causes[0].finding.title


def test_a_certificate_that_is_valid_is_no_symptom(tmp_path: Path) -> None:
    diagnosis = diagnosed(_with_certificate(VALID), tmp_path)
    assert roots(diagnosis) == []
    assert "ingress.certificate-refused" not in found(diagnosis)


def test_an_authority_that_ended_further_up_is_not_taken_for_the_certificate(tmp_path: Path) -> None:
    assert roots(diagnosed(_with_certificate(_alone(VALID) + _alone(EXPIRED)), tmp_path)) == []


def test_half_a_certificate_says_nothing_of_dates(tmp_path: Path) -> None:
    assert ROOT not in roots(diagnosed(_with_certificate(EXPIRED[: len(EXPIRED) // 3]), tmp_path))
