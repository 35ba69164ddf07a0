"""What curl says of a TLS handshake that failed.

Source: curl 7.29 to 8.16 lib/vtls/openssl.c, lib/strerror.c (CURLE_SSL_CONNECT_ERROR 35, CURLE_PEER_FAILED_VERIFICATION
51 and 60, CURLE_RECV_ERROR 56, CURLE_SSL_CERTPROBLEM 58, CURLE_SSL_CACERT_BADFILE 77).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kwhy.facts.certificates import TlsCheck
from kwhy.facts.log_patterns.tls import complaint_in
from kwhy.ingest.invocation import Invocation, invocation
from kwhy.ingest.net.connect_forms import CURL_CONNECTED
from kwhy.ingest.net.targets import Target
from kwhy.model.document import Document
from kwhy.model.expressions import expression

#: curl: (60) SSL certificate problem: certificate has expired   ·   curl: (35) OpenSSL/3.0.19: error:0A00010B:SSL …
_ENDED: Final = expression(r"^curl: \((?:35|51|56|58|60)\) (?P<error>[^\n]{1,400})")
_AGREED: Final = expression(r"^\* SSL connection using (?P<protocol>\S{1,20}) / (?P<cipher>\S{1,60})")
_LONGEST: Final = 512
_HTTPS: Final = 443


def refused_tls(line: str) -> bool:
    """Whether curl ends here over TLS."""
    match = _ENDED.match(line[:_LONGEST])
    return match is not None and complaint_in(match["error"]) is not None


def tls_checks(document: Document, asked: Target | None) -> Iterator[TlsCheck]:
    """The handshakes that failed, with whom."""
    ran = invocation(document.command)
    host, port = (asked.host, asked.port) if asked is not None else (None, None)
    protocol = cipher = None
    for number, line in document.lines():
        cut = line[:_LONGEST]
        if connected := CURL_CONNECTED.match(cut):
            host, port = connected["host"] if connected["host"] != "(nil)" else host, int(connected["port"])
        elif agreed := _AGREED.match(cut):
            protocol, cipher = agreed["protocol"], agreed["cipher"]
        elif (ended := _ENDED.match(cut)) and complaint_in(ended["error"]) is not None:
            yield TlsCheck(
                at=document.at(number, excerpt=cut.strip()),
                tool="curl",
                host=host,
                port=port or (_HTTPS if host else None),
                server_name=host,
                error=ended["error"],
                protocol=protocol,
                cipher=cipher,
                client_certificate=_option(ran, "--cert", "-E") is not None,
                trusted=_option(ran, "--cacert"),
            )
            protocol = cipher = None


def _option(ran: Invocation | None, *names: str) -> str | None:
    words = list(ran.arguments) if ran is not None else []
    return next((words[i + 1] for i, word in enumerate(words[:-1]) if word in names), None)
