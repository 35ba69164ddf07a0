"""Client and server have no TLS version, cipher or server name in common."""

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

PROTOCOL_REFUSED = Condition(
    code="tls.protocol-refused",
    kind="Connection",
    nature=Nature.ROOT,
    title="No TLS between {client} and {server}: {fault}",
    summary="The handshake ends before certificates are looked at.",
    remedies=(
        Remedy(
            id="widen-the-narrower-side",
            title="Let both sides offer a common version and cipher",
            when="now",
            risk="low",
            steps=(
                Step("See whether TLS 1.2 is accepted.", "openssl s_client -connect {connect} -tls1_2 </dev/null"),
                Step("And TLS 1.3.", "openssl s_client -connect {connect} -tls1_3 </dev/null"),
                Step("Update the older side, or widen the minimum version and ciphers of the stricter one."),
            ),
            verify=(
                Step(
                    "A version and a cipher are agreed on.",
                    "openssl s_client -connect {connect} </dev/null | grep Cipher",
                ),
            ),
            undo=(Step("Restore the former minimum version and ciphers."),),
        ),
    ),
)

_FAULTS = (
    Fault.PROTOCOL,
    Fault.HANDSHAKE,
    Fault.SERVER_NAME,
)


@rule(PROTOCOL_REFUSED, rows=("T4",), leads=(leads_to(HANDSHAKE_FAILS, via=ITSELF),))
def protocol_refused(client: Subject, failures: tuple[Failure, ...] = given(failures_of)) -> Verdict:
    """Client and server have no TLS version, cipher or name in common.

    What it means: One side is too old for the other, or its settings are narrower; or no virtual server has the name
    that the client asks for (SNI).
    How it shows: "protocol version not supported", "tlsv1 alert protocol version", "no shared cipher", "handshake
    failure", "unrecognized name".
    What looks like it: "handshake failure" is also sent where a server has no certificate of a kind that the client
    accepts, or misses a client certificate (before TLS 1.3).
    Source: RFC 8446 6.2; RFC 6066 3; Go crypto/tls alert.go; OpenSSL ssl/ssl_err.c.
    """
    return judged_by_words(client, failures, _FAULTS)
