"""Certificates decoded with the `cryptography` library. Imported when one is asked for: loading takes 50 ms."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final, cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kwhy.facts.certificates import Certificate

#: The names of RFC 5280 4.2.1.12.
_USAGES: Final = {
    ExtendedKeyUsageOID.SERVER_AUTH: "serverAuth",
    ExtendedKeyUsageOID.CLIENT_AUTH: "clientAuth",
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "any",
}
#: What the decoder raises for bytes that are no certificate, or one of a kind that it does not know.
_NOT_DECODED: Final = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension)


def decoded(der: bytes) -> Certificate | None:
    """The certificate; None where the bytes are none."""
    try:
        read = x509.load_der_x509_certificate(der)
        return _certificate(read, der)
    except _NOT_DECODED:
        return None


def _certificate(read: x509.Certificate, der: bytes) -> Certificate:
    names, addresses = _alternative_names(read)
    common = [str(one.value) for one in read.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    key, key_id = _key(read)
    return Certificate(
        subject=read.subject.rfc4514_string(),
        issuer=read.issuer.rfc4514_string(),
        not_before=read.not_valid_before_utc.timestamp(),
        not_after=read.not_valid_after_utc.timestamp(),
        common_name=common[0] if common else None,
        serial=f"{read.serial_number:x}",
        names=names,
        addresses=addresses,
        authority=_authority(read),
        usages=_usages(read),
        key=key,
        key_id=key_id,
        subject_key_id=_subject_key(read),
        authority_key_id=_authority_key(read),
        signature=_signature(read),
        der=der,
    )


def _alternative_names(read: x509.Certificate) -> tuple[tuple[str, ...], tuple[str, ...]]:
    try:
        found = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, *_NOT_DECODED):
        return (), ()
    addresses = tuple(str(one) for one in found.get_values_for_type(x509.IPAddress))
    return tuple(found.get_values_for_type(x509.DNSName)), addresses


def _authority(read: x509.Certificate) -> bool | None:
    try:
        return read.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, *_NOT_DECODED):
        return None


def _usages(read: x509.Certificate) -> tuple[str, ...] | None:
    try:
        found = read.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, *_NOT_DECODED):
        return None
    return tuple(_USAGES.get(one, one.dotted_string) for one in found)


def _subject_key(read: x509.Certificate) -> str | None:
    try:
        return read.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest.hex()
    except (x509.ExtensionNotFound, *_NOT_DECODED):
        return None


def _authority_key(read: x509.Certificate) -> str | None:
    try:
        found = read.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except (x509.ExtensionNotFound, *_NOT_DECODED):
        return None
    return found.hex() if found is not None else None


def _signature(read: x509.Certificate) -> str:
    name = getattr(read.signature_algorithm_oid, "_name", "")
    return str(name) or read.signature_algorithm_oid.dotted_string


def _key(read: x509.Certificate) -> tuple[str, str]:
    try:
        key = read.public_key()
    except _NOT_DECODED:
        return "", ""
    if isinstance(key, rsa.RSAPublicKey):
        kind = f"RSA {key.key_size}"
    elif isinstance(key, ec.EllipticCurvePublicKey):
        kind = f"EC {key.curve.name}"
    else:
        kind = type(key).__name__.removesuffix("PublicKey")
    return kind, _digest(key)


def _digest(key: PublicKeyTypes) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(key.public_bytes(serialization.Encoding.DER, form)).hexdigest()


def public_half(pem: bytes) -> str | None:
    """The digest of the public half of a private key; None where it is encrypted or damaged. The key is let go."""
    try:
        key: PrivateKeyTypes = serialization.load_pem_private_key(pem, password=None)
        return _digest(key.public_key())
    except _NOT_DECODED:
        return None


def signed_by(certificate: Certificate, authority: Certificate) -> bool | None:
    """Whether the authority's key made the certificate's signature; None where that cannot be computed."""
    if not certificate.der or not authority.der:
        return None
    child = x509.load_der_x509_certificate(certificate.der)
    parent = x509.load_der_x509_certificate(authority.der)
    try:
        child.verify_directly_issued_by(parent)
    except InvalidSignature:
        return False
    except ValueError:  # the names differ
        return False
    except (TypeError, UnsupportedAlgorithm):
        return None
    return True


def certificates_of_pkcs12(data: bytes, passwords: Sequence[bytes | None]) -> tuple[bytes, ...] | None:
    """The certificates of a PKCS#12 file in DER, that of the key first; None where no password opens it."""
    from cryptography.hazmat.primitives.serialization import pkcs12

    for password in passwords:
        try:
            held = pkcs12.load_pkcs12(data, password)
        except _NOT_DECODED:
            continue
        first = [held.cert] if held.cert is not None else []
        all_of_it = cast("list[pkcs12.PKCS12Certificate]", [*first, *held.additional_certs])
        return tuple(one.certificate.public_bytes(serialization.Encoding.DER) for one in all_of_it)
    return None
