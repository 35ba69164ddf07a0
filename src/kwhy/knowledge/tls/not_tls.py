"""A client speaks TLS to a port that does not, or the reverse."""

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

NOT_TLS = Condition(
    code="tls.not-tls",
    kind="Connection",
    nature=Nature.ROOT,
    title="No TLS between {client} and {server}: {fault}",
    summary="One side speaks TLS and the other plain HTTP, or another protocol.",
    remedies=(
        Remedy(
            id="agree-on-the-scheme",
            title="Let both sides speak the same",
            when="now",
            risk="low",
            steps=(
                Step("See what the port speaks.", "curl -sv http://{connect}/ -o /dev/null"),
                Step("Correct the scheme (http, https) or the port that the client is told, or switch on TLS there."),
            ),
            verify=(Step("The client's log stays free of the error."),),
            undo=(Step("Restore the former setting."),),
        ),
    ),
)

_FAULTS = (
    Fault.NOT_TLS,
    Fault.PLAIN_TO_TLS,
)


@rule(NOT_TLS, rows=("T4",), leads=(leads_to(HANDSHAKE_FAILS, via=ITSELF),))
def not_tls(client: Subject, failures: tuple[Failure, ...] = given(failures_of)) -> Verdict:
    """One side speaks TLS and the other does not.

    What it means: The first bytes of the answer are no TLS record: the scheme or the port of the call is wrong, or
    TLS is not switched on. STARTTLS protocols (SMTP, PostgreSQL, MySQL, LDAP) begin in plain text as well.
    How it shows: "server gave HTTP response to HTTPS client", "first record does not look like a TLS handshake", "wrong
    version number", "Unsupported or unrecognized SSL message"; the reverse: "client sent an HTTP request to an HTTPS
    server", nginx's 400.
    What looks like it: A proxy in between that answers in plain text. A server of an older protocol version says so in
    an alert.
    Source: Go crypto/tls conn.go (RecordHeaderError), net/http client.go; OpenSSL SSL_R_WRONG_VERSION_NUMBER;
    OpenJDK SSLSocketInputRecord.
    """
    return judged_by_words(client, failures, _FAULTS)
