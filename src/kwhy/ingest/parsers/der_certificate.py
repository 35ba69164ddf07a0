"""A certificate in DER (`.der`, `.cer`, `openssl x509 -outform DER`): bytes of ASN.1 without any armour.

Source: RFC 5280; ITU-T X.690.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kwhy.facts.certificates import CertificateShown, validity_of
from kwhy.ingest.certificates.files import file_shown
from kwhy.model.document import Document, Unparsed
from kwhy.model.parsing import Format, Head, Parsed

#: SEQUENCE with a length in two bytes, holding a SEQUENCE with a length in two bytes (certificates of 256 to 65535
#: bytes).
_SEQUENCE: Final = "\x30\x82"


def _recognise(head: Head) -> float:
    if not (head.text.startswith(_SEQUENCE) and head.text[4:6] == _SEQUENCE):
        return 0.0
    stated = int.from_bytes(head.text[2:4].encode("latin-1", "replace"), "big") + 4
    return 0.95 if stated >= head.size else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    der = bytes(document.data)
    if validity_of(der) is None:
        yield Unparsed(document.at(), "not a whole X.509 certificate in DER: cut off, or something else")
        return
    yield CertificateShown(at=document.at(), der=der, path=file_shown(document))


FORMAT: Final = Format("der-certificate", _recognise, parse)
