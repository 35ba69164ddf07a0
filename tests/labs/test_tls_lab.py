"""Certificates broken for real: a server on loopback, real clients, what they print, and the remedy tried."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kwhy.pipeline import diagnose

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        shutil.which("openssl") is None or shutil.which("curl") is None, reason="openssl and curl are needed"
    ),
]
HOST = "payments.shop.svc"
NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


class Pki:
    """An authority and what it signed, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Lab Root CA")])
        self._write("root", self._key, self._built(self._name, self._key, True, (), NOW - DAY, NOW + 90 * DAY))

    def issue(self, name: str, host: str, first: datetime, last: datetime) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "payments")])
        self._write(name, key, self._built(subject, key, False, (host,), first, last))

    def _built(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        authority: bool,
        hosts: tuple[str, ...],
        first: datetime,
        last: datetime,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(first)
            .not_valid_after(last)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if hosts:
            names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256())

    def _write(self, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        form = serialization.PrivateFormat.PKCS8
        text = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        (self.folder / f"{name}.key").write_bytes(text)
        (self.folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


@contextmanager
def server(pki: Pki, name: str) -> Iterator[int]:
    """`openssl s_server` with a certificate, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-www"]
    files = ["-cert", str(pki.folder / f"{name}.crt"), "-key", str(pki.folder / f"{name}.key")]
    process = subprocess.Popen([*command, *files], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=5)


def recorded(pki: Pki, name: str, folder: Path) -> Path:
    """What openssl and curl print of the server, as a session would hold it."""
    folder.mkdir()
    with server(pki, name) as port:
        asked = (
            f"openssl s_client -connect 127.0.0.1:{port} -servername {HOST} -verify_hostname {HOST} -CAfile root.crt"
        )
        called = f"curl -sv --cacert root.crt --resolve {HOST}:{port}:127.0.0.1 -o /dev/null https://{HOST}:{port}/"
        for file, command in (("s_client.txt", asked), ("curl.txt", called)):
            done = subprocess.run(
                [*command.split()], cwd=pki.folder, input="", capture_output=True, text=True, timeout=10, check=False
            )
            (folder / file).write_text(f"$ {command}\n{done.stderr}{done.stdout}")
    return folder


def causes(folder: Path) -> list[str]:
    found = diagnose([str(folder)]).root_causes
    return [cause.finding.condition.code for cause in found if cause.role == "root-cause"]


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    folder = tmp_path / "pki"
    folder.mkdir()
    return Pki(folder)


def test_an_expired_certificate_is_found_and_solved_by_renewing_it(pki: Pki, tmp_path: Path) -> None:
    pki.issue("payments", HOST, NOW - 40 * DAY, NOW - 3 * DAY)
    assert causes(recorded(pki, "payments", tmp_path / "before")) == ["tls.certificate-expired"]
    pki.issue("payments", HOST, NOW - DAY, NOW + 90 * DAY)
    assert causes(recorded(pki, "payments", tmp_path / "after")) == []


def test_a_certificate_for_another_name_is_found_and_solved_by_one_for_this(pki: Pki, tmp_path: Path) -> None:
    pki.issue("payments", "pay.shop.svc", NOW - DAY, NOW + 90 * DAY)
    assert causes(recorded(pki, "payments", tmp_path / "before")) == ["tls.name-mismatch"]
    pki.issue("payments", HOST, NOW - DAY, NOW + 90 * DAY)
    assert causes(recorded(pki, "payments", tmp_path / "after")) == []


def test_a_certificate_of_the_future_is_not_blamed_before_the_clock_is_known(pki: Pki, tmp_path: Path) -> None:
    pki.issue("payments", HOST, NOW + DAY, NOW + 90 * DAY)
    folder = recorded(pki, "payments", tmp_path / "before")
    diagnosis = diagnose([str(folder)])
    assert causes(folder) == []
    assert "tls.handshake-fails" in {finding.condition.code for finding in diagnosis.findings}
