"""Error lines of applications: what they complain of, about whom, and whether the same call succeeded later."""

from __future__ import annotations

import mmap
from dataclasses import dataclass

from kwhy.facts.logs import Complaint
from kwhy.ingest.logs.frames import Frame, unwrap
from kwhy.ingest.logs.series import Series
from kwhy.model.expressions import expression

#: After the last error this much of the log is searched for a success of the same call.
_SEARCHED = 4 << 20
#: Lines with the target that are looked at.
_LOOKED_AT = 200
#: What may follow a target in a line; anything else would make it another one (/api is not /api/v1).
_AFTER_TARGET = (b" ", b'"', b"'", b":", b",", b"?", b")", b"]", b"\n", b"")

#: Words of libraries, in small letters, in the order in which they decide.
_COMPLAINTS: tuple[tuple[Complaint, tuple[str, ...]], ...] = (
    # dial tcp 10.96.228.70:80: connect: connection refused (Go); Connection refused (libc, Java); ECONNREFUSED
    # (Node.js)
    ("connection refused", ("connection refused", "econnrefused", "actively refused")),
    # connect: no route to host; network is unreachable (Go, libc); EHOSTUNREACH (Node.js)
    (
        "no route",
        ("no route to host", "network is unreachable", "host is unreachable", "ehostunreach", "enetunreach"),
    ),
    # lookup web on 10.96.0.10:53: no such host (Go); Name or service not known (glibc); UnknownHostException (Java)
    (
        "name resolution",
        ("no such host", "name or service not known", "temporary failure in name resolution", "name does not resolve",
         "bad address", "unknownhostexception", "enotfound", "eai_again", "nxdomain", "servfail", "server misbehaving",
         "could not resolve host", "nodename nor servname"),
    ),
    # x509: certificate has expired …; SSLHandshakeException; CERTIFICATE_VERIFY_FAILED
    ("tls", ("x509:", "sslhandshake", "sslexception", "sslerror", "certificate_verify_failed", "tls: ",
    "certificate verify failed")),
    # context deadline exceeded (Go); Read timed out (Java); i/o timeout (Go); ETIMEDOUT (Node.js)
    ("timeout", ("deadline exceeded", "timed out", "timeout", "time-out", "etimedout")),
    ("connection reset", ("connection reset", "econnreset", "broken pipe", "epipe", "unexpected eof",
    "connection closed")),
    ("denied", ("forbidden", "unauthorized", "unauthorised", "access denied", "permission denied")),
    ("out of memory", ("out of memory", "outofmemory", "cannot allocate memory", "enomem", "java heap space")),
    (
        "disk",
        ("no space left on device", "enospc", "read-only file system", "erofs", "disk quota exceeded",
        "input/output error"),
    ),
    ("server error", ("internal server error", "bad gateway", "service unavailable")),
    ("not found", ("no such file or directory", "not found")),
    # panic: runtime error (Go); Traceback (Python); Exception in thread (Java)
    ("crash", ("panic: ", "fatal error: ", "traceback (most recent call last)", "exception in thread",
    "segmentation fault",
               "core dumped")),
)  # fmt: skip
#: INFO /api/v1/… -> 403 …; "GET / HTTP/1.1" 502; status=500; statuscode: 404
_STATUS = expression(r"(?i)(?:->|status(?:[ _-]?code)?[=: ]{1,2}|HTTP/\d(?:\.\d)?\"?) ?\"?(?P<status>[45]\d\d)\b")
_BY_STATUS: dict[str, Complaint] = {
    "401": "denied",
    "403": "denied",
    "404": "not found",
    "408": "timeout",
    "504": "timeout",
}

