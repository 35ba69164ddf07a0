"""Certificates and keys in PEM: files of /etc/kubernetes/pki, bundles, fullchain.pem, kubelet-client-current.pem.

Text between the blocks ("Bag Attributes", `openssl x509 -text`) is passed over: the blocks say the same. Of a private
key only the digest of its public half is kept, so that it can be compared with certificates.
Source: RFC 7468; OpenSSL 1.0 to 3.x; kubeadm, cert-manager, certbot write the same form.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kwhy.facts.certificates import CertificateShown, KeyShown
from kwhy.facts.pem import Block, blocks_in
from kwhy.ingest.certificates.files import file_shown
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

_BEGIN: Final = expression(r"^-----BEGIN [A-Z0-9 ]{1,40}-----$")
#: A line of base64 in a block: 64 characters, the last one fewer (RFC 7468 section 3)
_BODY: Final = expression(r"^[A-Za-z0-9+/]{1,76}={0,2}$")
#: subject=C = US, O = …  ·  # Subject: …  ·  Bag Attributes  ·  lines of `openssl x509 -text`
_BETWEEN: Final = expression(
    r"^(?:#|subject|issuer|Bag Attributes|Key Attributes|notBefore=|notAfter=|\s|Certificate:|-----END )"
)


def _recognise(head: Head) -> float:
    if "-----BEGIN " not in head.text:
        return 0.0
    lines = head.whole_lines
    begins = [number for number, line in enumerate(lines) if _BEGIN.match(line)]
    if not begins:
        return 0.0
    if begins[0] == 0:
        return 0.96
    fitting = sum(1 for line in lines if _BEGIN.match(line) or _BODY.match(line) or _BETWEEN.match(line))
    return 0.96 * fitting / len(lines)


def parse(document: Document) -> Iterator[Parsed]:
    data = bytes(document.data)
    path = file_shown(document)
    position = 0
    for block in blocks_in(data):
        at = document.at(document.first_line + block.line, excerpt=f"-----BEGIN {block.label}-----")
        if block.damage:
            yield Unparsed(at, f"{block.damage}; a PEM block from BEGIN to END was expected")
        elif block.der:
            yield CertificateShown(at=at, der=block.der, path=path, position=position)
            position += 1
        elif block.is_key:
            yield KeyShown(at=at, key_id=_public_half(data, block), path=path)


def _public_half(data: bytes, block: Block) -> str | None:
    from kwhy.facts.decoding import public_half  # loading the decoder takes 50 ms

    return public_half(data[block.start : block.end])


FORMAT: Final = Format("pem", _recognise, parse)
