"""Nothing in the cluster gives Services of type LoadBalancer their addresses."""

from __future__ import annotations

from kwhy.facts.objects import Node, Pod
from kwhy.knowledge.service.load_balancer_pending import LOAD_BALANCER_PENDING
from kwhy.knowledge.service.load_balancer_words import controller_speaks
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import PODS
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import ServiceView

NO_LOAD_BALANCER_CONTROLLER = Condition(
    code="service.no-load-balancer-controller",
    kind="Service",
    nature=Nature.ROOT,
    title="{subject} asks for a load balancer, and nothing in the cluster provides any",
    summary="No cloud controller and no other provider of load balancers runs.",
    remedies=(
        Remedy(
            id="provide-or-do-without",
            title="Install a provider of load balancers, or reach the Service in another way",
            when="now",
            risk="medium",
            steps=(
                Step("See what runs.", "kubectl get pods -A -o wide"),
                Step(
                    "On a cloud, install its cloud controller manager; on own machines, MetalLB, kube-vip or the like "
                    "with a pool of addresses.",
                ),
                Step(
                    "Or make it a NodePort Service, or put an Ingress before it.",
                    "kubectl edit service {name} -n {namespace}",
                ),
            ),
            verify=(Step("An address appears.", "kubectl get service {name} -n {namespace}"),),
            undo=(Step("Uninstall the provider; set the type LoadBalancer again."),),
        ),
    ),
)

#: Parts of the names of pods that provide load balancers: cloud controller managers, MetalLB (metallb-controller, or
#: controller and speaker in metallb-system), kube-vip, k3s' svclb-…, AWS Load Balancer Controller, OpenELB, PureLB,
#: LoxiLB, cilium-operator (LB IPAM).
_PROVIDERS = (
    "cloud-controller", "ccm", "metallb", "kube-vip", "svclb-", "aws-load-balancer-controller", "openelb", "purelb",
    "loxilb", "porter-", "cilium-operator", "kube-lb", "klipper", "f5", "nsx-ncp",
)  # fmt: skip
_PROVIDER_NAMESPACES = frozenset({"metallb-system", "openelb-system", "purelb", "kube-vip"})
#: Set by cloud controllers on the nodes (k8s.io/api v0.34 core/v1 well_known_labels.go); k3s sets it, too.
_INSTANCE_TYPE = "node.kubernetes.io/instance-type"


def provider(scene: Scene, service: Subject) -> Evidence | None:
    """A pod that may provide load balancers, or a sign of a cloud that does so out of sight"""
    return scene.derive_once(_provider)


def _provider(scene: Scene) -> Evidence | None:
    for struct in scene.structs("Pod"):
        name, namespace = struct.metadata.name, struct.metadata.namespace
        if any(part in name for part in _PROVIDERS) or namespace in _PROVIDER_NAMESPACES:
            return Evidence(scene.observations(Subject("Pod", name, namespace or None))[0].at, f"pod {name} runs")
        if isinstance(struct, Pod) and "kube-controller-manager" in name and "--cloud-provider=" in str(struct.spec):
            at = scene.observations(Subject("Pod", name, namespace or None))[0].at
            return Evidence(at, f"{name} is given a cloud provider")
    for struct in scene.structs("Node"):
        labels = struct.metadata.labels if isinstance(struct, Node) else None
        if isinstance(labels, dict) and _INSTANCE_TYPE in labels:
            at = scene.observations(Subject("Node", struct.metadata.name))[0].at
            return Evidence(at, f"a cloud controller has labelled {struct.metadata.name}")
    return None


@rule(NO_LOAD_BALANCER_CONTROLLER, rows=("S5",), leads=(leads_to(LOAD_BALANCER_PENDING, via=ITSELF),))
def no_load_balancer_controller(service: ServiceView, found: Evidence | None = given(provider)) -> Verdict:
    """Nobody provides load balancers.

    What it means: Kubernetes itself makes none: the type LoadBalancer is a request to a program that this cluster does
    not have.
    How it shows: All pods and nodes are shown; no pod has the name of a known provider, no node the labels of a cloud
    controller, and no event about the Service comes from one.
    What looks like it: Managed clusters, whose cloud controller runs out of sight: it labels the nodes. A provider that
    runs and fails says so in events. A provider of another name.
    Source: Kubernetes v1.34 staging/src/k8s.io/cloud-provider/controllers/service/controller.go; kubernetes.io/docs,
    Service, type LoadBalancer ("you must provide one, or you can integrate your cluster with a cloud provider").
    """
    scene = service.scene
    word = controller_speaks(scene, service.subject)
    if word is not None:
        return Absent((Evidence(word.at, f"a controller says {word.reason}"),))
    if found is not None:
        return unsure(f"whether what runs serves {service.subject} ({found.says})", PODS.of())
    pods, nodes = scene.listing("Pod", None), scene.listing("Node", None)
    if pods is None or nodes is None:
        return unsure("whether anything in the cluster provides load balancers", PODS.of())
    because = (
        Evidence(service.type.place, "the Service asks for a load balancer"),
        Evidence(pods.at, "no listed pod provides any"),
        Evidence(nodes.at, "no cloud controller has labelled a node"),
    )
    return Present(because, basis=Basis.INFERRED)
