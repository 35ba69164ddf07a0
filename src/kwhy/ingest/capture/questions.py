"""One question and one answer in words, without the values that they carry.

SQL literals become "?", query strings of URLs and keys of Redis are left out: they may be secrets.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from kwhy.facts.dialogues import Language
from kwhy.model.expressions import expression

#: Longer texts are cut.
_SHOWN: Final = 160
#: 'O\'Brien', "quoted", 0x1f, 12.5, 1e9: whatever a value may be. Names of columns and tables stay.
_LITERALS: Final = expression(
    r"'(?:[^'\\]|\\.|'')*+'?|\"(?:[^\"\\]|\\.)*+\"?|\b0x[0-9a-fA-F]+\b|\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b"
)
#: "GET /orders?token=… HTTP/1.1" (RFC 9112, 3)
_REQUEST_LINE: Final = expression(r"(?P<method>[A-Z]{3,10}) (?P<path>[^ ?\r\n]{0,300})(?P<query>\?[^ \r\n]{0,2000})?")
#: "Host: store.objects.example" (RFC 9110, 7.2)
_HOST: Final = expression(r"(?i)\r\nHost:[ \t]*(?P<host>[A-Za-z0-9.:\[\]_-]{1,255})")
#: "HTTP/1.1 503 Service Unavailable"
_STATUS_LINE: Final = expression(r"HTTP/1\.[01] (?P<status>\d{3})")
#: "…?watch=true", "…?wait=55s" (Kubernetes API concepts, "Efficient detection of changes"; Consul "Blocking Queries")
_LONG_POLL: Final = expression(r"[?&](?:watch|wait|timeoutSeconds|long_?poll)=")
#: Commands that wait by their meaning (redis.io/commands: "blocking").
_BLOCKING: Final = frozenset(
    {
        *("BLPOP", "BRPOP", "BLMOVE", "BLMPOP", "BRPOPLPUSH", "BZPOPMIN", "BZPOPMAX", "BZMPOP", "XREAD", "XREADGROUP"),
        *("WAIT", "WAITAOF", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR"),
    }
)
_MYSQL_COMMANDS: Final = {
    1: "quit", 2: "use a database", 3: "", 14: "ping", 18: "binlog dump", 22: "prepare: ", 23: "execute a prepared "
    "statement", 25: "close a prepared statement", 26: "reset a prepared statement", 30: "binlog dump",
}  # fmt: skip


class Said(NamedTuple):
    """``patient``: the question itself asks to wait. ``host``: whom it names."""

    text: str
    patient: bool = False
    host: str | None = None


def question(language: Language, payload: bytes) -> Said:
    """What a caller asks, by the beginning of its first packet."""
    if language == "http":
        return _http(payload)
    if language == "mysql":
        return _mysql(payload)
    if language == "postgresql":
        return _postgresql(payload)
    if language == "redis":
        return _redis(payload)
    return Said("")


def answer(language: Language, payload: bytes) -> str:
    """What the callee says, as far as a word tells it: a status, or an error's code."""
    text = payload[:200].decode("utf-8", "replace")
    if language == "http":
        found = _STATUS_LINE.match(text)
        return found["status"] if found else ""
    if language == "mysql" and len(payload) > 13 and payload[4] == 0xFF:
        return f"error {int.from_bytes(payload[5:7], 'little')}"
    if language == "postgresql" and payload[:1] == b"E":
        code = payload.find(b"\0C")
        return f"error {payload[code + 2 : code + 7].decode('ascii', 'replace')}" if code > 0 else "error"
    if language == "redis" and payload[:1] == b"-":
        return "error " + text[1:].split(maxsplit=1)[0][:20] if text[1:].split() else "error"
    return ""


def without_values(sql: str) -> str:
    """A statement with its literals masked, on one line, cut where it is long."""
    masked = " ".join(_LITERALS.sub("?", sql[:2000]).split())
    printable = "".join(letter if letter.isprintable() else "?" for letter in masked)
    return printable if len(printable) <= _SHOWN else printable[:_SHOWN] + " …"


def _http(payload: bytes) -> Said:
    text = payload[:4096].decode("latin-1")
    found = _REQUEST_LINE.match(text)
    if found is None:
        return Said("")
    host = _HOST.search(text)
    query = found["query"] or ""
    patient = _LONG_POLL.search(query) is not None or "\r\nupgrade: websocket" in text.lower()
    path = "".join(letter if letter.isprintable() else "?" for letter in found["path"])
    return Said(f"{found['method']} {path}"[:_SHOWN], patient, host["host"].lower() if host else None)


def _mysql(payload: bytes) -> Said:
    if len(payload) < 5 or payload[3] != 0:
        return Said("")
    command = payload[4]
    said = _MYSQL_COMMANDS.get(command)
    if said is None:
        return Said("")
    if command in (3, 22):
        return Said(said + without_values(_from_query(payload).decode("utf-8", "replace")))
    return Said(said, patient=command in (18, 30))


def _from_query(payload: bytes) -> bytes:
    """The statement of COM_QUERY; with query attributes (MySQL 8.0.23) two counts stand before it, 0 and 1."""
    body = payload[5:]
    return body[2:] if body[:2] == b"\x00\x01" else body


def _postgresql(payload: bytes) -> Said:
    kind = payload[:1]
    if kind == b"Q":
        return Said(without_values(payload[5:].split(b"\0", 1)[0].decode("utf-8", "replace")))
    if kind == b"P":  # Parse: a statement's name, then its text
        parts = payload[5:].split(b"\0", 2)
        return Said(without_values(parts[1].decode("utf-8", "replace")) if len(parts) > 1 else "")
    return Said("execute a prepared statement" if kind in (b"B", b"E") else "")


def _redis(payload: bytes) -> Said:
    parts = payload[:200].split(b"\r\n")
    word = parts[2] if payload[:1] == b"*" and len(parts) > 2 else parts[0].split(b" ")[0]
    name = word.decode("ascii", "replace").upper()
    if not name.isalpha() or len(name) > 20:
        return Said("")
    waits = name in _BLOCKING and (not name.startswith("XREAD") or b"BLOCK" in payload[:200].upper())
    return Said(name, patient=waits)
