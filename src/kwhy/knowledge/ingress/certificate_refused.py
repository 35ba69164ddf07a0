"""Clients refuse the certificate that an Ingress is served with."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.certificates import validity_of
from kwhy.facts.objects import Secret
from kwhy.knowledge.clock.offsets import span
from kwhy.knowledge.ingress.certificates import certificates_of
from kwhy.knowledge.tls.certificate_expired import CERTIFICATE_EXPIRED
from kwhy.model.condition import Condition, Nature
from kwhy.model.document import Locator
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

    secret: Subject
    hosts: tuple[str, ...]
    ended: float
    ago: float
    evidence: Evidence


class Dated(msgspec.Struct, frozen=True):
    """The certificates of an Ingress: those that are over, and one that is valid."""

    over: tuple[Over, ...]
    valid: Evidence | None


def dated(scene: Scene, ingress: Subject) -> Dated:
    """The certificates in the Secrets that the Ingress names, and their ends"""
    over, valid = [], None
    for named in scene.derive(certificates_of, ingress):
        shown = _served(scene, named.secret)
        if shown is None or scene.as_of is None:
            continue
        ended, at = shown
        ago = scene.as_of - ended
        if ago > _FOR_SURE:
            evidence = Evidence(at, f"the certificate in {named.secret} ended at {iso(ended)}")
            over.append(Over(named.secret, named.hosts, ended, ago, evidence))
        elif ago < 0:
            valid = Evidence(at, f"its certificate is valid until {iso(ended)}")
    return Dated(tuple(over), valid)


def _served(scene: Scene, secret: Subject) -> tuple[float, Locator] | None:
    """The end of the Secret's own certificate, the first of tls.crt, read without decoding the rest."""
    for observation in scene.observations(secret)[:1]:
        struct = observation.object
        if isinstance(struct, Secret) and (chain := struct.certificates.get("tls.crt")):
            validity = validity_of(chain[0])
            if validity is not None:
                return validity[1], observation.field_at("data.tls.crt", "tls.crt: …")
    return None


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
        hosts = ", ".join(first.hosts) or str(ingress)
        values = {
            "server": hosts,
            "connect": f"{first.hosts[0] if first.hosts else 'HOST'}:443",
            "when": iso(first.ended),
            "distance": f", {span(first.ago)} ago",
            "place": "",
        }
        because = tuple(one.evidence for one in found.over)
        return Present(because, values, basis=Basis.RECOMPUTED, blames=first.secret)
    if found.valid is not None:
        return Absent((found.valid,))
    return unsure(f"the dates of the certificates of {ingress}", HANDSHAKE.of())
