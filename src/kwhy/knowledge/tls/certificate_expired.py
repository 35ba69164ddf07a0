"""A server's certificate has expired."""

from __future__ import annotations

from kwhy.knowledge.tls.handshake_fails import HANDSHAKE_FAILS
from kwhy.knowledge.tls.validity import OutOfTime, out_of_time
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.tls import CLOCK, HANDSHAKE
from kwhy.scene.relations import ITSELF

CERTIFICATE_EXPIRED = Condition(
    code="tls.certificate-expired",
    kind="Connection",
    nature=Nature.ROOT,
    title="The certificate of {server} expired at {when}{distance}{place}",
    summary="Clients refuse the server's certificate because its time is over.",
    remedies=(
        Remedy(
            id="renew-the-certificate",
            title="Renew the certificate, and let the server load it",
            when="now",
            risk="low",
            steps=(
                Step("Make sure that it is not the client's clock that is ahead.", "date -u"),
                Step(
                    "See who issues it: a Certificate of cert-manager, kubeadm, or somebody by hand.",
                    "kubectl get certificates.cert-manager.io -A",
                ),
                Step("cert-manager: ask for a new one.", "cmctl renew CERTIFICATE -n NAMESPACE"),
                Step("kubeadm: renew those of the control plane on each of its nodes.", "kubeadm certs renew all"),
                Step(
                    "By hand: replace tls.crt and tls.key of the Secret, or the file on its host; restart the server "
                    "if it does not read them anew (static pods of the control plane: move the manifest away and back)."
                ),
            ),
            verify=(
                Step(
                    "The new end is printed.",
                    "openssl s_client -connect {connect} </dev/null | openssl x509 -noout -dates",
                ),
            ),
            undo=(Step("None is needed: the former certificate is of no use."),),
        ),
        Remedy(
            id="watch-expiry",
            title="Be told a month before the next one",
            when="lasting",
            risk="none",
            steps=(Step("Alert on certmanager_certificate_expiration_timestamp_seconds, or on x509_cert_not_after."),),
            verify=(Step("kwhy lists every certificate of a bundle with its end.", "kwhy inspect BUNDLE"),),
            undo=(Step("Remove the alert."),),
        ),
    ),
)


@rule(CERTIFICATE_EXPIRED, rows=("T2", "C11"), leads=(leads_to(HANDSHAKE_FAILS, via=ITSELF),))
def certificate_expired(client: Subject, faults: tuple[OutOfTime, ...] = given(out_of_time)) -> Verdict:
    """A server's certificate has expired.

    What it means: Every client with a right clock refuses it. Connections that stand already go on.
    How it shows: "certificate has expired or is not yet valid: current time … is after …" (Go), "certificate has
    expired" (OpenSSL), CertificateExpiredException (Java); the certificate itself, where it was shown.
    What looks like it: A clock that is ahead makes every certificate look expired: then it is the clock. Go says
    "expired or is not yet valid" of both; what it says of the current time tells them apart. A client's own
    certificate that expired is refused by the server ("remote error: tls: expired certificate").
    Source: Go crypto/x509 verify.go (CertificateInvalidError, Expired); OpenSSL X509_V_ERR_CERT_HAS_EXPIRED.
    """
    over = [one for one in faults if one.expired]
    for one in over:
        estimate = one.by_clock
        if estimate is not None:
            return Absent((*one.because, estimate.evidence))
        if one.node is not None and one.clock.unkept and not one.clock.right:
            return unsure(f"whether the clock of {one.node.name} is right", CLOCK.of(node=one.node.name))
        return Present(one.because, one.values, one.failure.since, blames=one.object_to_fix)
    unclear = [one for one in faults if one.expired is None]
    if unclear:
        server = unclear[0].failure.server
        return unsure(
            f"whether the certificate of {server.called} is expired or not yet valid",
            HANDSHAKE.of(name=server.connect, host=server.host),
        )
    if faults:
        return Absent((faults[0].failure.evidence,))
    return unsure(f"what {client} says of the certificate that it refuses")
