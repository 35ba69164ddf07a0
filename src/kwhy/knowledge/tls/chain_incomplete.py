"""A server does not send the intermediate certificate."""

from __future__ import annotations

from kwhy.knowledge.tls.failures import Failure, failures_of
from kwhy.knowledge.tls.handshake_fails import HANDSHAKE_FAILS
from kwhy.knowledge.tls.paths import Break, Path, paths_of
from kwhy.knowledge.tls.servers import holder_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.tls import HANDSHAKE
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

CHAIN_INCOMPLETE = Condition(
    code="tls.chain-incomplete",
    kind="Connection",
    nature=Nature.ROOT,
    title="{server} sends its certificate without the intermediate certificate '{intermediate}' that signed it",
    summary="Clients believe the root, and the link between it and the server's certificate is missing.",
    remedies=(
        Remedy(
            id="send-the-whole-chain",
            title="Let the server send the whole chain",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Append the intermediate certificate to the server's.", "cat server.crt intermediate.crt > tls.crt"
                ),
                Step("Put it into the Secret (tls.crt) or the file that the server reads, and reload the server."),
            ),
            verify=(
                Step(
                    "Both certificates are sent.",
                    "openssl s_client -connect {connect} -showcerts </dev/null | grep -E 's:|i:|Verif'",
                ),
            ),
            undo=(Step("Restore the former file."),),
        ),
    ),
)


def keeper(scene: Scene, client: Subject) -> Subject | None:
    """The object that keeps the server's certificate"""
    for path in scene.derive(paths_of, client):
        if path.broken is Break.INTERMEDIATE_MISSING and path.leaf is not None:
            kept = holder_of(scene, path.leaf.certificate)
            return (kept.holder if kept is not None else None) or path.failure.server.subject
    return None


@rule(CHAIN_INCOMPLETE, rows=("T1",), leads=(leads_to(HANDSHAKE_FAILS, via=ITSELF),))
def chain_incomplete(
    client: Subject,
    paths: tuple[Path, ...] = given(paths_of),
    blamed: Subject | None = given(keeper),
    failures: tuple[Failure, ...] = given(failures_of),
) -> Verdict:
    """A server does not send the intermediate certificate.

    What it means: A client believes roots; the server has to send everything in between. Browsers and some clients
    keep or fetch intermediates, so that the fault shows with others only.
    How it shows: The chain that the server sends, or that its Secret holds, ends in a certificate whose issuer is an
    intermediate of the evidence; the issuer of that one is what the client believes.
    What looks like it: A client that believes the wrong root: then no certificate of the evidence closes the gap.
    Source: RFC 5246 7.4.2; Go crypto/x509 verify.go (buildChains); OpenSSL X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE.
    """
    for path in paths:
        if path.broken is Break.INTERMEDIATE_MISSING and path.leaf is not None and path.missing is not None:
            server = path.failure.server
            because = (
                path.failure.evidence,
                Evidence(path.leaf.at, f"the server shows {path.leaf.certificate.called} as the last of its chain"),
                Evidence(path.missing.at, f"{path.name} signed it, and is not sent"),
            )
            values = {"server": server.called, "connect": server.connect, "intermediate": path.name}
            return Present(because, values, path.failure.since, Basis.RECOMPUTED, blamed)
    return other_break(client, paths, failures)


def other_break(client: Subject, paths: tuple[Path, ...], failures: tuple[Failure, ...]) -> Verdict:
    """Absent where the path is known to break elsewhere, or the complaint is another one."""
    open_ones = [path for path in paths if path.broken in (Break.UNKNOWN, Break.NONE)]
    if open_ones:
        server = open_ones[0].failure.server
        return unsure(
            f"which certificates {server.called or 'the server'} sends, and which authorities {client} believes",
            HANDSHAKE.of(name=server.connect, host=server.host),
        )
    if failures:
        return Absent((failures[0].evidence,))
    return unsure(f"what {client} says of the certificate that it refuses")
