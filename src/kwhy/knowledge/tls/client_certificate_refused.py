"""A server refuses the certificate that its client shows, or misses one."""

from __future__ import annotations

from kwhy.facts.log_patterns.tls import Fault
from kwhy.knowledge.tls.failures import Failure, failures_of
from kwhy.knowledge.tls.handshake_fails import HANDSHAKE_FAILS
from kwhy.knowledge.tls.stated import judged_by_words
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF

CLIENT_CERTIFICATE_REFUSED = Condition(
    code="tls.client-certificate-refused",
    kind="Connection",
    nature=Nature.ROOT,
    title="{server} refuses {client}: {fault}",
    summary="The server verifies its clients, and this one shows no certificate that it accepts.",
    remedies=(
        Remedy(
            id="give-the-client-a-certificate",
            title="Give the client a certificate that the server accepts",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See which authorities the server accepts (Acceptable client certificate CA names).",
                    "openssl s_client -connect {connect} </dev/null",
                ),
                Step("See the client's own certificate.", "openssl x509 -noout -subject -issuer -dates -in CLIENT.crt"),
                Step("Issue one by an accepted authority, with usage clientAuth, and write it into its settings."),
            ),
            verify=(
                Step(
                    "The server answers.",
                    "openssl s_client -connect {connect} -cert CLIENT.crt -key CLIENT.key </dev/null",
                ),
            ),
            undo=(Step("Restore the client's former settings."),),
        ),
    ),
)

_FAULTS = (
    Fault.CLIENT_CERTIFICATE_MISSING,
    Fault.CLIENT_CERTIFICATE_EXPIRED,
    Fault.CLIENT_CERTIFICATE_REFUSED,
    Fault.PEER_DOES_NOT_TRUST,
)


@rule(CLIENT_CERTIFICATE_REFUSED, rows=("T4",), leads=(leads_to(HANDSHAKE_FAILS, via=ITSELF),))
def client_certificate_refused(client: Subject, failures: tuple[Failure, ...] = given(failures_of)) -> Verdict:
    """A server refuses its client's certificate.

    What it means: The server asks for a client certificate. The client shows none, one that has expired, or one of an
    authority that the server does not know. With TLS 1.3 the client learns it only when it reads.
    How it shows: An alert to the client: "certificate required", "expired certificate", "unknown certificate
    authority", "bad certificate" (Go before 1.21 says so of every refusal).
    What looks like it: The same words in the log of a server speak of its clients, which refuse its certificate.
    A Go client shows no certificate at all where none of its own is of an authority that the server asks for.
    Source: RFC 8446 6.2; Go crypto/tls alert.go, handshake_client.go (getClientCertificate); OpenSSL ssl/ssl_err.c.
    """
    return judged_by_words(client, failures, _FAULTS)
