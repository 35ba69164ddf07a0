"""What clients and servers say of a TLS handshake that failed: Go, OpenSSL (curl, Python, Node, nginx), Java, Envoy.

One fault has many words; :func:`complaint_in` finds which fault it is. Examples were recorded with Go 1.26, OpenSSL
3.0.19, curl 7.88, Python 3.11, Node 20.20, OpenJDK 17, nginx 1.22 unless they name another source.
"""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

import msgspec

from kwhy.model.expressions import expression


class Fault(Enum):
    """What a TLS program complains of. The value reads after "the handshake fails: "."""

    EXPIRED = "the certificate has expired"
    NOT_YET_VALID = "the certificate is not yet valid"
    OUT_OF_TIME = "the certificate has expired or is not yet valid"
    UNKNOWN_AUTHORITY = "the certificate's authority is not known"
    SELF_SIGNED = "the certificate is self-signed"
    OTHER_NAME = "the certificate is for another name"
    NO_NAMES = "the certificate has no subject alternative names"
    USAGE = "the certificate is not for this use"
    NOT_AN_AUTHORITY = "a certificate that signed another is no authority's"
    WEAK_SIGNATURE = "the certificate's signature algorithm is refused"
    CLIENT_CERTIFICATE_MISSING = "the server demands a client certificate"
    CLIENT_CERTIFICATE_REFUSED = "the peer refuses the certificate that it was shown"
    CLIENT_CERTIFICATE_EXPIRED = "the peer says that the certificate it was shown has expired"
    PEER_DOES_NOT_TRUST = "the peer does not know the authority of the certificate that it was shown"
    KEY_MISMATCH = "the private key does not belong to the certificate"
    NOT_TLS = "the server does not speak TLS on this port"
    PLAIN_TO_TLS = "plain HTTP was sent to a port that speaks TLS"
    PROTOCOL = "client and server have no protocol version in common"
    HANDSHAKE = "client and server do not agree on the handshake"
    SERVER_NAME = "the server does not know the name that was asked for"


class TlsWords(msgspec.Struct, frozen=True):
    """How one fault is said. ``word`` stands in every such text, in small letters; ``regex`` finds the fields.

    Fields: ``now`` and ``bound`` (times), ``asked`` (the name or address that was called), ``valid`` (the names that
    the certificate has), ``candidate`` (an authority of the right name with another key), ``not_after``, ``not_before``.
    """

    fault: Fault
    word: str
    regex: str
    examples: tuple[str, ...]
    source: str


class TlsComplaint(msgspec.Struct, frozen=True):
    """A fault and what the text tells of it."""

    fault: Fault
    text: str
    fields: Mapping[str, str]