#: A failing status without the word "error": INFO /api/v1/… -> 403 …; "GET / HTTP/1.1" 502
_FAILED_STATUS = expression(r"-> [45]\d\d\b|HTTP/\d(?:\.\d)?\" [5]\d\d\b")
#: Words that make a line without a severity an error line.
_ERROR_WORD = expression(
    r"(?i)^(?:\W{0,3}(?:error|fatal|panic|exception|traceback|critical|severe)\b|.{0,200}?\b(?:Exception|Error|error|failed|failure|fatal|refused"
    r"|denied|timed out|unreachable|no such host|not known)\b)"
)
#: Get "http://web/": …; https://10.0.0.1:6443/api; jdbc:mysql://10.176.46.4:3306/db
_URL = expression(r"\b[a-z][a-z0-9+.-]{1,30}://[^\s\"'<>\\,;)\]}]{1,300}")
#: INFO /api/v1/namespaces/operator/secrets -> 403
_PATH_BEFORE_STATUS = expression(r"(?P<path>/[^\s\"]{1,300}) -> \d{3}\b")
#: dial tcp 10.96.228.70:80; connect to db.shop.svc:3306
_ADDRESS = expression(r"\b(?:(?:\d{1,3}\.){3}\d{1,3}|[a-zA-Z][\w-]{0,62}(?:\.[\w-]{1,63}){0,8}):\d{2,5}\b")
#: Marks of success in a line that names the same target.
_SUCCESS = expression(
    r"(?i)-> 2\d\d\b|\bstatus(?:code)?[=: ]+\"?2\d\d\b|HTTP/\d(?:\.\d)?\"? 2\d\d\b|\bsuccess|\bconnected\b|\b200 "
    r"OK\b|\brecovered\b"
)


@dataclass
class ErrorSeries:
    """Error lines of one complaint, target and writer. ``last_offset``: where the last one begins in the document."""

    series: Series
    last_offset: int = -1


def is_error(frame: Frame) -> bool:
    """By its severity where one is printed; a failing HTTP status counts whatever the severity says."""
    if _FAILED_STATUS.search(frame.text):
        return True
    if frame.level is not None:
        return frame.level in ("error", "fatal")
    return bool(_ERROR_WORD.search(frame.text))


def complaint_of(text: str) -> tuple[Complaint, str | None]:
    """A printed HTTP status decides before words do."""
    found = _STATUS.search(text)
    if found is not None:
        status = found["status"]
        return _BY_STATUS.get(status) or ("server error" if status[0] == "5" else "other"), target_of(text)
    lowered = text[:4000].lower()
    for complaint, words in _COMPLAINTS:
        if any(word in lowered for word in words):
            return complaint, target_of(text)
    return "other", target_of(text)


def target_of(text: str) -> str | None:
    """What the failing call was made to, as the line writes it."""
    found = _PATH_BEFORE_STATUS.search(text)
    if found is not None and "://" not in text[: found.start()]:
        return found["path"]
    url = _URL.search(text)
    if url is not None:
        return url[0].partition("?")[0].rstrip(".:")
    address = _ADDRESS.search(text)
    return address[0] if address else None


def success_after(data: bytes | mmap.mmap, offset: int, target: str) -> tuple[int, int, str] | None:
    """The first line after the one at ``offset`` in which the same call succeeds: its offset, line ends before it,
    text."""
    start = data.find(b"\n", offset) + 1
    if not start:
        return None
    text = data[start : start + _SEARCHED]
    needle = target.encode()
    position = text.find(needle)
    for _ in range(_LOOKED_AT):
        if position < 0:
            return None
        line_start = text.rfind(b"\n", 0, position) + 1
        line_end = text.find(b"\n", position)
        line_end = len(text) if line_end < 0 else line_end
        line = text[line_start : min(line_end, line_start + 4096)].decode("utf-8", "replace")
        frame = unwrap(line)
        whole = text[position + len(needle) : position + len(needle) + 1] in (
            b" ",
            b'"',
            b"'",
            b":",
            b",",
            b"",
            b"\n",
            b")",
        )
        if whole and not is_error(frame) and _SUCCESS.search(frame.text):
            return start + line_start, text.count(b"\n", 0, line_start) + 1, line
        position = text.find(needle, line_end)
    return None
