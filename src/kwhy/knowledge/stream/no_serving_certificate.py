"""A kubelet has no certificate to serve with."""

from __future__ import annotations

from kwhy.facts.kubectl import StreamFailed
from kwhy.knowledge.stream.failures import evidence, failures_of_node
from kwhy.knowledge.stream.kubelet_not_reached import KUBELET_NOT_REACHED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import NodeView

NO_SERVING_CERTIFICATE = Condition(
    code="stream.no-serving-certificate",
    kind="Node",
    nature=Nature.ROOT,
    title="The kubelet of {subject} has no serving certificate: nobody approved its request for one",
    summary="With serverTLSBootstrap the kubelet asks the cluster for its serving certificate, and waits for approval.",
    remedies=(
        Remedy(
            id="approve-the-request",
            title="Approve the kubelet's request",
            when="now",
            risk="medium",
            steps=(
                Step(
                    "Find requests of signer kubernetes.io/kubelet-serving that are Pending.",
                    "kubectl get csr --sort-by=.metadata.creationTimestamp",
                ),
                Step(
                    "See that requestor, names and addresses are those of the node, then approve it.",
                    "kubectl certificate approve CSR_NAME",
                ),
            ),
            verify=(Step("Logs of a pod there can be read.", "kubectl get --raw /api/v1/nodes/{name}/proxy/healthz"),),
            undo=(
                Step(
                    "A certificate that was given cannot be taken back; with serverTLSBootstrap: false and a restart "
                    "the kubelet signs its own again."
                ),
            ),
        ),
        Remedy(
            id="approve-by-a-controller",
            title="Have such requests approved by a controller that checks them",
            when="lasting",
            risk="low",
            steps=(Step("Install an approver for kubelet serving certificates (Kubernetes itself has none)."),),
            verify=(Step("No request of this signer stays Pending.", "kubectl get csr"),),
            undo=(Step("Take the approver away."),),
        ),
    ),
)


@rule(NO_SERVING_CERTIFICATE, rows=("N18",), leads=(leads_to(KUBELET_NOT_REACHED, via=ITSELF),))
def no_serving_certificate(node: NodeView, failed: list[StreamFailed] = given(failures_of_node)) -> Verdict:
    """The kubelet has no serving certificate.

    What it means: Its certificate manager waits for a CertificateSigningRequest to be approved; until then each TLS
    handshake ends with the alert internal_error. Its own way to the API server uses another certificate and works.
    How it shows: "remote error: tls: internal error" for requests to port 10250; the kubelet logs "no serving
    certificate available for the kubelet".
    What looks like it: A certificate that the API server does not trust, or whose names do not fit, is refused with
    x509 words.
    Source: Kubernetes v1.34 pkg/kubelet/certificate/kubelet.go and pkg/kubelet/kubelet.go (GetCertificate); Go
    crypto/tls (an error of GetCertificate is sent as alert 80, internal_error).
    """
    said = [one for one in failed if one.kind == "no-serving-certificate"]
    if said:
        return Present(tuple(dict.fromkeys(evidence(one) for one in said))[:2])
    if failed:
        return Absent((evidence(failed[0]),))
    return unsure(f"what kubectl logs says for pods of {node.name}")
