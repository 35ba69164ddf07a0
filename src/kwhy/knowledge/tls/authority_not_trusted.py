"""A client does not believe the authority that signed a server's certificate."""

from __future__ import annotations

from kwhy.knowledge.tls.chain_incomplete import other_break
from kwhy.knowledge.tls.failures import Failure, failures_of
from kwhy.knowledge.tls.handshake_fails import HANDSHAKE_FAILS
from kwhy.knowledge.tls.paths import Break, Path, paths_of
from kwhy.knowledge.tls.stated import named, settings_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Basis, Evidence, Present, Verdict
from kwhy.scene.relations import ITSELF

AUTHORITY_NOT_TRUSTED = Condition(
    code="tls.authority-not-trusted",
    kind="Connection",
    nature=Nature.ROOT,
    title="{client} does not believe '{authority}', which signed the certificate of {server}: {why}",
    summary="The client's list of trusted authorities lacks the one that signed the server's certificate.",
    remedies=(
        Remedy(
            id="trust-the-authority",
            title="Give the client the authority's certificate",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See who signed the server's certificate.",
                    "openssl s_client -connect {connect} -showcerts </dev/null",
                ),
                Step(
                    "Put the certificate of '{authority}', from a source that you trust, where the client looks: "
                    "{where}."
                ),
                Step("Restart the client if it reads its authorities only when it starts."),
            ),
            verify=(
                Step(
                    "The certificate is accepted.",
                    "openssl s_client -connect {connect} -CAfile AUTHORITY.crt </dev/null | grep Verif",
                ),
            ),
            undo=(Step("Take the authority out again."),),
        ),
    ),
)

#: Where clients look for authorities.
_PLACES = {
    "APIService": "spec.caBundle of the APIService, in base64",
    "Node": "certificate-authority-data of the kubelet's kubeconfig, and /etc/kubernetes/pki/ca.crt",
    "ApiServer": "certificate-authority-data of the cluster in the kubeconfig",
    "Connection": "the file behind --cacert or -CAfile, or the host's own store (update-ca-certificates)",
}
_OF_PODS = (
    "the ConfigMap or Secret that it mounts for this, SSL_CERT_FILE, REQUESTS_CA_BUNDLE, NODE_EXTRA_CA_CERTS or a Java "
    "trust store"
)


@rule(AUTHORITY_NOT_TRUSTED, rows=("T1",), leads=(leads_to(HANDSHAKE_FAILS, via=ITSELF),))
def authority_not_trusted(
    client: Subject,
    paths: tuple[Path, ...] = given(paths_of),
    failures: tuple[Failure, ...] = given(failures_of),
) -> Verdict:
    """A client does not believe a server's authority.

    What it means: No path leads from the server's certificate to an authority that the client believes.
    How it shows: The server's chain, what the client believes, and the names and keys of both: an authority of the
    same name with another key was made anew and not handed on; a certificate that signed itself needs to be believed
    itself. Go names a candidate: "possibly because of … while trying to verify candidate authority certificate".
    What looks like it: A server that does not send its intermediate certificate. From "signed by unknown authority"
    alone the two cannot be told apart, and nothing is concluded.
    Source: Go crypto/x509 verify.go (UnknownAuthorityError); OpenSSL X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
    OpenJDK sun.security.provider.certpath.SunCertPathBuilder.
    """
    for path in paths:
        if path.broken in (Break.OTHER_KEY, Break.OTHER_AUTHORITY, Break.SELF_SIGNED):
            return _present(client, path)
    return other_break(client, paths, failures)


def _present(client: Subject, path: Path) -> Verdict:
    server = path.failure.server
    because = [path.failure.evidence]
    if path.leaf is not None and path.top is not None:
        because.append(Evidence(path.leaf.at, f"the chain of {server.called} ends at issuer {path.name or 'itself'}"))
    blames = settings_of(client)
    if path.trust is not None:
        said = path.trust.certificate
        because.append(Evidence(path.trust.at, f"the client believes {said.called}, key {said.key_id[:16]}"))
        blames = path.trust.holder or blames
    values = {
        "client": _capital(named(client)),
        "authority": path.name or server.called,
        "server": server.called or "the server",
        "connect": server.connect,
        "why": path.broken.value,
        "where": path.trust.place if path.trust is not None else _PLACES.get(client.kind, _OF_PODS),
    }
    basis = Basis.RECOMPUTED if path.leaf is not None else Basis.STATED
    return Present(tuple(because), values, path.failure.since, basis, blames)


def _capital(text: str) -> str:
    """A sentence's first word; kubectl writes itself small."""
    return text if text == "kubectl" else text[:1].upper() + text[1:]
