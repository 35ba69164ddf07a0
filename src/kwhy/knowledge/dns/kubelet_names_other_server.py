"""The kubelet of a node gives its pods another name server than the cluster has."""

from __future__ import annotations

from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.dns.asking import ASKS_DNS_SERVICE, TOLD_BY_KUBELET, dns_address
from kwhy.knowledge.dns.told_addresses import Told, differing, expected_address, told_by
from kwhy.knowledge.service.consumers import CLUSTER_DNS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.document import Locator
from kwhy.model.probe import Probe
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.probes.kubectl import OBJECT
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView, ServiceView

KUBELET_SETTINGS = Probe(
    "kubectl get --raw /api/v1/nodes/{name}/proxy/configz", unlocks="what the kubelet gives pods as name server"
)

KUBELET_NAMES_OTHER = Condition(
    code="dns.kubelet-names-other-server",
    kind="Node",
    nature=Nature.ROOT,
    title="The kubelet of {subject} gives its pods name server {told}; the cluster's DNS is {address}",
    summary="clusterDNS of a kubelet is not the address of the DNS Service, so that its pods ask where nobody answers.",
    remedies=(
        Remedy(
            id="correct-cluster-dns",
            title="Correct clusterDNS of the kubelet",
            when="now",
            risk="medium",
            steps=(
                Step("Set clusterDNS to {address} (or flag --cluster-dns).", "vi /var/lib/kubelet/config.yaml"),
                Step("Restart the kubelet; pods keep running.", "systemctl restart kubelet"),
                Step("Replace the pods that were made meanwhile: a running pod keeps its resolv.conf."),
            ),
            verify=(Step("A new pod has the right server.", "kubectl exec POD -- cat /etc/resolv.conf"),),
            undo=(Step("Write the former value again and restart the kubelet."),),
        ),
    ),
)
SERVICE_HAS_OTHER = Condition(
    code="dns.service-has-other-address",
    kind="Service",
    nature=Nature.ROOT,
    title="{subject} has address {address}, and the kubelets give pods {told} as their name server",
    summary="The DNS Service was made anew with another address than the one that every pod asks.",
    remedies=(
        Remedy(
            id="give-the-address-back",
            title="Make the Service with the address that pods ask",
            when="now",
            risk="medium",
            steps=(
                Step("Keep the Service's manifest.", "kubectl get service {name} -n {namespace} -o yaml > dns.yaml"),
                Step("Delete it; nothing resolves names at its present address.", None),
                Step("Set spec.clusterIP to {told} in dns.yaml and create it.", "kubectl create -f dns.yaml"),
            ),
            verify=(Step("The address answers.", "nslookup kubernetes.default {told}"),),
            undo=(Step("Create the Service as it was."),),
        ),
    ),
)


def statements(scene: Scene, node: Subject) -> list[Told]:
    """What the kubelet gives pods as name server"""
    return told_by(scene, node)


@rule(KUBELET_NAMES_OTHER, rows=("D2", "D7"), leads=(leads_to(APP_ERRORS, via=TOLD_BY_KUBELET),))
def kubelet_names_other_server(node: NodeView, told: list[Told] = given(statements)) -> Verdict:
    """The kubelet of a node gives its pods another name server than the cluster has.

    What it means: The kubelet writes clusterDNS into resolv.conf of every pod that it makes; at another address nothing
    answers, so that lookups time out. Pods that were made before keep the right one.
    How it shows: The kubelet's configuration, a pod's resolv.conf, or "lookup web on ADDRESS:53" names an address that
    Service kube-dns does not have. Service kube-dns has the address that kubeadm gives it, the tenth of the network.
    What looks like it: node-local-dns (169.254.20.10). A pod with settings of its own. A Service that was made anew
    with another address: then all kubelets agree, on the tenth address of the network.
    Source: Kubernetes v1.34 pkg/kubelet/network/dns/dns.go; cmd/kubeadm/app/constants/constants.go (GetDNSIP).
    """
    scene = node.scene
    address = scene.derive_once(dns_address)
    if not told:
        return unsure(f"what the kubelet of {node.name} gives pods as name server", KUBELET_SETTINGS.of(name=node.name))
    if address is None:
        return Unsure((Gap("the address of the DNS Service", (_SERVICE,)),))
    wrong = differing(scene, node.subject)
    if wrong is None:
        return Absent((told[0].evidence,))
    expected = scene.derive_once(expected_address)
    if expected is None:
        return Unsure((Gap("which of kubelet and Service has the right address", (_API,)),), (wrong.evidence,))
    if expected in wrong.addresses:
        return Absent((Evidence(wrong.evidence.at, "it is the address that kubeadm gives the DNS"),))
    values = {"told": ", ".join(wrong.addresses), "address": address}
    return Present((wrong.evidence, _service_at(scene)), values, basis=Basis.RECOMPUTED)


@rule(SERVICE_HAS_OTHER, rows=("D7",), leads=(leads_to(APP_ERRORS, via=ASKS_DNS_SERVICE),))
def service_has_other_address(service: ServiceView) -> Verdict:
    """The DNS Service has another address than the one that pods ask.

    What it means: A Service that is deleted and made anew without clusterIP gets any free address; every running pod,
    and every kubelet, still names the old one.
    How it shows: What kubelets or pods are told is the tenth address of the Services' network (kubeadm's choice), and
    Service kube-dns has another one.
    What looks like it: A kubelet with a wrong clusterDNS: then the Service has the tenth address. Two DNS Services.
    Source: Kubernetes v1.34 cmd/kubeadm/app/constants/constants.go (GetDNSIP), pkg/registry/core/service/ipallocator.
    """
    scene = service.scene
    address, expected = scene.derive_once(dns_address), scene.derive_once(expected_address)
    if address is None:
        return Unsure((Gap("the address of the DNS Service", (_SERVICE,)),))
    told = [t for node in scene.subjects("Node") for t in told_by(scene, node)]
    if not told:
        return unsure("what the kubelets give pods as name server", KUBELET_SETTINGS.of())
    wrong = next((t for t in told if t is differing(scene, t.node)), None)
    if wrong is None:
        return Absent((_service_at(scene),))
    if expected is None:
        return Unsure((Gap("which of kubelet and Service has the right address", (_API,)),), (wrong.evidence,))
    if expected not in wrong.addresses:
        return Absent((Evidence(wrong.evidence.at, f"not the address {expected} that kubeadm gives the DNS"),))
    values = {"told": ", ".join(wrong.addresses), "address": address}
    return Present((_service_at(scene), wrong.evidence), values, basis=Basis.RECOMPUTED)


def _service_at(scene: Scene) -> Evidence:
    place: Locator = scene.observations(CLUSTER_DNS)[0].field_at("spec.clusterIP", "spec.clusterIP")
    return Evidence(place, f"{CLUSTER_DNS} has address {scene.derive_once(dns_address)}")


_SERVICE = OBJECT.of(kind="service", name="kube-dns", namespace="kube-system")
_API = OBJECT.of(kind="service", name="kubernetes", namespace="default")
