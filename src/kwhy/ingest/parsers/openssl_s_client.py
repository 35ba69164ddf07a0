"""`openssl s_client -connect HOST:PORT [-servername NAME] [-showcerts]`: the chain that a server sends, and whether the
client believes it.

Source: OpenSSL 1.0.2 to 3.x apps/s_client.c, apps/lib/s_cb.c (verify_callback). Session keys and tickets in the output
are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kwhy.facts.certificates import CertificateShown, TlsCheck
from kwhy.facts.log_patterns.tls import complaint_in
from kwhy.facts.pem import blocks_in
from kwhy.ingest.certificates.names import printed_time
from kwhy.ingest.invocation import Invocation, invocation
from kwhy.model.document import Document, Locator, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed
from kwhy.model.time import UNKNOWN_MOMENT, at

#: CONNECTED(00000003)
_CONNECTED: Final = expression(r"^CONNECTED\([0-9A-Fa-f]{1,8}\)$", re.MULTILINE)
#: "Certificate chain" · "no peer certificate available" · "SSL handshake has read 1319 bytes and written 403 bytes"
_SIGNS: Final = expression(
    r"^(?:Certificate chain|no peer certificate available|depth=\d+ .*|verify return:\d)$|^SSL handshake has read",
    re.MULTILINE,
)
#: verify error:num=10:certificate has expired
_VERIFY_ERROR: Final = expression(r"^verify error:num=(?P<code>\d{1,3}):(?P<what>[^\n]{1,200})$", re.MULTILINE)
#: notAfter=Oct 18 05:45:20 2026 GMT    below the error (apps/lib/s_cb.c verify_callback)
_BOUND: Final = expression(
    r"^verify error:num=(?:9|10):[^\n]{1,200}\n"
    r"not(?:After|Before)=(?P<time>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}) GMT$",
    re.MULTILINE,
)
#: Verify return code: 21 (unable to verify the first certificate)
_RETURN_CODE: Final = expression(r"^ *Verify return code: (?P<code>\d{1,3}) \((?P<what>[^\n]{1,200})\)$", re.MULTILINE)
#: 809B4FDF9D7F0000:error:0A000415:SSL routines:ssl3_read_bytes:sslv3 alert certificate expired:../ssl/record/…
_LIBRARY_ERROR: Final = expression(r"^[0-9A-Fa-f]{1,20}:error:[^\n]{1,400}$", re.MULTILINE)
#: " 0 s:O = Lab, CN = payments" and below "   i:O = Lab, CN = Lab Issuing CA"; OpenSSL 1.0 prints "/O=Lab/CN=payments"
_SENT: Final = expression(
    r"^ {0,3}\d{1,2} s:(?P<subject>[^\n]{0,1000})\n {1,4}i:(?P<issuer>[^\n]{0,1000})$", re.MULTILINE
)
#: New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384
_AGREED: Final = expression(
    r"^(?:New|Reused), (?P<protocol>[\w.()/]{1,20}), Cipher is (?P<cipher>\S{1,80})$", re.MULTILINE
)
#: Start Time: 1795326321    the client's own clock
_START: Final = expression(r"^ *Start Time: (?P<epoch>\d{9,11})$", re.MULTILINE)
_ACCEPTED: Final = expression(
    r"^Acceptable client certificate CA names\n"
    r"(?P<names>(?:(?!Requested |Client |Shared |Peer |Server |---)[^\n]{1,1000}\n){0,500})",
    re.MULTILINE,
)
_NONE_ACCEPTED: Final = "No client certificate CA names sent"


def _recognise(head: Head) -> float:
    ran = invocation(head.command)
    if ran is not None and ran.program == "openssl" and tuple(ran.arguments[:1]) == ("s_client",):
        return 0.98
    if "CONNECTED(" not in head.text and "verify return:" not in head.text:
        return 0.0
    signs = len({match[0][:12] for match in _SIGNS.finditer(head.text)})
    if _CONNECTED.search(head.text) and signs >= 2:
        return 0.98
    return 0.97 if signs >= 3 else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    text = document.text
    ran = invocation(document.command)
    chain: list[bytes] = []
    connect = _option(ran, "-connect") or ""
    for block in blocks_in(bytes(document.data)):
        where = document.at(document.first_line + block.line, excerpt=f"-----BEGIN {block.label}-----")
        if block.damage:
            yield Unparsed(where, f"{block.damage}; a certificate of the server's chain was expected")
        elif block.der and block.der not in chain:
            field = f"sent by {connect}" if connect else "sent by the server"
            yield CertificateShown(at=where, der=block.der, field=field, position=len(chain), use="presents")
            chain.append(block.der)
    found = _error(document, text)
    if found is None and not _SIGNS.search(text):
        yield Unparsed(document.at(document.first_line), "no handshake was printed: the connection did not come about")
        return
    error, code, where = found or ("", 0, _place(document, text, _RETURN_CODE.search(text) or _CONNECTED.search(text)))
    agreed, bound = _AGREED.search(text), _BOUND.search(text)
    started = _START.search(text)
    host, port = _target(connect)
    yield TlsCheck(
        at=where,
        tool="openssl",
        host=host,
        port=port,
        server_name=_option(ran, "-servername") or _option(ran, "-verify_hostname"),
        error=error,
        verify=code,
        protocol=agreed["protocol"] if agreed is not None and "NONE" not in agreed["protocol"] else None,
        cipher=agreed["cipher"] if agreed is not None and "NONE" not in agreed["cipher"] else None,
        chain=tuple(chain),
        sent=tuple((match["subject"], match["issuer"]) for match in _SENT.finditer(text)),
        authorities=_authorities(text),
        client_certificate=_option(ran, "-cert") is not None,
        trusted=_option(ran, "-CAfile"),
        when=at(float(started["epoch"])) if started is not None else UNKNOWN_MOMENT,
        bound=printed_time(bound["time"]) if bound is not None else None,
    )


def _error(document: Document, text: str) -> tuple[str, int | None, Locator] | None:
    """What went wrong: the library's own error names an alert, the first error of verification the deepest fault."""
    for match in _LIBRARY_ERROR.finditer(text):
        if complaint_in(match[0]) is not None:
            return _said(match[0]), None, _place(document, text, match)
    errors = [(int(match["code"]), match["what"].strip(), match) for match in _VERIFY_ERROR.finditer(text)]
    if not errors:
        code = _RETURN_CODE.search(text)
        if code is None or code["code"] == "0":
            failed = _LIBRARY_ERROR.search(text)
            return (_said(failed[0]), None, _place(document, text, failed)) if failed is not None else None
        errors = [(int(code["code"]), code["what"], code)]
    number, what, match = errors[0]
    return what, number, _place(document, text, match)


def _said(line: str) -> str:
    """The words of a library error without its places in the source."""
    parts = line.split(":")
    return ": ".join(part for part in parts[3:6] if part and not part.startswith("../"))[:200]


def _place(document: Document, text: str, match: re.Match[str] | None) -> Locator:
    if match is None:
        return document.at(document.first_line)
    start = match.start() + (1 if match[0].startswith("\n") else 0)
    return document.at(document.first_line + text.count("\n", 0, start), excerpt=match[0].strip())


def _authorities(text: str) -> tuple[str, ...] | None:
    match = _ACCEPTED.search(text)
    if match is not None:
        return tuple(name for name in match["names"].split("\n") if name.strip())
    return () if _NONE_ACCEPTED in text else None


def _option(ran: Invocation | None, name: str) -> str | None:
    """The word behind an option of the command line."""
    if ran is None or name not in ran.arguments[:-1]:
        return None
    return ran.arguments[ran.arguments.index(name) + 1]


def _target(connect: str) -> tuple[str | None, int | None]:
    host, colon, port = connect.rpartition(":")
    if not colon or not port.isdecimal() or len(port) > 5:
        return (connect or None), None
    return host.strip("[]") or None, int(port)


FORMAT: Final = Format("openssl-s-client", _recognise, parse)
