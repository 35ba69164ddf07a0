"""Error records of applications: what they complain of, about whom, and whether the same call succeeded later."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from kwhy.facts.logs import Complaint, FailedCall
from kwhy.ingest.logs.components import Writer
from kwhy.ingest.logs.failed_calls import read_call
from kwhy.ingest.logs.frames import Frame, unwrap
from kwhy.ingest.logs.records import Record
from kwhy.ingest.logs.series import Series
from kwhy.model.expressions import expression

#: After the last error this much of the log is searched for a success of the same call.
_SEARCHED = 4 << 20
#: So much of a record is searched for words.
_WORDS_SEARCHED = 16 << 10
# java.net.ConnectException: … · Caused by: org.postgresql.util.PSQLException: … · RuntimeError: …
_NAMED = expression(r"(?:Caused by: )?(?:[A-Za-z_][\w$]*\.)*[A-Z][\w$]*(?:Exception|Error)\b")
#: Lines with the target that are looked at.
_LOOKED_AT = 200
#: What may follow a target in a line; anything else would make it another one (/api is not /api/v1).
_AFTER_TARGET = (b" ", b'"', b"'", b":", b",", b"?", b")", b"]", b"\n", b"")

#: Words of libraries, in small letters, in the order in which they decide.
_COMPLAINTS: tuple[tuple[Complaint, tuple[str, ...]], ...] = (
    # dial tcp 10.96.228.70:80: connect: connection refused (Go); Connection refused (libc, Java); ECONNREFUSED
    # (Node.js)
    ("connection refused", ("connection refused", "econnrefused", "actively refused", "connectionrefusederror",
    "connectexception: null")),
    # connect: no route to host; network is unreachable (Go, libc); EHOSTUNREACH (Node.js)
    (
        "no route",
        ("no route to host", "network is unreachable", "host is unreachable", "ehostunreach", "enetunreach"),
    ),
    # lookup web on 10.96.0.10:53: no such host (Go); Name or service not known (glibc); UnknownHostException (Java)
    (
        "name resolution",
        ("no such host", "name or service not known", "temporary failure in name resolution", "name does not resolve",
         "bad address", "unknownhostexception", "enotfound", "host not found in upstream",
         "dns resolution failed", "domain name not found", "produced zero addresses",
         "eai_again", "nxdomain", "servfail", "server misbehaving",
         "could not resolve host", "nodename nor servname"),
    ),
    # x509: certificate has expired …; SSLHandshakeException; CERTIFICATE_VERIFY_FAILED
    ("tls", ("x509:", "sslhandshake", "sslexception", "sslerror", "certificate_verify_failed", "tls: ",
    "certificate verify failed", "certificate problem", "unable to verify the first certificate",
    "certificate has expired", "certificate is not yet valid", "self-signed certificate", "self signed certificate",
    "local issuer certificate", "certificate's altnames", "server gave http response to https client",
    "wrong version number", "alert number", "http request to an https server", "request was sent to https port")),
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
#: "GET /orders/1 HTTP/1.1" 502 157: a server's access log
_SERVED_BADLY = expression(
    r'"[A-Z]{3,8} (?P<path>/[^/?\s"]{0,100})(?P<rest>/?)[^\s"]{0,2000} HTTP/\d(?:\.\d)?"? 5\d\d\b'
)
_NUMBER = expression(r"\d+")
# request: "GET /orders/1 HTTP/1.1", upstream: "http://10.96.88.4:8080/orders/1" — nginx 1.22.1, beside an access log
_PROXIED = expression(r'request: "(?P<request>[A-Z]{3,8} [^"\s]{1,2000} HTTP/\d(?:\.\d)?)", upstream: ')
#: Words that make a line without a severity an error line.
_ERROR_WORD = expression(
    r"(?i)^(?:\W{0,3}(?:error|fatal|panic|exception|traceback|critical|severe)\b"
    r"|.{0,200}?\b(?:Exception|Error|error|failed|failure|fatal|refused|denied|timed out|i/o timeout|unreachable"
    r"|no such host|not known|ECONN[A-Z]{3,8}|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|NOAUTH|WRONGPASS|READONLY|UNAVAILABLE"
    r"|DEADLINE_EXCEEDED|Too many connections|Unknown database)\b|.{0,200}?\b(?:(?:tls|x509): |to HTTPS client))"
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


# (Background on this error at: https://sqlalche.me/e/21/e3q8) · For more information check: https://developer.mozilla.org/…
_READING_MATTER = expression(r"\(Background on this error at: \S{1,200}\)|For more information check: \S{1,200}")
#: What lies below an exhausted pool, an open circuit or an unavailable callee, where the record says it.
_DEEPER: frozenset[Complaint | None] = frozenset({"connection refused", "no route", "name resolution", "tls"})
# http://inventory:8080/ of http://inventory:8080/api/v1/stock/7
_ROOT_URL = expression(r"^([^:]{1,30}://[^/]{1,300}/).*", re.DOTALL)
_UNREACHED: frozenset[Complaint | None] = _DEEPER | {"timeout", "connection reset"}
#: What a client asked for wrongly, or that it went away: no failure of the program that logs it.
_CLIENTS_FAULT = expression(
    # open() "/usr/share/nginx/html/favicon.ico" failed (2: No such file or directory), client: … — nginx 1.22.1
    r"open\(\) \"[^\"]{1,500}\" failed \(2: [^)]{1,40}\), client: |client (?:closed|prematurely closed) connection"
    # Spring 6.1 DispatcherServlet; Tomcat when the browser is gone
    # 5 calls succeeded, 0 failed · failed=0 · errors: 0: nothing failed
    r"|^[^\n]{0,200}\b0 (?:\w{1,20} )?(?:failed|failures?|errors?)\b(?!:)[^\n]{0,60}$"
    r"|^[^\n]{0,200}\b(?:failed|failures?|errors?)[=:] ?0\b[^\n]{0,60}$"
    r"|NoResourceFoundException: No static resource|ClientAbortException"
)


#: http: TLS handshake error from 10.0.0.9:40312: remote error: tls: bad certificate — Go net/http server.go
#: Unable to authenticate the request — apiserver v0.34 pkg/endpoints/filters/authentication.go
_OF_CLIENTS = expression(r"http: TLS handshake error from |Unable to authenticate the request")


class Told(NamedTuple):
    """What a record says; ``line`` is the index of the line that tells most."""

    complaint: Complaint
    target: str | None
    call: FailedCall | None
    served: bool
    line: int


@dataclass
class ErrorSeries:
    """Error records of one kind. ``last_offset``: where the last one's telling line begins in the document."""

    series: Series
    call: FailedCall | None = None
    last_offset: int = -1


