"""The words for what keeps a pod off a node, shared by recomputation and by the reading of scheduler messages."""

from __future__ import annotations

from enum import Enum

import msgspec

from kwhy.facts.objects import Taint
from kwhy.model.document import Locator
from kwhy.model.subject import Subject


class Kind(Enum):
    """One kind per scheduler plugin that refuses (Kubernetes v1.34 pkg/scheduler/framework/plugins)."""

    CORDONED = "cordoned"
    CONDITION_TAINT = "tainted by a node condition"
    TAINT = "taint not tolerated"
    SELECTOR = "node selector or affinity"
    NODE_NAME = "node name"
    RESOURCES = "resources"
    PORTS = "host ports"
    POD_AFFINITY = "pod affinity"
    POD_ANTI_AFFINITY = "pod anti-affinity"
    TOPOLOGY_SPREAD = "topology spread"
    CLAIM_UNBOUND = "claim not bound"
    CLAIM_MISSING = "claim missing"
    VOLUME_PLACE = "volume bound to other nodes"
    VOLUME_LIMIT = "volume limit"
    VOLUME_IN_USE = "volume in use"
    OTHER = "other"


#: Taints that components set from a node's state (k8s.io/api v0.34 core/v1 well_known_taints.go; cloud-provider
#: api/well_known_taints.go). The state is the cause, not the taint. "unschedulable" is the cordon.
CONDITION_TAINTS = frozenset(
    {
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
        "node.kubernetes.io/disk-pressure",
        "node.kubernetes.io/memory-pressure",
        "node.kubernetes.io/pid-pressure",
        "node.kubernetes.io/network-unavailable",
        "node.cloudprovider.kubernetes.io/uninitialized",
        "node.cloudprovider.kubernetes.io/shutdown",
    }
)
CORDON_TAINT = "node.kubernetes.io/unschedulable"
#: kubeadm sets these on purpose: ordinary pods do not belong on control-plane nodes.
CONTROL_PLANE_TAINTS = frozenset({"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"})


class Obstacle(msgspec.Struct, frozen=True):
    """One reason why one node does not take the pod. ``says`` is a sentence part: "has taint a=b:NoSchedule".

    ``key`` is the resource, taint key or port that is concerned. ``beyond`` marks a request that exceeds what the node
    has even when it is empty. ``by_design``: the obstacle is meant to be there (control-plane nodes).
    """

    kind: Kind
    says: str
    at: Locator | None = None
    key: str = ""
    beyond: bool = False
    by_design: bool = False
    taint: Taint | None = None


class NodeFit(msgspec.Struct, frozen=True):
    """What keeps a pod off one node. ``unknown`` names predicates that could not be computed and why.

    ``alike`` are further nodes with the same kinds of obstacles, for which no fit of their own is kept.
    """

    node: Subject
    obstacles: tuple[Obstacle, ...]
    unknown: tuple[str, ...] = ()
    alike: tuple[Subject, ...] = ()

    @property
    def kinds(self) -> frozenset[Kind]:
        return frozenset(obstacle.kind for obstacle in self.obstacles)
