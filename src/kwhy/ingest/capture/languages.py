"""Which language a TCP connection speaks, by the first bytes of both sides, for many connections at once.

HTTP/1: RFC 9112, 3. TLS: RFC 8446, 5.1 and 4. MySQL: MariaDB "0 - packet" and "Initial Handshake Packet" (server
speaks first, packet 0, protocol 10), commands with sequence 0 and answers with 1. PostgreSQL 17, "Message Formats":
StartupMessage 3.0, SSLRequest, Query, Parse, Bind. Redis: RESP2 and RESP3, arrays of bulk strings.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from kwhy.facts.dialogues import Language
from kwhy.ingest.capture.records import Bytes, Int64s

#: So many bytes of a payload are looked at.
OPENING: Final = 24
_METHODS: Final = (b"GET ", b"POST", b"PUT ", b"HEAD", b"DELE", b"PATC", b"OPTI")
#: COM_INIT_DB, COM_QUERY, COM_PING, COM_STMT_PREPARE, COM_STMT_EXECUTE, COM_STMT_CLOSE, COM_STMT_RESET.
_MYSQL_COMMANDS: Final = (2, 3, 14, 22, 23, 25, 26)
_PROTOCOL_3, _SSL_REQUEST, _GSS_REQUEST = 196608, 80877103, 80877104
_POSTGRESQL_ASKS: Final = tuple(b"QPBEF")
_POSTGRESQL_SAYS: Final = tuple(b"RSKZTDCIEN123stnA")
_RESP_SAYS: Final = tuple(b"+-:$*_%~#,(")

Openings = npt.NDArray[np.uint8]


def openings(data: Bytes, start: Int64s, stored: Int64s) -> Openings:
    """The first bytes of payloads at ``start``, of which ``stored`` are there; zeros beyond them."""
    found = np.zeros((len(start), OPENING), dtype=np.uint8)
    whole = np.flatnonzero((stored > 0) & (start >= 0) & (start + OPENING <= len(data)))
    found[whole] = data[start[whole, None] + np.arange(OPENING)]
    for row in np.flatnonzero((stored > 0) & (start >= 0) & (start + OPENING > len(data))).tolist():
        piece = data[int(start[row]) : len(data)]
        found[row, : len(piece)] = piece
    found[np.arange(OPENING) >= stored[:, None]] = 0
    return found


def languages(
    asked: Openings, said: Openings, sizes: Int64s, server_first: npt.NDArray[np.bool_]
) -> list[Language | None]:
    """``asked``: the beginnings of what callers said first, of ``sizes`` bytes; ``said``: of what callees did."""
    found: npt.NDArray[np.object_] = np.full(len(asked), None, dtype=np.object_)
    for language, mask in (
        ("redis", _redis(asked, said)),
        ("postgresql", _postgresql(asked, said, sizes)),
        ("mysql", _mysql(asked, said, sizes, server_first)),
        ("tls", (asked[:, 0] == 22) & (asked[:, 1] == 3) & (asked[:, 5] == 1)),
        ("http", _http(asked)),
    ):
        found[mask] = language
    result: list[Language | None] = found.tolist()
    return result


def _word(rows: Openings, place: int) -> Int64s:
    """Four bytes in network order."""
    four = rows[:, place : place + 4].astype(np.int64)
    value: Int64s = four[:, 0] << 24 | four[:, 1] << 16 | four[:, 2] << 8 | four[:, 3]
    return value


def _http(asked: Openings) -> npt.NDArray[np.bool_]:
    heads = _word(asked, 0)
    return np.isin(heads, [int.from_bytes(method, "big") for method in _METHODS])


def _mysql(
    asked: Openings, said: Openings, sizes: Int64s, server_first: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    greeting = server_first & (said[:, 3] == 0) & (said[:, 4] == 10) & (said[:, 5] >= 0x30) & (said[:, 5] <= 0x39)
    length = asked[:, 0].astype(np.int64) | asked[:, 1].astype(np.int64) << 8 | asked[:, 2].astype(np.int64) << 16
    command = (length == sizes - 4) & (length > 0) & (asked[:, 3] == 0) & np.isin(asked[:, 4], _MYSQL_COMMANDS)
    answers = (said[:, 3] == 1) & (said[:, 0] > 0)
    return np.asarray(greeting | (command & (answers | ~said.any(axis=1))), dtype=np.bool_)


def _postgresql(asked: Openings, said: Openings, sizes: Int64s) -> npt.NDArray[np.bool_]:
    begins = (_word(asked, 0) == sizes) & np.isin(_word(asked, 4), (_PROTOCOL_3, _SSL_REQUEST, _GSS_REQUEST))
    inside = np.isin(asked[:, 0], _POSTGRESQL_ASKS) & (_word(asked, 1) >= 4) & (_word(asked, 1) <= sizes - 1)
    answers = np.isin(said[:, 0], _POSTGRESQL_SAYS) & (_word(said, 1) >= 4) & (said[:, 1] == 0)
    return np.asarray(begins | (inside & answers), dtype=np.bool_)


def _redis(asked: Openings, said: Openings) -> npt.NDArray[np.bool_]:
    digit = (asked[:, 1] >= 0x30) & (asked[:, 1] <= 0x39)
    array = (asked[:, 0] == ord("*")) & digit & (asked == ord("$")).any(axis=1)
    ping = (_word(asked, 0) == int.from_bytes(b"PING", "big")) & (asked[:, 4] == 13)
    answers = np.isin(said[:, 0], _RESP_SAYS) | ~said.any(axis=1)
    return np.asarray((array | ping) & answers, dtype=np.bool_)
