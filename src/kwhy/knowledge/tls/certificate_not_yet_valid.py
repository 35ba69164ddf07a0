"""A server's certificate begins in the future."""

from __future__ import annotations

from kwhy.knowledge.tls.handshake_fails import HANDSHAKE_FAILS
from kwhy.knowledge.tls.validity import OutOfTime, out_of_time
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.tls import CLIENT_CLOCK, CLOCK, HANDSHAKE
from kwhy.scene.relations import ITSELF

CERTIFICATE_NOT_YET_VALID = Condition(
    code="tls.certificate-not-yet-valid",
    kind="Connection",
    nature=Nature.ROOT,
    title="The certificate of {server} begins only at {when}{distance}{place}",
    summary="The certificate was issued for a time that has not come, by a signer whose clock is ahead or by mistake.",
    remedies=(
        Remedy(
            id="issue-anew",
            title="Correct the signer's clock and issue the certificate anew",
            when="now",
            risk="low",
            steps=(
                Step("See the clock of the host that signed it.", "chronyc tracking; timedatectl"),
                Step("Issue the certificate anew, and replace it in the Secret or file that the server reads."),
            ),
            verify=(
                Step(
                    "It begins in the past.",
                    "openssl s_client -connect {connect} </dev/null | openssl x509 -noout -dates",
                ),
            ),
            undo=(Step("Put the former certificate back; it becomes valid by itself at {when}."),),
        ),
    ),
)


@rule(CERTIFICATE_NOT_YET_VALID, rows=("T2", "N27"), leads=(leads_to(HANDSHAKE_FAILS, via=ITSELF),))
def certificate_not_yet_valid(client: Subject, faults: tuple[OutOfTime, ...] = given(out_of_time)) -> Verdict:
    """A server's certificate begins in the future.

    What it means: The signer's clock was ahead when it was made, or somebody set a start date.
    How it shows: "current time … is before …" (Go), "certificate is not yet valid" (OpenSSL), while the client's clock
    is proven right.
    What looks like it: A client's clock that is behind: by far the more usual. Without a proof that the clock is right
    nothing is concluded.
    Source: Go crypto/x509 verify.go (CertificateInvalidError, Expired); OpenSSL X509_V_ERR_CERT_NOT_YET_VALID.
    """
    early = [one for one in faults if one.expired is False]
    for one in early:
        estimate = one.by_clock
        if estimate is not None:
            return Absent((*one.because, estimate.evidence))
        if one.clock.right:
            return Present(
                (*one.because, *one.clock.right[:1]), one.values, one.failure.since, blames=one.object_to_fix
            )
        if one.node is None:
            server = one.failure.server
            shown = HANDSHAKE.of(name=server.connect, host=server.host)
            return unsure("whether the client's clock is right", CLIENT_CLOCK.of(), shown)
        return unsure(f"whether the clock of {one.node.name} is right", CLOCK.of(node=one.node.name))
    if faults and all(one.expired for one in faults):
        return Absent((faults[0].failure.evidence,))
    return unsure(f"what {client} says of the certificate that it refuses")