class ErrorKey(NamedTuple):
    """What separates the error records of one document."""

    complaint: Complaint
    target: str | None
    user: str | None
    database: str | None
    served: bool
    writer: Writer


def is_error(frame: Frame) -> bool:
    """By its severity where one is printed; a failing HTTP status counts whatever the severity says."""
    if _CLIENTS_FAULT.search(frame.text):
        return False
    if _FAILED_STATUS.search(frame.text):
        return True
    if frame.level is not None:
        return frame.level in ("error", "fatal")
    return bool(_ERROR_WORD.search(frame.text))


def told_by(record: Record) -> Told:
    """The complaint of a record, by what libraries and servers say, else by a printed HTTP status, else by words."""
    text = _READING_MATTER.sub("", "\n".join(record.texts))
    reading = read_call(text)
    target = target_of(text)
    if reading.call is not None and not (target and (target.startswith("/") or "://" in target)):
        target = _target(reading.call) or target
    worded, words = complaint_of(text) if not reading.answered else (reading.complaint, ())
    if reading.complaint is None or worded in _DEEPER:
        if worded in _UNREACHED and target and "://" in target:
            # It is the server that is not reached, whatever is asked of it.
            target = _ROOT_URL.sub(r"\1", target)
        served = reading.served or _OF_CLIENTS.search(text) is not None
        return Told(worded or "other", target, reading.call, served, _line_with(record, words))
    line = min(text.count("\n", 0, reading.place), len(record.texts) - 1)
    return Told(reading.complaint, target, reading.call, reading.served, line)


