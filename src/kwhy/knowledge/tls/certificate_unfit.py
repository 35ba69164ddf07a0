"""A server's certificate was made for something else, or in a way that clients refuse."""

from __future__ import annotations

from kwhy.facts.log_patterns.tls import Fault
from kwhy.knowledge.tls.failures import Failure, failures_of
from kwhy.knowledge.tls.handshake_fails import HANDSHAKE_FAILS
from kwhy.knowledge.tls.servers import holder_of, presented_by
from kwhy.knowledge.tls.stated import judged_by_words
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

CERTIFICATE_UNFIT = Condition(
    code="tls.certificate-unfit",
    kind="Connection",
    nature=Nature.ROOT,
    title="The certificate of {server} cannot be used: {fault}",
    summary="The certificate's extensions or its signature do not allow what it is used for.",
    remedies=(
        Remedy(
            id="issue-a-fitting-certificate",
            title="Issue the certificate anew, with the right usage",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See its usages, constraints and signature.",
                    "openssl s_client -connect {connect} </dev/null | openssl x509 -noout -text",
                ),
                Step(
                    "Issue it anew: extended key usage serverAuth (clientAuth for clients), CA:TRUE only for "
                    "authorities, SHA-256 signatures."
                ),
            ),
            verify=(
                Step(
                    "It is accepted.",
                    "openssl s_client -connect {connect} -purpose sslserver </dev/null | grep Verif",
                ),
            ),
            undo=(Step("Put the former certificate back."),),
        ),
    ),
)

_FAULTS = (
    Fault.USAGE,
    Fault.NOT_AN_AUTHORITY,
    Fault.WEAK_SIGNATURE,
)


def keeper(scene: Scene, client: Subject) -> Subject | None:
    """The object that keeps the server's certificate"""
    for failure in scene.derive(failures_of, client):
        if failure.fault in _FAULTS:
            shown = presented_by(scene, failure.server)
            kept = holder_of(scene, shown[0].certificate) if shown else None
            return (kept.holder if kept is not None else None) or failure.server.subject
    return None


@rule(CERTIFICATE_UNFIT, rows=("T4",), leads=(leads_to(HANDSHAKE_FAILS, via=ITSELF),))
def certificate_unfit(
    client: Subject, failures: tuple[Failure, ...] = given(failures_of), blamed: Subject | None = given(keeper)
) -> Verdict:
    """A server's certificate does not fit its use.

    What it means: The path is complete and its time is right, but a certificate in it may not do what it does: a
    client's certificate on a server, a certificate that is no authority's above another, a SHA-1 signature.
    How it shows: "specifies an incompatible key usage", "unsuitable certificate purpose", "not authorized to sign other
    certificates", "insecure algorithm SHA1-RSA", "ca md too weak".
    What looks like it: An authority that is not known: Go reports that one where no path fits at all.
    Source: RFC 5280 4.2.1.12 and 4.2.1.9; Go crypto/x509 verify.go (IncompatibleUsage, NotAuthorizedToSign);
    OpenSSL X509_V_ERR_INVALID_PURPOSE.
    """
    return judged_by_words(client, failures, _FAULTS, blamed)
