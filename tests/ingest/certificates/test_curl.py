"""What curl says of handshakes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kwhy.facts.certificates import TlsCheck
from kwhy.facts.network import ConnectAttempt
from kwhy.ingest.certificates.curl import tls_checks
from kwhy.ingest.reading import read_document
from kwhy.model.document import Document

# recorded: curl 7.88.1, OpenSSL 3.0.19, `openssl s_server` with an expired certificate
EXPIRED = """$ curl -v --cacert pki/root.crt https://payments.shop.svc:9443/
*   Trying 127.0.0.1:9443...
* Connected to payments.shop.svc (127.0.0.1) port 9443 (#0)
* ALPN: offers h2,http/1.1
* TLSv1.3 (OUT), TLS handshake, Client hello (1):
*  CAfile: pki/root.crt
*  CApath: /etc/ssl/certs
* TLSv1.3 (IN), TLS handshake, Server hello (2):
* TLSv1.3 (OUT), TLS alert, certificate expired (557):
* SSL certificate problem: certificate has expired
* Closing connection 0
curl: (60) SSL certificate problem: certificate has expired
More details here: https://curl.se/docs/sslcerts.html
"""
# recorded: curl 7.88.1 against `python3 -m http.server`
PLAIN = """$ curl https://payments.shop.svc:9451/
curl: (35) OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number
"""


def checks(text: str) -> list[TlsCheck]:
    return read_document(Document("curl.txt", text.encode())).of(TlsCheck)


def test_a_certificate_that_curl_refuses_is_a_failed_handshake() -> None:
    [found] = checks(EXPIRED)
    assert (found.host, found.port, found.trusted) == ("payments.shop.svc", 9443, "pki/root.crt")
    assert found.error == "SSL certificate problem: certificate has expired"
    assert found.at.line == 12


def test_the_connection_below_it_stands() -> None:
    attempts = read_document(Document("curl.txt", EXPIRED.encode())).of(ConnectAttempt)
    assert [attempt.outcome for attempt in attempts] == ["connected"]


def test_a_port_without_tls_is_told_by_curls_last_line() -> None:
    [found] = checks(PLAIN)
    assert (found.host, found.port) == ("payments.shop.svc", 9451)


def test_other_ends_are_no_handshakes() -> None:
    assert checks("$ curl https://a/\ncurl: (6) Could not resolve host: a\n") == []
    assert checks("$ curl https://a/\ncurl: (35) Recv failure: Connection reset by peer\n") == []


@given(st.text(max_size=800))
def test_any_text_is_read_to_the_end(text: str) -> None:
    list(tls_checks(Document("x", text.encode()), None))
