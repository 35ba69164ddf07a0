"""Blocks of PEM in a text, whatever stands around them (RFC 7468). Of private keys only the place is told."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Final

import msgspec

from kwhy.facts.certificates import validity_of
from kwhy.model.expressions import expression

#: -----BEGIN CERTIFICATE-----, also "TRUSTED CERTIFICATE" and "X509 CERTIFICATE" of old OpenSSL (1.0 crypto/pem/pem.h)
_BEGIN: Final = expression(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_END: Final = b"-----END %s-----"
CERTIFICATES: Final = ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE")
#: No certificate in use is longer; a block that goes on longer is damaged.
LONGEST_BLOCK: Final = 256 << 10


class Block(msgspec.Struct, frozen=True):
    """One block. ``label`` is "CERTIFICATE", "RSA PRIVATE KEY" …; ``der`` is set for whole certificates only.

    ``line`` counts from 0. ``damage`` says in a sentence what is wrong with the block, "" where nothing is.
    """

    label: str
    line: int
    start: int
    end: int
    der: bytes = b""
    damage: str = ""

    @property
    def is_key(self) -> bool:
        return self.label.endswith("PRIVATE KEY")


def blocks_in(data: bytes) -> Iterator[Block]:
    """The blocks in order; a block without its end, or whose contents are no certificate, is told as damaged."""
    at, line, counted = 0, 0, 0
    while (begin := _BEGIN.search(data, at)) is not None:
        label = begin[1].decode("ascii")
        line += data.count(b"\n", counted, begin.start())
        counted = begin.start()
        end = data.find(_END % begin[1], begin.end())
        following = _BEGIN.search(data, begin.end())
        if end < 0 or (following is not None and following.start() < end):
            at = following.start() if following is not None else len(data)
            yield Block(label, line, begin.start(), at, damage="the block has no end: it is cut off")
            continue
        at = end + len(_END % begin[1])
        if label not in CERTIFICATES:
            yield Block(label, line, begin.start(), at)
            continue
        der, damage = _contents(data[begin.end() : end])
        yield Block(label, line, begin.start(), at, der, damage)


def _contents(body: bytes) -> tuple[bytes, str]:
    if len(body) > LONGEST_BLOCK:
        return b"", f"the block is longer than {LONGEST_BLOCK >> 10} KiB, which no certificate is"
    if b"\\n" in body:  # a JSON or YAML string, not unquoted
        body = body.replace(b"\\n", b"")
    plain = body.translate(None, b" \t\r\n")
    try:
        der = base64.b64decode(plain, validate=True)
    except (binascii.Error, ValueError):
        return b"", "what the block holds is cut, or is not base64"
    if validity_of(der) is None:
        return b"", "the block is not a whole X.509 certificate"
    return der, ""


def certificates_in(data: bytes) -> tuple[bytes, ...]:
    """The whole certificates of a PEM text, in order, in DER."""
    return tuple(block.der for block in blocks_in(data) if block.der)


def certificates_in_base64(value: object) -> tuple[bytes, ...]:
    """The certificates of a PEM text in base64, as caBundle, certificate-authority-data and Secrets hold it."""
    if not isinstance(value, str) or len(value) > 4 * LONGEST_BLOCK:
        return ()
    try:
        return certificates_in(base64.b64decode(value.translate(_BLANKS), validate=True))
    except (binascii.Error, ValueError):
        return ()


_BLANKS: Final = {ord(one): None for one in " \t\r\n"}
