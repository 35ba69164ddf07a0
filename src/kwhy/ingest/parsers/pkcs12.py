"""Key stores in PKCS#12 (`.p12`, `.pfx`), opened where they have no password, and Java's own (`.jks`), which are not.

Only certificates are taken out. Source: RFC 7292; OpenJDK sun.security.provider.JavaKeyStore (magic 0xFEEDFEED).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kwhy.facts.certificates import CertificateShown
from kwhy.ingest.certificates.files import file_shown
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Format, Head, Parsed

#: SEQUENCE, version INTEGER 3 (RFC 7292 section 4); the length takes two bytes, or is left open (BER).
_VERSION: Final = "\x02\x01\x03"
_JAVA: Final = "\xfe\xed\xfe\xed"
#: An empty password is written in two ways (RFC 7292 appendix B.1).
_PASSWORDS: Final = (None, b"")


def _recognise(head: Head) -> float:
    if head.text.startswith(_JAVA):
        return 0.95
    version = {"\x30\x82": 4, "\x30\x80": 2}.get(head.text[:2])
    return 0.96 if version is not None and head.text[version : version + 3] == _VERSION else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    data = bytes(document.data)
    if data.startswith(_JAVA.encode("latin-1")):
        yield Unparsed(document.at(), "a Java key store; `keytool -list -rfc -keystore FILE` prints its certificates")
        return
    from kwhy.facts.decoding import certificates_of_pkcs12  # loading the decoder takes 50 ms

    certificates = certificates_of_pkcs12(data, _PASSWORDS)
    if certificates is None:
        yield Unparsed(
            document.at(),
            "a PKCS#12 store that is damaged or needs a password; "
            "`openssl pkcs12 -in FILE -nokeys` prints its certificates",
        )
        return
    for position, der in enumerate(certificates):
        yield CertificateShown(at=document.at(), der=der, path=file_shown(document), position=position)


FORMAT: Final = Format("pkcs12", _recognise, parse)
