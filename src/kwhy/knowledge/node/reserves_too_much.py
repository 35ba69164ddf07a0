"""A node keeps so much from pods that what would fit it does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from kwhy.facts.objects import Node
from kwhy.knowledge.node.pressure import withheld
from kwhy.knowledge.scheduling.fit import amounts_of, requests_of, shown_pod
from kwhy.knowledge.scheduling.nodes_full import NODES_FULL
from kwhy.knowledge.scheduling.obstacles import Kind
from kwhy.knowledge.scheduling.placement import placement
from kwhy.knowledge.scheduling.request_too_large import REQUEST_TOO_LARGE
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

RESERVES_TOO_MUCH = Condition(
    code="node.reserves-too-much",
    kind="Node",
    nature=Nature.ROOT,
    title="{subject} keeps {share} of its {resource} from pods",
    summary="What the kubelet reserves and keeps free takes most of the node: Allocatable is far below Capacity.",
    remedies=(
        Remedy(
            id="reserve-less",
            title="Reserve what the system needs",
            when="now",
            risk="medium",
            steps=(
                Step(
                    "See systemReserved, kubeReserved and evictionHard.",
                    "kubectl get --raw /api/v1/nodes/{name}/proxy/configz",
                ),
                Step("See what changed: an upgrade, a new node image, a new KubeletConfiguration."),
                Step(
                    "Set them back in the kubelet's configuration file and restart the kubelet; running pods stay.",
                    "systemctl restart kubelet",
                ),
            ),
            verify=(
                Step("Allocatable has grown.", "kubectl describe node {name}"),
                Step("The pods get a node.", "kubectl get pods -A -o wide"),
            ),
            undo=(Step("Put the former configuration file back and restart the kubelet."),),
        ),
    ),
)

#: Kubernetes' guides and the clouds reserve up to 25 % of the first 4 GiB and less of the rest
#: (kubernetes.io/docs/tasks/administer-cluster/reserve-compute-resources; GKE and AKS document their formulas); with
#: the eviction threshold a node of 1 GiB comes to 45 %.
UNUSUAL_SHARE = Decimal("0.5")
RESOURCES = ("memory", "cpu")


def _withholding(scene: Scene) -> dict[Subject, Mapping[str, Decimal]]:
    """The nodes that keep an unusual share from pods, with their capacity: hardly any."""
    found = {}
    for node in scene.subjects("Node"):
        view = NodeView(scene, node)
        shares = [kept[0] for resource in RESOURCES if (kept := withheld(view, resource)) is not None]
        if shares and max(shares) > UNUSUAL_SHARE:
            found[node] = _capacity(scene, node)
    return found


def _capacity(scene: Scene, node: Subject) -> Mapping[str, Decimal]:
    for observation in scene.observations(node):
        struct = observation.object
        if isinstance(struct, Node) and isinstance(struct.status.capacity, dict):
            return amounts_of(struct.status.capacity)
    return {}


def _too_small_by_reservation(scene: Scene, pod: Subject) -> Iterable[Subject]:
    """Nodes that would hold the pod if they gave pods all they have."""
    withholding = scene.derive_once(_withholding)
    shown = shown_pod(scene, pod) if withholding else None
    if shown is None:
        return
    wanted = requests_of(shown[0])
    for fit in scene.derive(placement, pod).fits:
        if not any(o.kind is Kind.RESOURCES for o in fit.obstacles):
            continue
        for node in (fit.node, *fit.alike):
            whole = withholding.get(node)
            if whole and all(wanted.get(name, Decimal(0)) <= whole.get(name, Decimal(0)) for name in RESOURCES):
                yield node


COULD_HOLD = Relation("is kept off by what is reserved on", _too_small_by_reservation)


@rule(
    RESERVES_TOO_MUCH,
    rows=("N26",),
    leads=(leads_to(REQUEST_TOO_LARGE, via=COULD_HOLD), leads_to(NODES_FULL, via=COULD_HOLD)),
)
def reserves_too_much(node: NodeView) -> Verdict:
    """The node keeps most of itself from pods.

    What it means: Allocatable = Capacity - systemReserved - kubeReserved - hard eviction threshold. Pods that ran
    before the reservation grew stay until they are replaced; the new ones find no room.
    How it shows: More than half of a resource is missing from Allocatable, and what is to run would fit the Capacity.
    What looks like it: A request larger than the node itself. Huge pages and device plugins change other resources.
    A node that is full of pods has a normal Allocatable.
    Source: Kubernetes v1.34 pkg/kubelet/cm/node_container_manager_linux.go (GetNodeAllocatableReservation).
    """
    shares = [(resource, kept) for resource in RESOURCES if (kept := withheld(node, resource)) is not None]
    if not shares:
        if not node.allocatable.observed:
            return unsure(f"what {node.name} offers to pods", *node.probes())
        return Absent((Evidence(node.allocatable.place, "all that it has is offered to pods"),))
    resource, (share, evidence) = max(shares, key=lambda each: each[1][0])
    if share <= UNUSUAL_SHARE:
        return Absent((Evidence(evidence.at, f"{share:.0%} of its {resource} is kept from pods"),))
    return Present((evidence,), {"share": f"{share:.0%}", "resource": resource}, basis=Basis.RECOMPUTED)
