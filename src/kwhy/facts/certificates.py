"""Certificates wherever evidence holds them, what TLS programs say of them, and where a client looks for its own.

A certificate is kept as its DER bytes, which are public; it is decoded when somebody asks (the decoder takes 50 ms to
load). Of private keys nothing is kept but the digest of their public half.

Sources: RFC 5280 (X.509), RFC 7468 (PEM), k8s.io/client-go v0.34 tools/clientcmd/api/v1/types.go (kubeconfig).
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, Literal, TypeAlias

import msgspec

from kwhy.model.document import Locator
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment

#: What the holder does with a certificate: shows it to its peers, or believes what it signed. None: nothing tells.
Use: TypeAlias = Literal["presents", "trusts"] | None

_SEQUENCE: Final = 0x30
_VERSION_TAG: Final = 0xA0
_UTC_TIME: Final = 0x17
_GENERALIZED_TIME: Final = 0x18


class Certificate(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A certificate decoded, or what a program printed of one (``der`` is then empty and nothing is cut off silently).

    ``names`` and ``addresses`` are the subject alternative names of hosts; ``authority`` is cA of basicConstraints,
    None where there is no such extension. ``usages`` are extended key usages ("serverAuth"), None without the
    extension. ``key_id`` is the SHA-256 of the public key; the two ids of keys are the extensions'. ``signature`` is
    the algorithm's name.
    """

    subject: str
    issuer: str
    not_before: float
    not_after: float
    common_name: str | None = None
    serial: str = ""
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    authority: bool | None = None
    usages: tuple[str, ...] | None = None
    key: str = ""
    key_id: str = ""
    subject_key_id: str | None = None
    authority_key_id: str | None = None
    signature: str = ""
    der: bytes = b""

    @property
    def self_issued(self) -> bool:
        return self.subject == self.issuer

    @property
    def called(self) -> str:
        """The certificate as people name it."""
        return self.common_name or (self.names[0] if self.names else "") or self.subject or f"serial {self.serial}"


class CertificateShown(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A certificate that a document holds.

    ``holder`` is the object or program that has it, ``field`` where ("tls.crt", "webhooks[0].clientConfig.caBundle"),
    ``path`` the file on its host, ``position`` its place in a bundle of several, counted from 0. Either ``der`` or
    ``printed`` is set.
    """

    at: Locator
    der: bytes = b""
    printed: Certificate | None = None
    holder: Subject | None = None
    field: str = ""
    path: str | None = None
    position: int = 0
    use: Use = None

    @property
    def certificate(self) -> Certificate | None:
        """Decoded; None where its bytes are no certificate that can be decoded."""
        return self.printed if self.printed is not None else read_certificate(self.der)

    @property
    def validity(self) -> tuple[float, float] | None:
        """From when to when it is valid, without decoding the rest."""
        if self.printed is not None:
            return self.printed.not_before, self.printed.not_after
        return validity_of(self.der)


class KeyShown(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A document holds a private key. ``key_id`` is the SHA-256 of its public half; None where it is encrypted."""

    at: Locator
    key_id: str | None
    path: str | None = None


class ExpiryPrinted(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A row of ``kubeadm certs check-expiration``: ``name`` is kubeadm's ("apiserver-etcd-client", "admin.conf")."""

    at: Locator
    name: str
    not_after: float
    authority: bool
    signed_by: str = ""


class KubeconfigContext(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One context of a kubeconfig. ``credential`` says how the user proves who it is; never a value.

    ``authority`` is the file with the trusted CA, ``certificate`` the one with the client's certificate, where the
    kubeconfig names files; ``authorities`` and ``certificates`` are what it holds itself. ``insecure``: the server's
    certificate is not verified.
    """

    at: Locator
    name: str
    current: bool
    cluster: str
    server: str | None
    user: str
    namespace: str | None = None
    path: str | None = None
    authority: str | None = None
    authorities: tuple[bytes, ...] = ()
    certificate: str | None = None
    certificates: tuple[bytes, ...] = ()
    server_name: str | None = None
    insecure: bool = False
    credential: Literal["certificate", "token", "password", "exec", "none"] = "none"


class TlsCheck(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One TLS handshake as a tool printed it.

    ``chain`` holds the certificates that the server sent, ``sent`` their (subject, issuer) as printed. ``error`` is the
    tool's complaint, "" where the handshake and the verification succeeded. ``server_name`` is the name that was asked
    for (SNI), ``authorities`` those whose client certificates the server accepts; None where not printed.
    ``trusted`` is the file with the authorities that the tool was told to believe. ``bound`` is the end or beginning
    of the certificate that is out of its time, where the tool prints it.
    """

    at: Locator
    tool: Literal["openssl", "curl"]
    host: str | None = None
    port: int | None = None
    server_name: str | None = None
    error: str = ""
    verify: int | None = None
    protocol: str | None = None
    cipher: str | None = None
    chain: tuple[bytes, ...] = ()
    sent: tuple[tuple[str, str], ...] = ()
    authorities: tuple[str, ...] | None = None
    client_certificate: bool = False
    trusted: str | None = None
    when: Moment = UNKNOWN_MOMENT
    bound: float | None = None


def digest_of(der: bytes) -> str:
    """The fingerprint by which a certificate is named."""
    import hashlib  # loads OpenSSL

    return hashlib.sha256(der).hexdigest()


def validity_of(der: bytes) -> tuple[float, float] | None:
    """notBefore and notAfter of a certificate, read without a decoder; None for what is no whole certificate."""
    try:
        outer, start, end = _element(der, 0)
        inner, at, _ = _element(der, start)
        if outer != _SEQUENCE or inner != _SEQUENCE or end != len(der):
            return None
        tag, _, after = _element(der, at)
        if tag == _VERSION_TAG:
            _, _, after = _element(der, after)
        for _ in range(2):  # signature algorithm, issuer
            _, _, after = _element(der, after)
        _, first, _ = _element(der, after)
        kind, begin, second = _element(der, first)
        other, from_, until = _element(der, second)
        return _time(kind, der[begin:second]), _time(other, der[from_:until])
    except (IndexError, ValueError, OverflowError):
        return None


def _element(der: bytes, at: int) -> tuple[int, int, int]:
    """Tag, and where the contents of a DER element begin and end (ITU-T X.690 8.1)."""
    tag, length, start = der[at], der[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        if not 1 <= size <= 4:
            raise ValueError("a length of this form is not DER")
        length, start = int.from_bytes(der[start : start + size], "big"), start + size
    if start + length > len(der):
        raise ValueError("the element ends after the data")
    return tag, start, start + length


def _time(tag: int, text: bytes) -> float:
    """Epoch seconds of a UTCTime ("260101000000Z") or GeneralizedTime ("20500101000000Z"), RFC 5280 4.1.2.5."""
    written = text.decode("ascii").removesuffix("Z")
    if tag == _UTC_TIME:
        written = ("19" if int(written[:2]) >= 50 else "20") + written
    elif tag != _GENERALIZED_TIME:
        raise ValueError("neither of the two kinds of time")
    if len(written) != 14 or not written.isdecimal():
        raise ValueError("a time of this form is not DER")
    month, day, hour, minute, second = (int(written[at : at + 2]) for at in range(4, 14, 2))
    # strptime takes fifty times as long
    return datetime(int(written[:4]), month, day, hour, minute, second, tzinfo=UTC).timestamp()


@lru_cache(maxsize=4096)
def read_certificate(der: bytes) -> Certificate | None:
    """Decode a certificate; None where that is not possible."""
    from kwhy.facts.decoding import decoded

    return decoded(der)
