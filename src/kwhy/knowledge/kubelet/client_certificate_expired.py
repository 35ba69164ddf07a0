"""The kubelet's client certificate has expired."""

from __future__ import annotations

from kwhy.facts.log_patterns.kubelet_start import CLIENT_CERTIFICATE_EXPIRED
from kwhy.knowledge.kubelet.cannot_reach_api_server import CANNOT_REACH_API_SERVER
from kwhy.knowledge.kubelet.cannot_start import KUBELET_CANNOT_START
from kwhy.knowledge.kubelet.start import Refusal, refused_by
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Present, Verdict, unsure
from kwhy.probes.node import KUBELET_LOG
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
