"""`kubeadm certs check-expiration` (`kubeadm alpha certs check-expiration` before 1.19).

Source: Kubernetes v1.15 to v1.34 cmd/kubeadm/app/cmd/certs.go (newCmdCertsExpiration): times are UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from kwhy.facts.certificates import ExpiryPrinted
from kwhy.model.document import Document, Unparsed
from kwhy.model.expressions import expression
from kwhy.model.parsing import Format, Head, Parsed

#: CERTIFICATE                EXPIRES                  RESIDUAL TIME   CERTIFICATE AUTHORITY   EXTERNALLY MANAGED
_HEADER: Final = expression(r"^CERTIFICATE(?P<authorities> AUTHORITY)?\s+EXPIRES\s+RESIDUAL TIME")
#: apiserver                  Sep 18, 2027 05:45 UTC   299d            ca                      no
#: !MISSING! apiserver-etcd-client
_ROW: Final = expression(
    r"^(?P<name>[\w.-]{1,80})\s+(?P<expires>[A-Z][a-z]{2} \d\d, \d{4} \d\d:\d\d) UTC\s+(?P<left>\S{1,20})"
    r"(?:\s+(?P<by>[\w.-]{1,60}))?(?:\s+(?P<managed>yes|no))?\s*$"
)
_MISSING: Final = expression(r"^!MISSING! (?P<name>[\w.-]{1,80})")
_CHATTER: Final = expression(r"^(?:\[check-expiration\]|W\d{4} |I\d{4} |Command )")


def _recognise(head: Head) -> float:
    return 0.97 if "RESIDUAL TIME" in head.text and any(_HEADER.match(line) for line in head.lines) else 0.0


def parse(document: Document) -> Iterator[Parsed]:
    authorities = False
    for number, line in document.lines():
        header = _HEADER.match(line)
        if header is not None:
            authorities = header["authorities"] is not None
            continue
        row = _ROW.match(line)
        if row is not None:
            when = datetime.strptime(row["expires"], "%b %d, %Y %H:%M").replace(tzinfo=UTC)
            yield ExpiryPrinted(
                at=document.at(number, excerpt=line.strip()),
                name=row["name"],
                not_after=when.timestamp(),
                authority=authorities,
                signed_by=(row["by"] or "") if not authorities and row["by"] not in ("yes", "no") else "",
            )
        elif (missing := _MISSING.match(line)) is not None:
            why = f"kubeadm does not find certificate {missing['name']}"
            yield Unparsed(document.at(number, excerpt=line.strip()), why)
        elif line.strip() and not _CHATTER.match(line):
            yield Unparsed(document.at(number, excerpt=line.strip()[:200]), "no row of kubeadm's table of certificates")


FORMAT: Final = Format("kubeadm-certs", _recognise, parse)
