"""Clients refuse the certificate that an Ingress is served with."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.knowledge.clock.offsets import span
from kwhy.knowledge.ingress.certificates import certificates_of
from kwhy.knowledge.tls.certificate_expired import CERTIFICATE_EXPIRED
from kwhy.knowledge.tls.shown import Held, held_by
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import iso
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.tls import HANDSHAKE
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

CERTIFICATE_REFUSED = Condition(
    code="ingress.certificate-refused",
    kind="Ingress",
    nature=Nature.EFFECT,
    title="Clients refuse the certificate that {subject} is served with for {hosts}",
    summary="The controller serves the certificate of the Ingress, and no client with a right clock accepts it.",
)

#: The newest moment of the evidence may lie in another time zone; a certificate is over for sure after a day.
_FOR_SURE = 86400.0


class Over(msgspec.Struct, frozen=True):
    """A certificate of an Ingress that ended ``ago`` seconds before the newest moment of the evidence."""

    held: Held
    hosts: tuple[str, ...]
    ago: float

    @property
    def evidence(self) -> Evidence:
        certificate = self.held.certificate
        return Evidence(self.held.at, f"certificate {certificate.called} ended at {iso(certificate.not_after)}")


class Dated(msgspec.Struct, frozen=True):
    """The certificates of an Ingress: those that are over, and one that is valid."""

    over: tuple[Over, ...]
    valid: Evidence | None


def dated(scene: Scene, ingress: Subject) -> Dated:
    """The certificates in the Secrets that the Ingress names, and their ends"""
    over, valid = [], None
    for named in scene.derive(certificates_of, ingress):
        for held in held_by(scene, named.secret):
            if held.use != "presents" or held.position or scene.as_of is None:
                continue
            ago = scene.as_of - held.certificate.not_after
            if ago > _FOR_SURE:
                over.append(Over(held, named.hosts, ago))
            elif ago < 0:
                valid = Evidence(held.at, f"its certificate is valid until {iso(held.certificate.not_after)}")
    return Dated(tuple(over), valid)


def _outdated(scene: Scene) -> Iterable[Subject]:
    """Ingresses with a certificate that is over."""
    return [ingress for ingress in scene.subjects("Ingress") if scene.derive(dated, ingress).over]


@rule(CERTIFICATE_REFUSED, rows=("S7", "T2"), among=_outdated, symptom=True)
def certificate_refused(ingress: Subject, found: Dated = given(dated)) -> Verdict:
    """Clients refuse the Ingress's certificate.

    What it means: The controller serves the certificate of the Secret whatever its dates; browsers and programs end the
    handshake.
    How it shows: tls.crt of the Secret that spec.tls names ended before the evidence was taken.
    What looks like it: A Secret that holds no certificate: then the controller serves its own. A Secret that was
    renewed since, and a controller that has not loaded it.
    Source: ingress-nginx controller v1.15 internal/ingress/controller/store/backend_ssl.go; RFC 5280 4.1.2.5.
    """
    if found.over:
        hosts = ", ".join(dict.fromkeys(host for one in found.over for host in one.hosts)) or "its hosts"
        return Present(tuple(one.evidence for one in found.over), {"hosts": hosts}, basis=Basis.RECOMPUTED)
    if found.valid is not None:
        return Absent((found.valid,))
    return unsure(f"the dates of the certificates of {ingress}", HANDSHAKE.of())


@rule(CERTIFICATE_EXPIRED, rows=("S7", "T2"), leads=(leads_to(CERTIFICATE_REFUSED, via=ITSELF),))
def ingress_certificate_expired(ingress: Subject, found: Dated = given(dated)) -> Verdict:
    """The certificate in the Secret of an Ingress has expired.

    What it means: It was not renewed, by hand or by cert-manager.
    How it shows: notAfter of the first certificate of tls.crt.
    What looks like it: A chain of which only an authority has ended.
    Source: k8s.io/api v0.34 networking/v1 types.go (IngressTLS); RFC 5280 4.1.2.5.
    """
    if found.over:
        first = found.over[0]
        hosts = ", ".join(first.hosts) or first.held.certificate.called
        values = {
            "server": hosts,
            "connect": f"{first.hosts[0] if first.hosts else 'HOST'}:443",
            "when": iso(first.held.certificate.not_after),
            "distance": f", {span(first.ago)} ago",
            "place": "",
        }
        because = tuple(one.evidence for one in found.over)
        return Present(because, values, basis=Basis.RECOMPUTED, blames=first.held.holder)
    if found.valid is not None:
        return Absent((found.valid,))
    return unsure(f"the dates of the certificates of {ingress}", HANDSHAKE.of())