#: In this order: the first that fits decides, so what is special stands before what is general.
WORDS: Final[tuple[TlsWords, ...]] = (
    TlsWords(
        Fault.EXPIRED,
        "certificate has expired or is not yet valid: current time",
        r"certificate has expired or is not yet valid: current time (?P<now>\S{10,40}) is after (?P<bound>\S{10,40}?)(?=[\"\\,;)\s]|$)",
        (
            'Get "https://payments.shop.svc:9443/": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-22T05:46:16Z is after 2026-10-18T05:45:20Z',
        ),
        "Go crypto/x509 verify.go CertificateInvalidError.Error, Expired (go1.14 to go1.26)",
    ),
    TlsWords(
        Fault.NOT_YET_VALID,
        "certificate has expired or is not yet valid: current time",
        r"certificate has expired or is not yet valid: current time (?P<now>\S{10,40}) is before (?P<bound>\S{10,40}?)(?=[\"\\,;)\s]|$)",
        (
            'Get "https://payments.shop.svc:9444/": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-22T05:46:16Z is before 2026-11-22T07:45:20Z',
        ),
        "Go crypto/x509 verify.go CertificateInvalidError.Error, Expired (go1.14 to go1.26)",
    ),
    TlsWords(
        Fault.OUT_OF_TIME,
        "certificate has expired or is not yet valid",
        r"certificate has expired or is not yet valid",
        ("x509: certificate has expired or is not yet valid",),
        "Go crypto/x509 verify.go CertificateInvalidError.Error, Expired (go1.1 to go1.13)",
    ),
    TlsWords(
        Fault.OTHER_NAME,
        "certificate is valid for",
        r"certificate is valid for (?P<valid>[^\n\"]{1,4000}?), not (?P<asked>[^\s\"\\,)]{1,253})",
        (
            'Get "https://payments.shop.svc:9445/": tls: failed to verify certificate: x509: certificate is valid for pay.shop.svc, not payments.shop.svc',
        ),
        "Go crypto/x509 verify.go HostnameError.Error (go1.0 to go1.26)",
    ),
    TlsWords(
        Fault.OTHER_NAME,
        "doesn't contain any ip sans",
        r"cannot validate certificate for (?P<asked>\S{1,100}) because it doesn't contain any IP SANs",
        (
            'Get "https://127.0.0.1:9445/": tls: failed to verify certificate: x509: cannot validate certificate for 127.0.0.1 because it doesn\'t contain any IP SANs',
        ),
        "Go crypto/x509 verify.go HostnameError.Error (go1.0 to go1.26)",
    ),
    TlsWords(
        Fault.OTHER_NAME,
        "certificate is not valid for any names",
        r"certificate is not valid for any names, but wanted to match (?P<asked>[^\s\"\\,)]{1,253})",
        ("x509: certificate is not valid for any names, but wanted to match web.shop.svc",),
        "Go crypto/x509 verify.go HostnameError.Error (go1.10 to go1.26)",
    ),
    TlsWords(
        Fault.OTHER_NAME,
        "hostname mismatch",
        r"(?i:hostname mismatch)(?:, certificate is not valid for '(?P<asked>[^'\n]{1,253})')?",
        (
            "SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Hostname mismatch, certificate is not valid for 'payments.shop.svc'. (_ssl.c:1006)",
            "Verify return code: 62 (hostname mismatch)",
        ),
        "CPython 3.7 to 3.14 Modules/_ssl.c; OpenSSL crypto/x509/x509_txt.c X509_V_ERR_HOSTNAME_MISMATCH",
    ),
    TlsWords(
        Fault.OTHER_NAME,
        "ip address mismatch",
        r"(?i:ip address mismatch)(?:, certificate is not valid for '(?P<asked>[^'\n]{1,253})')?",
        ("certificate verify failed: IP address mismatch, certificate is not valid for '10.0.0.7'. (_ssl.c:1006)",),
        "CPython Modules/_ssl.c; OpenSSL crypto/x509/x509_txt.c X509_V_ERR_IP_ADDRESS_MISMATCH",
    ),
    TlsWords(
        Fault.OTHER_NAME,
        "does not match certificate's altnames",
        r"does not match certificate's altnames: (?:Host: (?P<asked>[^\s]{1,253}?)\.? is not in the cert's altnames: (?P<valid>[^\n\"]{0,4000})|IP: (?P<address>\S{1,60}) is not in the cert's list: (?P<addresses>[^\n\"]{0,1000}))",
        (
            "Error [ERR_TLS_CERT_ALTNAME_INVALID]: Hostname/IP does not match certificate's altnames: Host: payments.shop.svc. is not in the cert's altnames: DNS:pay.shop.svc",
        ),
        "Node lib/tls.js checkServerIdentity (v8 to v24)",
    ),
    TlsWords(
        Fault.OTHER_NAME,
        "no subject alternative dns name matching",
        r"No subject alternative DNS name matching (?P<asked>\S{1,253}) found",
        (
            "https://payments.shop.svc:9445/ -> javax.net.ssl.SSLHandshakeException: No subject alternative DNS name matching payments.shop.svc found.",
        ),
        "OpenJDK sun.security.util.HostnameChecker matchDNS (8 to 24)",
    ),
    TlsWords(
        Fault.OTHER_NAME,
        "no subject alternative names",
        r"No subject alternative names (?:matching IP address (?P<asked>\S{1,60}) found|present)",
        (
            "javax.net.ssl.SSLHandshakeException: No subject alternative names matching IP address 10.0.0.7 found",
            "java.security.cert.CertificateException: No subject alternative names present",
        ),
        "OpenJDK sun.security.util.HostnameChecker matchIP (8 to 24)",
    ),
    TlsWords(
        Fault.OTHER_NAME,
        "no alternative certificate subject name matches",
        r"no alternative certificate subject name matches target (?:host ?name|ipv4 address|ipv6 address) '?(?P<asked>[^'\s]{1,253})",
        (
            "curl: (60) SSL: no alternative certificate subject name matches target host name 'payments.shop.svc'",
        ),
        "curl lib/vtls/openssl.c ossl_verifyhost (7.20 to 8.16)",
    ),
    TlsWords(
        Fault.NO_NAMES,
        "relies on legacy common name",
        r"certificate relies on legacy Common Name field",
        (
            'Get "https://payments.shop.svc:9446/": tls: failed to verify certificate: x509: certificate relies on legacy Common Name field, use SANs instead',
        ),
        "Go crypto/x509 verify.go HostnameError.Error (go1.15 to go1.26)",
    ),
    TlsWords(
        Fault.UNKNOWN_AUTHORITY,
        "certificate signed by unknown authority",
        r"certificate signed by unknown authority(?: \(possibly because of \\{0,7}\"(?P<why>[^\n]{1,300}?)\\{0,7}\" while trying to verify candidate authority certificate \\{0,7}\"(?P<candidate>[^\"\\]{1,200})\\{0,7}\"\))?",
        (
            'Get "https://payments.shop.svc:9441/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
            'Get "https://payments.shop.svc:9449/": tls: failed to verify certificate: x509: certificate signed by unknown authority (possibly because of "x509: ECDSA verification failure" while trying to verify candidate authority certificate "Lab Root CA")',
        ),
        "Go crypto/x509 verify.go UnknownAuthorityError.Error (go1.0 to go1.26)",
    ),
    TlsWords(
        Fault.SELF_SIGNED,
        "signed certificate",
        r"(?i:self[- ]signed certificate)(?! in)",
        (
            "SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)",
            "curl: (60) SSL certificate problem: self signed certificate",
        ),
        "OpenSSL crypto/x509/x509_txt.c X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT (1.0: self signed, 3.0: self-signed)",
    ),
    TlsWords(
        Fault.UNKNOWN_AUTHORITY,
        "signed certificate in certificate chain",
        r"(?i:self[- ]signed certificate in certificate chain)",
        ("curl: (60) SSL certificate problem: self-signed certificate in certificate chain",),
        "OpenSSL crypto/x509/x509_txt.c X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN",
    ),
    TlsWords(
        Fault.UNKNOWN_AUTHORITY,
        "local issuer certificate",
        r"unable to get (?:local )?issuer certificate",
        (
            "SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate (_ssl.c:1006)",
        ),
        "OpenSSL crypto/x509/x509_txt.c X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    ),
    TlsWords(
        Fault.UNKNOWN_AUTHORITY,
        "unable to verify the first certificate",
        r"unable to verify the first certificate",
        ("Error: unable to verify the first certificate",),
        "OpenSSL crypto/x509/x509_txt.c X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE; Node prints it alone",
    ),
    TlsWords(
        Fault.EXPIRED,
        "certificate has expired",
        r"(?<![\w-])certificate has expired(?! or)",
        (
            "curl: (60) SSL certificate problem: certificate has expired",
            "SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)",
        ),
        "OpenSSL crypto/x509/x509_txt.c X509_V_ERR_CERT_HAS_EXPIRED",
    ),
    TlsWords(
        Fault.EXPIRED,
        "certificateexpiredexception",
        r"CertificateExpiredException(?:: NotAfter: (?P<not_after>\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \w{1,5} \d{4}))?",
        ("Caused by: java.security.cert.CertificateExpiredException: NotAfter: Sun Oct 18 05:45:20 UTC 2026",),
        "OpenJDK sun.security.x509.CertificateValidity valid (8 to 24)",
    ),
    TlsWords(
        Fault.NOT_YET_VALID,
        "certificatenotyetvalidexception",
        r"CertificateNotYetValidException(?:: NotBefore: (?P<not_before>\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \w{1,5} \d{4}))?",
        ("Caused by: java.security.cert.CertificateNotYetValidException: NotBefore: Sun Nov 22 07:45:20 UTC 2026",),
        "OpenJDK sun.security.x509.CertificateValidity valid (8 to 24)",
    ),
    TlsWords(
        Fault.NOT_YET_VALID,
        "certificate is not yet valid",
        r"certificate is not yet valid",
        ("curl: (60) SSL certificate problem: certificate is not yet valid",),
        "OpenSSL crypto/x509/x509_txt.c X509_V_ERR_CERT_NOT_YET_VALID",
    ),
    TlsWords(
        Fault.OUT_OF_TIME,
        "validity check failed",
        r"CertPathValidatorException: (?:timestamp|validity) check failed",
        ("PKIX path validation failed: java.security.cert.CertPathValidatorException: validity check failed",),
        "OpenJDK sun.security.provider.certpath.BasicChecker (8 to 24)",
    ),
    TlsWords(
        Fault.USAGE,
        "incompatible key usage",
        r"certificate specifies an incompatible key usage",
        (
            'Get "https://payments.shop.svc:9447/": tls: failed to verify certificate: x509: certificate specifies an incompatible key usage',
        ),
        "Go crypto/x509 verify.go CertificateInvalidError.Error, IncompatibleUsage (go1.1 to go1.26)",
    ),
    TlsWords(
        Fault.USAGE,
        "certificate purpose",
        r"un(?:suitable|supported) certificate purpose",
        ("Verify return code: 26 (unsuitable certificate purpose)",),
        "OpenSSL crypto/x509/x509_txt.c X509_V_ERR_INVALID_PURPOSE (1.1: unsupported, 3.0: unsuitable)",
    ),
    TlsWords(
        Fault.USAGE,
        "extended key usage does not permit",
        r"Extended key usage does not permit use for TLS (?:server|client) authentication",
        ("javax.net.ssl.SSLHandshakeException: Extended key usage does not permit use for TLS server authentication",),
        "OpenJDK sun.security.validator.EndEntityChecker (8 to 24)",
    ),
    TlsWords(
        Fault.NOT_AN_AUTHORITY,
        "not authorized to sign other certificates",
        r"certificate is not authorized to sign other certificates",
        ("x509: certificate is not authorized to sign other certificates",),
        "Go crypto/x509 verify.go CertificateInvalidError.Error, NotAuthorizedToSign (go1.0 to go1.26)",
    ),
    TlsWords(
        Fault.NOT_AN_AUTHORITY,
        "invalid ca certificate",
        r"invalid CA certificate",
        ("verify error:num=79:invalid CA certificate",),
        "OpenSSL crypto/x509/x509_txt.c X509_V_ERR_INVALID_CA",
    ),
    TlsWords(
        Fault.WEAK_SIGNATURE,
        "insecure algorithm",
        r"cannot verify signature: insecure algorithm (?P<algorithm>\S{1,40})",
        ("x509: cannot verify signature: insecure algorithm SHA1-RSA",),
        "Go crypto/x509 x509.go InsecureAlgorithmError.Error (go1.6 to go1.26; SHA1 from go1.18)",
    ),
    TlsWords(
        Fault.WEAK_SIGNATURE,
        "too weak",
        r"(?:ca|ee) md too weak|CA signature digest algorithm too weak",
        ("curl: (60) SSL certificate problem: CA signature digest algorithm too weak", "SSL routines::ca md too weak"),
        "OpenSSL crypto/x509/x509_txt.c X509_V_ERR_CA_MD_TOO_WEAK, ssl/ssl_err.c SSL_R_CA_MD_TOO_WEAK",
    ),
    TlsWords(
        Fault.UNKNOWN_AUTHORITY,
        "pkix path building failed",
        r"PKIX path building failed",
        (
            "javax.net.ssl.SSLHandshakeException: PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to requested target",
        ),
        "OpenJDK sun.security.validator.PKIXValidator doBuild (8 to 24)",
    ),
    TlsWords(
        Fault.KEY_MISMATCH,
        "private key does not match public key",
        r"private key does not match public key",
        ("cannot load client certificate: tls: private key does not match public key",),
        "Go crypto/tls tls.go X509KeyPair (go1.0 to go1.26)",
    ),
    TlsWords(
        Fault.KEY_MISMATCH,
        "key values mismatch",
        r"key values mismatch",
        ('nginx: [emerg] SSL_CTX_use_PrivateKey("/etc/nginx/tls/tls.key") failed (SSL: error:05800074:x509 certificate routines::key values mismatch)',),
        "OpenSSL crypto/x509/x509_err.c X509_R_KEY_VALUES_MISMATCH (1.0 to 3.x)",
    ),
    TlsWords(
        Fault.NOT_TLS,
        "server gave http response to https client",
        r"server gave HTTP response to HTTPS client",
        ('Get "https://10.0.0.7:5000/v2/": http: server gave HTTP response to HTTPS client',),
        "Go net/http client.go send (go1.6 to go1.26)",
    ),
    TlsWords(
        Fault.NOT_TLS,
        "first record does not look like a tls handshake",
        r"first record does not look like a TLS handshake",
        ('Get "https://payments.shop.svc:9451/": tls: first record does not look like a TLS handshake',),
        "Go crypto/tls conn.go readRecordOrCCS (go1.1 to go1.26)",
    ),
    TlsWords(
        Fault.NOT_TLS,
        "wrong version number",
        r"(?i:wrong[ _]version[ _]number)",
        ("curl: (35) OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number",),
        "OpenSSL ssl/ssl_err.c SSL_R_WRONG_VERSION_NUMBER (1.0 to 3.x)",
    ),
    TlsWords(
        Fault.NOT_TLS,
        "unrecognized ssl message",
        r"Unsupported or unrecognized SSL message|Unrecognized SSL message, plaintext connection",
        ("https://payments.shop.svc:9451/ -> javax.net.ssl.SSLException: Unsupported or unrecognized SSL message",),
        "OpenJDK sun.security.ssl.SSLSocketInputRecord (8: Unrecognized, 11 to 24: Unsupported or unrecognized)",
    ),
    TlsWords(
        Fault.PLAIN_TO_TLS,
        "client sent an http request to an https server",
        r"[Cc]lient sent an HTTP request to an HTTPS server",
        ("Client sent an HTTP request to an HTTPS server.",),
        "Go net/http server.go serve (go1.12 to go1.26)",
    ),
    TlsWords(
        Fault.PLAIN_TO_TLS,
        "plain http request was sent to https port",
        r"[Tt]he plain HTTP request was sent to HTTPS port|client sent plain HTTP request to HTTPS port",
        ("<center>The plain HTTP request was sent to HTTPS port</center>",),
        "nginx src/http/ngx_http_special_response.c, ngx_http_request.c (0.8 to 1.29)",
    ),
    TlsWords(
        Fault.CLIENT_CERTIFICATE_MISSING,
        "certificate required",
        r"(?:tls: |tlsv13 alert |alert )certificate[ _]required",
        (
            'Get "https://payments.shop.svc:9449/": remote error: tls: certificate required',
            "SSLError: [SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required (_ssl.c:2580)",
        ),
        "RFC 8446 6.2 alert 116; Go crypto/tls alert.go; OpenSSL ssl/ssl_err.c",
    ),
    TlsWords(
        Fault.CLIENT_CERTIFICATE_MISSING,
        "certificate_required",
        r"Received fatal alert: certificate_required|TLSV1_ALERT_CERTIFICATE_REQUIRED",
        ("javax.net.ssl.SSLHandshakeException: Received fatal alert: certificate_required",),
        "RFC 8446 6.2 alert 116; OpenJDK sun.security.ssl.Alert; BoringSSL (Envoy)",
    ),
    TlsWords(
        Fault.CLIENT_CERTIFICATE_MISSING,
        "didn't provide a certificate",
        r"client didn't provide a certificate|peer did not return a certificate|No required SSL certificate was sent",
        (
            "80EB8A6DB87F0000:error:0A0000C7:SSL routines:tls_process_client_certificate:peer did not return a certificate:../ssl/statem/statem_srvr.c:3517:",
            "http: TLS handshake error from 10.0.0.9:40312: tls: client didn't provide a certificate",
        ),
        "Go crypto/tls handshake_server.go; OpenSSL ssl/ssl_err.c; nginx ngx_http_special_response.c",
    ),
    TlsWords(
        Fault.CLIENT_CERTIFICATE_MISSING,
        "peer did not return a certificate",
        r"peer did not return a certificate",
        (
            "80EB8A6DB87F0000:error:0A0000C7:SSL routines:tls_process_client_certificate:peer did not return a certificate:../ssl/statem/statem_srvr.c:3517:",
        ),
        "OpenSSL ssl/ssl_err.c SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE",
    ),
    TlsWords(
        Fault.CLIENT_CERTIFICATE_EXPIRED,
        "expired certificate",
        r"remote error: tls: expired certificate|alert certificate expired",
        ('Get "https://payments.shop.svc:9449/": remote error: tls: expired certificate',),
        "RFC 8446 6.2 alert 45; Go crypto/tls alert.go",
    ),
    TlsWords(
        Fault.CLIENT_CERTIFICATE_EXPIRED,
        "alert certificate expired",
        r"alert certificate expired",
        (
            "809B4FDF9D7F0000:error:0A000415:SSL routines:ssl3_read_bytes:sslv3 alert certificate expired:../ssl/record/rec_layer_s3.c:1601:SSL alert number 45",
        ),
        "RFC 8446 6.2 alert 45; OpenSSL ssl/ssl_err.c",
    ),
    TlsWords(
        Fault.PEER_DOES_NOT_TRUST,
        "unknown certificate authority",
        r"remote error: tls: unknown certificate authority",
        ("http: TLS handshake error from 10.0.0.9:40312: remote error: tls: unknown certificate authority",),
        "RFC 8446 6.2 alert 48; Go crypto/tls alert.go (go1.0 to go1.26)",
    ),
    TlsWords(
        Fault.PEER_DOES_NOT_TRUST,
        "alert unknown ca",
        r"alert unknown ca",
        ("SSL_read: error:0A000418:SSL routines::tlsv1 alert unknown ca",),
        "RFC 8446 6.2 alert 48; OpenSSL ssl/ssl_err.c",
    ),
    TlsWords(
        Fault.CLIENT_CERTIFICATE_REFUSED,
        "bad certificate",
        r"remote error: tls: bad certificate|alert bad certificate|Received fatal alert: bad_certificate",
        ("http: TLS handshake error from 10.0.0.9:40312: remote error: tls: bad certificate",),
        "RFC 8446 6.2 alert 42; Go sends it for every refusal of a certificate up to go1.20",
    ),
    TlsWords(
        Fault.PROTOCOL,
        "protocol version",
        r"tls: protocol version not supported|alert protocol version|client offered only unsupported versions",
        (
            'Get "https://payments.shop.svc:9452/": remote error: tls: protocol version not supported',
            "800B8376217F0000:error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version:../ssl/record/rec_layer_s3.c:1601:SSL alert number 70",
        ),
        "RFC 8446 6.2 alert 70; Go crypto/tls alert.go; OpenSSL ssl/ssl_err.c",
    ),
    TlsWords(
        Fault.PROTOCOL,
        "unsupported",
        r"tls: client offered only unsupported versions|tls: server selected unsupported protocol version|SSL routines:\w{0,60}:unsupported protocol",
        (
            "80CB5305437F0000:error:0A000102:SSL routines:tls_early_post_process_client_hello:unsupported protocol:../ssl/statem/statem_srvr.c:1664:",
            "http: TLS handshake error from 10.0.0.9:40312: tls: client offered only unsupported versions: [302 301]",
        ),
        "Go crypto/tls handshake_server.go; OpenSSL ssl/ssl_err.c SSL_R_UNSUPPORTED_PROTOCOL",
    ),
    TlsWords(
        Fault.SERVER_NAME,
        "unrecognized name",
        r"tls: unrecognized name|alert unrecognized name|unrecognized_name",
        ("remote error: tls: unrecognized name",),
        "RFC 6066 3 alert 112; Go crypto/tls alert.go",
    ),
    TlsWords(
        Fault.HANDSHAKE,
        "handshake failure",
        r"(?:tls: handshake failure|alert handshake failure)",
        ("remote error: tls: handshake failure",),
        "RFC 8446 6.2 alert 40; Go crypto/tls alert.go",
    ),
    TlsWords(
        Fault.HANDSHAKE,
        "cipher",
        r"no shared cipher|no cipher suite supported by both client and server",
        ("tls: no cipher suite supported by both client and server", "SSL routines::no shared cipher"),
        "Go crypto/tls handshake_server.go; OpenSSL ssl/ssl_err.c SSL_R_NO_SHARED_CIPHER",
    ),
)  # fmt: skip

_COMPILED: Final = tuple((words, expression(words.regex)) for words in WORDS)
#: So much of a text is looked at.
_LONGEST: Final = 8192


def complaint_in(text: str) -> TlsComplaint | None:
    """The TLS fault that a text tells of; None where it tells of none."""
    text = text[:_LONGEST]
    small = text.lower()
    for words, pattern in _COMPILED:
        if words.word in small and (match := pattern.search(text)) is not None:
            fields = {key: value for key, value in match.groupdict().items() if value}
            if "address" in fields:
                fields["asked"] = fields.pop("address")
            return TlsComplaint(words.fault, match[0], fields)
    return None
