"""`openssl x509 -noout -text` and its short forms (-subject -issuer -dates -ext subjectAltName), without the PEM block.

Source: OpenSSL 1.0.2 to 3.x crypto/x509/t_x509.c (X509_print_ex), apps/x509.c. Names are printed "O = Lab, CN = x"
(1.1 to 3.1), "O=Lab, CN=x" (3.2 and later) or "/O=Lab/CN=x" (1.0).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kwhy.facts.certificates import Certificate, CertificateShown
from kwhy.ingest.certificates.files import file_shown
from kwhy.ingest.certificates.names import printed_name, printed_time
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

_CERTIFICATE: Final = expression(r"^Certificate:\s*$", re.MULTILINE)
#: Not After : Sep 18 05:45:20 2027 GMT   ·   notAfter=Sep 18 05:45:20 2027 GMT
_TIMES: Final = expression(
    r"^\s*not ?(?P<which>before|after)\s?[:=] ?(?P<time>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}) GMT",
    re.MULTILINE | re.IGNORECASE,
)
_NAMES: Final = expression(
    r"^\s*(?P<which>Subject|Issuer|subject|issuer)\s?[:=] ?(?P<name>[^\n]{0,1000})$", re.MULTILINE
)
_ALTERNATIVE: Final = expression(r"X509v3 Subject Alternative Name: ?(?:critical)?\s*\n\s*(?P<names>[^\n]{1,20000})")
_USAGES: Final = expression(r"X509v3 Extended Key Usage: ?(?:critical)?\s*\n\s*(?P<names>[^\n]{1,2000})")
_CONSTRAINTS: Final = expression(r"X509v3 Basic Constraints: ?(?:critical)?\s*\n\s*CA:(?P<authority>TRUE|FALSE)")
_SUBJECT_KEY: Final = expression(r"X509v3 Subject Key Identifier: ?\n\s*(?P<id>[0-9A-F:]{2,200})")
_AUTHORITY_KEY: Final = expression(r"X509v3 Authority Key Identifier: ?\n\s*(?:keyid:)?(?P<id>[0-9A-F:]{2,200})")
_SIGNATURE: Final = expression(r"Signature Algorithm: (?P<name>[\w-]{1,60})")
#: Names that OpenSSL prints for the usages of RFC 5280 4.2.1.12 (crypto/objects/objects.txt)
_USAGE_NAMES: Final = {
    "TLS Web Server Authentication": "serverAuth",
    "TLS Web Client Authentication": "clientAuth",
    "Any Extended Key Usage": "any",
}


def _recognise(head: Head) -> float:
    if "ot After" not in head.text and "otAfter" not in head.text:
        return 0.0
    times = len(_TIMES.findall(head.text))
    if "-----BEGIN " in head.text or not times:
        return 0.0
    if _CERTIFICATE.search(head.text) and "Signature Algorithm:" in head.text:
        return 0.97
    lines = head.whole_lines
    short = [line for line in lines if _TIMES.match(line) or _NAMES.match(line) or "Alternative Name" in line]
    return 0.95 if len(short) * 2 >= len(lines) and short and len(lines) <= 40 else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    text = document.text
    starts = [match.start() for match in _CERTIFICATE.finditer(text)] or [0]
    for position, (start, end) in enumerate(zip(starts, [*starts[1:], len(text)], strict=True)):
        part = text[start:end]
        line = document.first_line + text.count("\n", 0, start)
        printed = _printed(part)
        if printed is None:
            yield Unparsed(document.at(line), "a certificate with its times was expected; the text is cut off")
            continue
        found = _TIMES.search(part)
        offset = part.count("\n", 0, found.start("which")) if found is not None else 0
        at = document.at(line + offset, excerpt=document.line(line + offset).strip())
        yield CertificateShown(at=at, printed=printed, path=file_shown(document), position=position)


def _printed(text: str) -> Certificate | None:
    times = {match["which"].lower(): printed_time(match["time"]) for match in _TIMES.finditer(text)}
    after, before = times.get("after"), times.get("before")
    if after is None:
        return None
    names = {match["which"].lower(): match["name"] for match in _NAMES.finditer(text)}
    hosts = _ALTERNATIVE.search(text)
    alternative = [part.strip() for part in hosts["names"].split(",")] if hosts is not None else []
    subject, common = printed_name(names.get("subject", ""))
    usages, authority, signature = _USAGES.search(text), _CONSTRAINTS.search(text), _SIGNATURE.search(text)
    own, signer = _SUBJECT_KEY.search(text), _AUTHORITY_KEY.search(text)
    return Certificate(
        subject=subject,
        issuer=printed_name(names.get("issuer", ""))[0],
        not_before=before if before is not None else 0.0,
        not_after=after,
        common_name=common,
        names=tuple(part.removeprefix("DNS:") for part in alternative if part.startswith("DNS:")),
        addresses=tuple(part.removeprefix("IP Address:") for part in alternative if part.startswith("IP Address:")),
        authority=authority["authority"] == "TRUE" if authority is not None else None,
        usages=_usages(usages["names"]) if usages is not None else None,
        subject_key_id=own["id"].replace(":", "").lower() if own is not None else None,
        authority_key_id=signer["id"].replace(":", "").lower() if signer is not None else None,
        signature=signature["name"] if signature is not None else "",
    )


def _usages(printed: str) -> tuple[str, ...]:
    return tuple(_USAGE_NAMES.get(name.strip(), name.strip()) for name in printed.split(","))


FORMAT: Final = Format("openssl-text", _recognise, parse)
