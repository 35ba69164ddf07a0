"""The kubelet's client certificate has expired."""

from __future__ import annotations

import msgspec

from kwhy.facts.log_patterns.kubelet_start import CLIENT_CERTIFICATE_EXPIRED
from kwhy.knowledge.kubelet.cannot_reach_api_server import CANNOT_REACH_API_SERVER
from kwhy.knowledge.kubelet.cannot_start import KUBELET_CANNOT_START
from kwhy.knowledge.kubelet.start import Refusal, refused_by
from kwhy.knowledge.kubelet.words import State, lease_state
from kwhy.knowledge.tls.shown import Held, certificates
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import iso
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.node import KUBELET_LOG
from kwhy.probes.tls import CLIENT_CERTIFICATE
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

CERTIFICATE_EXPIRED = Condition(
    code="kubelet.client-certificate-expired",
    kind="Node",
    nature=Nature.ROOT,
    title="The client certificate of the kubelet of {subject} has expired{when}",
    summary="The API server no longer accepts the kubelet, which cannot renew its certificate with the old one.",
    remedies=(
        Remedy(
            id="new-client-certificate",
            title="Give the kubelet a new client certificate",
            when="now",
            risk="medium",
            steps=(
                Step(
                    "See until when it was valid.",
                    "openssl x509 -enddate -noout -in {path}",
                ),
                Step("Check the clock first: a wrong one makes valid certificates look expired.", "timedatectl"),
                Step("Make a bootstrap token.", "kubeadm token create"),
                Step("Write it to /etc/kubernetes/bootstrap-kubelet.conf; move kubelet.conf and the old key aside."),
                Step("Start the kubelet and approve its request.", "systemctl restart kubelet; kubectl get csr"),
            ),
            verify=(
                Step("The kubelet stays up.", "systemctl status kubelet --no-pager"),
                Step("The node is Ready.", "kubectl get node {name} -w"),
            ),
            undo=(Step("Put the files back."),),
        ),
        Remedy(
            id="rotate-certificates",
            title="Let the kubelet rotate its certificate in time",
            when="lasting",
            risk="low",
            steps=(Step("Set rotateCertificates: true and keep the signer of the controller manager running."),),
            verify=(Step("A request appears before half the lifetime has passed.", "kubectl get csr"),),
            undo=(Step("Set it to false."),),
        ),
    ),
)

#: Where the kubelet keeps its rotated client certificate (pkg/kubelet/certificate/kubelet.go v1.34).
CERTIFICATE = "/var/lib/kubelet/pki/kubelet-client-current.pem"


#: What the API server answers to a kubelet whose certificate it does not take.
_REFUSED = expression(r"Unauthorized|tls: (?:expired|bad) certificate|certificate required")


def _said(scene: Scene, node: Subject) -> Refusal | None:
    """The kubelet's log, with the error of its newest start"""
    return refused_by(scene, node, CLIENT_CERTIFICATE_EXPIRED)


@rule(
    CERTIFICATE_EXPIRED,
    rows=("N21",),
    leads=(
        leads_to(KUBELET_CANNOT_START, via=ITSELF),
        leads_to(CANNOT_REACH_API_SERVER, via=ITSELF),
    ),
)
def client_certificate_expired(node: Subject, refusal: Refusal | None = given(_said)) -> Verdict:
    """The kubelet's client certificate has expired.

    What it means: It was not rotated in time: the node was off, or rotation is off or was never approved.
    How it shows: "part of the existing bootstrap client certificate in … is expired", or "The currently active client
    certificate has expired".
    What looks like it: A clock that is wrong makes valid certificates look expired. The server certificate of the API
    server is another one.
    Source: Kubernetes v1.34 pkg/kubelet/certificate/bootstrap/bootstrap.go, transport.go.
    """
    if refusal is None:
        return unsure(f"how the newest start of the kubelet of {node.name} ended", KUBELET_LOG.of(node=node.name))
    until, path = refusal.field("not_after"), refusal.field("path") or CERTIFICATE
    return Present(
        (refusal.evidence("the kubelet says that its certificate has expired"),),
        {"when": f" on {until}" if until else "", "path": path},
    )


class Kept(msgspec.Struct, frozen=True):
    """The kubelet's client certificate as its file shows it, and the moment that counts (None: no time is shown)."""

    held: Held
    now: float | None


def _is_kubelets(held: Held, node: Subject) -> bool:
    """By its file, else by the user that it names (plugin/pkg/auth/authorizer/node: system:node:NAME)."""
    path = held.path or ""
    of_file = path.endswith("/kubelet-client-current.pem") or (
        path.endswith("/kubelet.conf") and held.use == "presents"
    )
    return of_file or held.certificate.common_name == f"system:node:{node.name}"


def _kept(scene: Scene, node: Subject) -> Kept | None:
    """The kubelet's client certificate, from kubelet-client-current.pem or kubelet.conf"""
    for held in scene.derive_once(certificates):
        if not held.certificate.authority and _is_kubelets(held, node) and scene.host_of(held.at.document) == node:
            return Kept(held, scene.as_of)
    return None


@rule(
    CERTIFICATE_EXPIRED,
    rows=("N21", "C11"),
    leads=(
        leads_to(KUBELET_CANNOT_START, via=ITSELF),
        leads_to(CANNOT_REACH_API_SERVER, via=ITSELF),
    ),
)
def client_certificate_file_expired(
    node: Subject, kept: Kept | None = given(_kept), lease: State = given(lease_state)
) -> Verdict:
    """The certificate in the kubelet's own file has expired.

    What it means: The API server answers 401 to the kubelet, or refuses its handshake.
    How it shows: kubelet-client-current.pem, or client-certificate-data of kubelet.conf, ended before the kubelet was
    refused ("Unauthorized", "tls: expired certificate", "bad certificate").
    What looks like it: A kubelet that does not reach the API server at all; the server's certificate that has expired.
    Source: Kubernetes v1.34 pkg/kubelet/certificate/kubelet.go (NewKubeletClientCertificateManager).
    """
    if kept is None:
        return unsure(
            f"until when the certificate of the kubelet of {node.name} is valid", CLIENT_CERTIFICATE.of(node=node.name)
        )
    certificate = kept.held.certificate
    valid = f"valid from {iso(certificate.not_before)} to {iso(certificate.not_after)}"
    evidence = Evidence(kept.held.at, f"the certificate of {certificate.called} is {valid}")
    if kept.now is None:
        return unsure("when the evidence was taken", CLIENT_CERTIFICATE.of(node=node.name))
    if kept.now <= certificate.not_after:
        return Absent((evidence,))
    said = lease.holds
    if said is not None and not _REFUSED.search(said.reason):
        return Absent((said.evidence("the kubelet gives another reason"),))
    because = (evidence, said.evidence("the API server refuses it")) if said is not None else (evidence,)
    path = kept.held.path or CERTIFICATE
    return Present(because, {"when": f" on {iso(certificate.not_after)}", "path": path}, basis=Basis.RECOMPUTED)
