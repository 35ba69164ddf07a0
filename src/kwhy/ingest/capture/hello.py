"""What TLS says before it enciphers: the name that the caller asks for, the server's certificates, alerts.

RFC 8446: 5.1 (records), 4.1.2 and 4.1.3 (hellos), 6 (alerts); RFC 5246, 7.4.2 (certificates, sent in the clear until
TLS 1.2); RFC 6066, 3 (server_name). Only whole handshake messages are read; a capture's snap length may cut them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

_HANDSHAKE, _ALERT, _CHANGE_CIPHER = 22, 21, 20
_CLIENT_HELLO, _CERTIFICATE = 1, 11
_SERVER_NAME: Final = 0
#: RFC 8446, B.2, and those of RFC 5246 that servers of TLS 1.2 still send.
ALERTS: Final = {
    0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow", 40: "handshake_failure",
    42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired",
    46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error",
    51: "decrypt_error", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
    86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation", 109: "missing_extension",
    110: "unsupported_extension", 112: "unrecognized_name", 113: "bad_certificate_status_response",
    115: "unknown_psk_identity", 116: "certificate_required", 120: "no_application_protocol",
}  # fmt: skip


class Hello(NamedTuple):
    """``alert_row`` is the row of the packet that carries the alert."""

    server_name: str | None
    certificates: tuple[str, ...]
    alert: str | None
    alert_row: int | None


NOTHING: Final = Hello(None, (), None, None)
Pieces = Sequence[tuple[int, bytes]]


def read(caller: Pieces, callee: Pieces) -> Hello:
    """``caller`` and ``callee``: the payloads of each side in order, with their rows."""
    name: str | None = None
    certificates: tuple[str, ...] = ()
    alert: tuple[str, int] | None = None
    for kind, body, _ in _records(caller):
        if kind == _HANDSHAKE and name is None:
            name = next((_asked_name(message) for of, message in _messages([body]) if of == _CLIENT_HELLO), None)
    bodies = [body for kind, body, _ in _records(callee) if kind == _HANDSHAKE]
    for of, message in _messages(bodies):
        if of == _CERTIFICATE:
            certificates = tuple(_subjects(message))
    for side in (callee, caller):
        for kind, body, row in _records(side):
            if kind == _ALERT and len(body) == 2 and body[0] in (1, 2) and body[1] in ALERTS and body[1]:
                alert = (ALERTS[body[1]], row)
                break
        if alert:
            break
    return Hello(name, certificates, *(alert or (None, None)))


def _records(pieces: Pieces) -> Iterator[tuple[int, bytes, int]]:
    """Type, body and row of each record; ends where records are no longer whole or no longer in the clear."""
    buffer = b""
    for row, piece in pieces:
        buffer += piece
        while len(buffer) >= 5:
            kind, size = buffer[0], int.from_bytes(buffer[3:5], "big")
            if kind not in (_HANDSHAKE, _ALERT, _CHANGE_CIPHER, 23) or buffer[1] != 3:
                return
            if len(buffer) < 5 + size:
                break
            if kind == 23:
                return
            yield kind, buffer[5 : 5 + size], row
            buffer = buffer[5 + size :]


def _messages(bodies: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    buffer = b"".join(bodies)
    while len(buffer) >= 4:
        size = int.from_bytes(buffer[1:4], "big")
        if len(buffer) < 4 + size:
            return
        yield buffer[0], buffer[4 : 4 + size]
        buffer = buffer[4 + size :]


def _asked_name(message: bytes) -> str | None:
    """The server_name extension of a client hello."""
    place = 34
    for width in (1, 2, 1):  # session id, cipher suites, compression methods
        if place + width > len(message):
            return None
        place += width + int.from_bytes(message[place : place + width], "big")
    place += 2
    while place + 4 <= len(message):
        kind, size = (
            int.from_bytes(message[place : place + 2], "big"),
            int.from_bytes(message[place + 2 : place + 4], "big"),
        )
        body = message[place + 4 : place + 4 + size]
        if kind == _SERVER_NAME and len(body) > 5:
            name = body[5 : 5 + int.from_bytes(body[3:5], "big")].decode("ascii", "replace")
            return name if name.isprintable() else None
        place += 4 + size
    return None


def _subjects(message: bytes) -> Iterator[str]:
    """The subjects of the certificates in a Certificate message of TLS 1.2."""
    from cryptography import x509  # takes 50 ms to import; few captures show certificates

    place = 3
    while place + 3 <= len(message):
        size = int.from_bytes(message[place : place + 3], "big")
        try:
            certificate = x509.load_der_x509_certificate(message[place + 3 : place + 3 + size])
            yield certificate.subject.rfc4514_string()[:200]
        except ValueError:
            return
        place += 3 + size
