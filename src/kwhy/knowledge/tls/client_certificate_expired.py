"""The client certificate of a kubeconfig has expired."""

from __future__ import annotations

import msgspec

from kwhy.facts.certificates import Certificate, KubeconfigContext, read_certificate
from kwhy.facts.log_patterns.transport import CERTIFICATE_TIME
from kwhy.facts.logs import LogHit
from kwhy.knowledge.api.credentials_refused import CREDENTIALS_REFUSED
from kwhy.knowledge.clock.offsets import span
from kwhy.knowledge.tls.servers import called_in, host_and_port
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import iso
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.controlplane import KUBECONFIG
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

CLIENT_CERTIFICATE_EXPIRED = Condition(
    code="tls.client-certificate-expired",
    kind="ApiServer",
    nature=Nature.ROOT,
    title="The client certificate of user {user} in {where} expired at {when}{distance}",
    summary="The API server answers 401, for the certificate by which the user proves who it is has ended.",
    remedies=(
        Remedy(
            id="renew-the-client-certificate",
            title="Renew the client certificate",
            when="now",
            risk="low",
            steps=(
                Step("kubeadm, on a control-plane node: renew it.", "kubeadm certs renew admin.conf"),
                Step("Copy the new file to where kubectl looks.", "cp /etc/kubernetes/admin.conf ~/.kube/config"),
                Step("Elsewhere: fetch the kubeconfig anew from whoever issued it."),
            ),
            verify=(Step("The API server answers.", "kubectl auth whoami"),),
            undo=(Step("None is needed: the former certificate is of no use."),),
        ),
    ),
)


class Credential(msgspec.Struct, frozen=True):
    """The certificate by which kubectl proves who it is, and the moment that counts.

    ``refused`` is where the API server says that a certificate with this end is over.
    """

    context: KubeconfigContext
    certificate: Certificate
    now: float | None
    refused: Evidence | None = None


def credential_for(scene: Scene, server: Subject) -> Credential | None:
    """The client certificate of the kubeconfig's context that calls the server"""
    contexts = [c for c in scene.facts(KubeconfigContext) if c.current and c.credential == "certificate"]
    calling = [c for c in contexts if called_in(c.server or "") == host_and_port(server.name)] or contexts
    for context in calling:
        certificate = read_certificate(context.certificates[0]) if context.certificates else None
        if certificate is not None:
            refused = _refused(scene, certificate)
            return Credential(context, certificate, refused[1] if refused else scene.as_of, refused and refused[0])
    return None


def _refused(scene: Scene, certificate: Certificate) -> tuple[Evidence, float] | None:
    """The line of the API server's log that refuses a certificate with this end, and what its clock said."""
    for hit in scene.facts(LogHit):
        if hit.pattern != CERTIFICATE_TIME:
            continue
        for sample in reversed(hit.samples):
            # … is after 2026-10-18T06:31:42Z, verifying certificate SN=… (apiserver since v1.25)
            now, bound = (parse_timestamp(sample.fields.get(field, "").rstrip(',;\\"')) for field in ("now", "bound"))
            if now is not None and bound == certificate.not_after:
                return Evidence(hit.locate(sample), "the API server refuses a certificate that ended then"), now
    return None


@rule(CLIENT_CERTIFICATE_EXPIRED, rows=("C11", "C1"), leads=(leads_to(CREDENTIALS_REFUSED, via=ITSELF),))
def client_certificate_expired(server: Subject, credential: Credential | None = given(credential_for)) -> Verdict:
    """The client certificate of a kubeconfig has expired.

    What it means: kubeadm's admin.conf is valid for one year. TLS itself succeeds: the API server takes the certificate
    for none at all, and answers 401.
    How it shows: "You must be logged in to the server", and client-certificate-data of the kubeconfig that has ended;
    the API server logs "Unable to authenticate the request" with x509.
    What looks like it: A certificate that is valid, of another cluster's authority; a revoked token. A clock of the API
    server that is ahead.
    Source: Kubernetes v1.34 cmd/kubeadm/app/constants (CertificateValidityPeriod); apiserver v0.34
    pkg/authentication/request/x509/x509.go.
    """
    if credential is None:
        return unsure("the client certificate in the kubeconfig", KUBECONFIG.of())
    context, certificate, now = credential.context, credential.certificate, credential.now
    valid = f"valid from {iso(certificate.not_before)} to {iso(certificate.not_after)}"
    evidence = Evidence(context.at, f"the certificate of {context.user} is {valid}")
    if now is None:
        return unsure("when kubectl was refused", KUBECONFIG.of())
    if now <= certificate.not_after:
        return Absent((evidence,))
    values = {
        "user": certificate.called,
        "where": context.path or "the kubeconfig",
        "when": iso(certificate.not_after),
        "distance": f", {span(now - certificate.not_after)} ago",
    }
    because = (evidence, credential.refused) if credential.refused is not None else (evidence,)
    return Present(because, values, basis=Basis.RECOMPUTED, blames=Subject("Kubeconfig", "kubeconfig"))
