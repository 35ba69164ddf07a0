"""A server's certificate is for other names than the one that was called."""

from __future__ import annotations

import msgspec

from kwhy.facts.certificates import Certificate
from kwhy.facts.log_patterns.tls import Fault
from kwhy.knowledge.tls.failures import Failure, failures_of
from kwhy.knowledge.tls.handshake_fails import HANDSHAKE_FAILS
from kwhy.knowledge.tls.servers import covers, holder_of, presented_by, server_of
from kwhy.knowledge.tls.shown import Held
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

NAME_MISMATCH = Condition(
    code="tls.name-mismatch",
    kind="Connection",
    nature=Nature.ROOT,
    title="The certificate of {server} is for {valid}, and it is called as {asked}",
    summary="The name or address that clients call is none of the certificate's subject alternative names.",
    remedies=(
        Remedy(
            id="make-names-agree",
            title="Call the server by a name of its certificate, or issue one for the name that is called",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See the certificate's names.",
                    "openssl s_client -connect {connect} </dev/null | openssl x509 -noout -ext subjectAltName",
                ),
                Step("If one of them leads to the same server, write that one into the client's settings."),
                Step(
                    "Else issue the certificate anew with {asked} among its names (IP addresses as IP SANs), "
                    "for a Service SERVICE.NAMESPACE.svc."
                ),
            ),
            verify=(
                Step(
                    "The name is accepted.",
                    "openssl s_client -connect {connect} -verify_hostname {asked} </dev/null | grep Verif",
                ),
            ),
            undo=(Step("Restore the former setting or certificate."),),
        ),
    ),
)


class Mismatch(msgspec.Struct, frozen=True):
    """``valid``: the names of the certificate; empty where nothing tells."""

    failure: Failure
    asked: str
    valid: tuple[str, ...]
    held: Held | None


def mismatches(scene: Scene, client: Subject) -> tuple[Mismatch, ...]:
    """Handshakes of the client that fail over the name of the server"""
    return tuple(
        _mismatch(scene, failure)
        for failure in scene.derive(failures_of, client)
        if failure.fault in (Fault.OTHER_NAME, Fault.NO_NAMES)
    )


def _mismatch(scene: Scene, failure: Failure) -> Mismatch:
    fields = failure.complaint.fields
    stated = tuple(part.strip().removeprefix("DNS:") for part in fields.get("valid", "").split(",") if part.strip())
    chain = presented_by(scene, failure.server)
    held = chain[0] if chain else None
    if held is not None and stated and not set(_names(held.certificate)) & set(stated):
        held = None  # another certificate than the one that was refused
    valid = stated or (_names(held.certificate) if held is not None else ())
    return Mismatch(failure, fields.get("asked") or failure.server.host, valid, held)


def _names(certificate: Certificate) -> tuple[str, ...]:
    return (*certificate.names, *certificate.addresses)


def _to_fix(scene: Scene, mismatch: Mismatch) -> Subject:
    """The client, where one of the certificate's names leads to the same Service; else who keeps the certificate."""
    failure = mismatch.failure
    server = failure.server.subject
    if server.kind == "Service":
        for name in mismatch.valid:
            if server_of(scene, name, failure.server.port, server.namespace).subject == server:
                return failure.client
    kept = holder_of(scene, mismatch.held.certificate) if mismatch.held is not None else None
    return (kept.holder if kept is not None else None) or server


def to_fix(scene: Scene, client: Subject) -> Subject | None:
    """Whose name is wrong"""
    return next((_to_fix(scene, one) for one in scene.derive(mismatches, client)), None)


@rule(NAME_MISMATCH, rows=("T3",), leads=(leads_to(HANDSHAKE_FAILS, via=ITSELF),))
def name_mismatch(
    client: Subject,
    found: tuple[Mismatch, ...] = given(mismatches),
    blamed: Subject | None = given(to_fix),
    failures: tuple[Failure, ...] = given(failures_of),
) -> Verdict:
    """A server's certificate is for other names.

    What it means: The client compares the name or address that it calls with the certificate's subject alternative
    names. Go looks at nothing else since 1.15; OpenSSL, Python and Java still take the common name where there are
    none.
    How it shows: "certificate is valid for A, not B", "doesn't contain any IP SANs", "Hostname mismatch", "No subject
    alternative DNS name matching B found"; the names in the certificate itself.
    What looks like it: Another server answers at the address: a default certificate of an ingress controller, a proxy
    in between. A wildcard stands for one label only.
    Source: Go crypto/x509 verify.go (HostnameError, VerifyHostname); RFC 6125 6.4; RFC 9110 4.3.4.
    """
    for one in found:
        if one.failure.fault is Fault.OTHER_NAME and covers(one.valid, one.asked):
            continue  # the certificate was put right since
        because = [one.failure.evidence]
        if one.held is not None:
            says = f"certificate {one.held.certificate.called} is for {', '.join(one.valid) or 'no name at all'}"
            because.append(Evidence(one.held.at, says))
        valid = ", ".join(one.valid[:4]) or (
            "its common name alone" if one.failure.fault is Fault.NO_NAMES else "other names"
        )
        server = one.failure.server
        values = {"server": server.called or "the server", "valid": valid, "asked": one.asked or "another name"}
        return Present(tuple(because), {**values, "connect": server.connect}, one.failure.since, blames=blamed)
    if failures:
        return Absent((failures[0].evidence,))
    return unsure(f"what {client} says of the certificate that it refuses")