def _target(call: FailedCall) -> str | None:
    host = call.host or call.address
    if host is None:
        return None
    return f"{host}:{call.port}" if call.port is not None else f"{call.protocol or 'tcp'}://{host}"


def _line_with(record: Record, words: Iterable[str]) -> int:
    """The last exception that has one of the words; of what names none, the first line that has.

    In Python the exception that is named last tells most, in Java it is the cause of those above it.
    """
    lowered = [text.lower() for text in record.texts]
    having = [n for n, text in enumerate(lowered) if any(word in text for word in words)]
    named = [n for n, text in enumerate(record.texts) if _NAMED.match(text)]
    telling = [n for n in named if n in having] or having[:1] or named
    return telling[-1] if telling else 0


def complaint_of(text: str) -> tuple[Complaint, tuple[str, ...]]:
    """By a printed HTTP status, else by words; and the words that tell."""
    found = _STATUS.search(text)
    if found is not None:
        status = found["status"]
        return _BY_STATUS.get(status) or ("server error" if status[0] == "5" else "other"), (found[0].lower(),)
    lowered = text[:_WORDS_SEARCHED].lower()
    for complaint, words in _COMPLAINTS:
        if any(word in lowered for word in words):
            return complaint, words
    return "other", ()


def target_of(text: str) -> str | None:
    """What the failing call was made to, as the line writes it."""
    found = _PATH_BEFORE_STATUS.search(text)
    if found is not None and "://" not in text[: found.start()]:
        return found["path"]
    served = _SERVED_BADLY.search(text)
    if served is not None:
        # All requests below one path: their numbers and names differ.
        return served["path"] + served["rest"]
    url = _URL.search(text)
    if url is not None:
        return url[0].partition("?")[0].rstrip(".:")
    address = _ADDRESS.search(text)
    return address[0] if address else None


def tally_of(text: str) -> str | None:
    """A line that counts ("3 calls succeeded, 2 failed") without its numbers; None for lines without any."""
    masked = _NUMBER.sub("0", text)
    return masked if masked != text or "0" in text else None


def proxied_request(text: str) -> str | None:
    """The request that a proxy could not pass on, as its access log writes it with the status of success."""
    found = _PROXIED.search(text)
    return f'"{found["request"]}" 2' if found is not None else None


def answered_after(data: bytes | mmap.mmap, offset: int, request: str) -> tuple[int, int, str] | None:
    """The first line after the one at ``offset`` in which a request is answered with success."""
    start = data.find(b"\n", offset) + 1
    text = data[start : start + _SEARCHED] if start else b""
    position = text.find(request.encode())
    if position < 0:
        return None
    line_start = text.rfind(b"\n", 0, position) + 1
    line_end = text.find(b"\n", position)
    line = text[line_start : len(text) if line_end < 0 else min(line_end, line_start + 4096)].decode("utf-8", "replace")
    return start + line_start, text.count(b"\n", 0, line_start) + 1, line


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
        # A root URL, or the beginning of a path, stands for all that is asked below it.
        root = target.endswith("/") and (target.count("/") == 3 or target.startswith("/"))
        whole = root or text[position + len(needle) : position + len(needle) + 1] in _AFTER_TARGET
        if whole and not is_error(frame) and _SUCCESS.search(frame.text):
            return start + line_start, text.count(b"\n", 0, line_start) + 1, line
        position = text.find(needle, line_end)
    return None
