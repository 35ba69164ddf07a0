"""Rarer obstacles: host ports, anti-affinity, affinity, topology spread, volumes."""

from __future__ import annotations

from kwhy.knowledge.pod.unscheduled import UNSCHEDULED
from kwhy.knowledge.scheduling.judging import decides
from kwhy.knowledge.scheduling.obstacles import Kind
from kwhy.knowledge.scheduling.placement import Placement, placement
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

HOST_PORT_TAKEN = Condition(
    code="scheduling.host-port-taken",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} wants a host port that is taken on every node it may use",
    summary="Another pod on each node already has the host port.",
)
ANTI_AFFINITY = Condition(
    code="scheduling.anti-affinity-leaves-no-node",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} refuses to share a node with pods that run on every node",
    summary="Required pod anti-affinity leaves no node: there are as many such pods as places, or more.",
)
AFFINITY = Condition(
    code="scheduling.affinity-finds-no-pod",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} must run beside pods that run nowhere it may go",
    summary="Required pod affinity finds no matching pod on a node that is open to this pod.",
)
TOPOLOGY_SPREAD = Condition(
    code="scheduling.topology-spread-leaves-no-node",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} cannot be spread as its topology constraints demand",
    summary="Any free place would make the skew over the topology domains larger than maxSkew.",
)
VOLUME_ELSEWHERE = Condition(
    code="scheduling.volume-bound-elsewhere",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} mounts a volume that only other nodes can reach",
    summary="The volume's node affinity (zone, host) excludes every node that the pod may use.",
)
VOLUME_LIMIT = Condition(
    code="scheduling.volume-limit-reached",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} mounts more volumes than nodes can attach",
    summary="Every node that the pod may use has reached its limit of attachable volumes.",
)


@rule(HOST_PORT_TAKEN, rows=("K1", "P17"), leads=(leads_to(UNSCHEDULED, via=ITSELF),))
def host_port_taken(pod: PodView, where: Placement = given(placement)) -> Verdict:
    """Its host port is taken.

    What it means: One pod per node can have a host port; the number of nodes limits the replicas.
    How it shows: Recomputed from hostPort of the pods on each node, or "didn't have free ports for the requested pod
    ports".
    What looks like it: A process outside Kubernetes that listens on the port: the container then fails to bind.
    Source: Kubernetes v1.34 pkg/scheduler/framework/plugins/nodeports/node_ports.go.
    """
    return decides(where, Kind.PORTS, {})


@rule(ANTI_AFFINITY, rows=("K1",), leads=(leads_to(UNSCHEDULED, via=ITSELF),))
def anti_affinity(pod: PodView, where: Placement = given(placement)) -> Verdict:
    """Anti-affinity leaves no node.

    What it means: Each topology domain already runs a pod that this one must not join, or that refuses it.
    How it shows: Recomputed for the pod's own rules; the scheduler's words for those of running pods.
    What looks like it: Preferred anti-affinity never blocks.
    Source: Kubernetes v1.34 pkg/scheduler/framework/plugins/interpodaffinity/filtering.go.
    """
    return decides(where, Kind.POD_ANTI_AFFINITY, {})


@rule(AFFINITY, rows=("K1",), leads=(leads_to(UNSCHEDULED, via=ITSELF),))
def affinity(pod: PodView, where: Placement = given(placement)) -> Verdict:
    """Affinity finds no pod to join.

    What it means: The pods it must run beside do not run, or run on nodes that are closed to it.
    How it shows: The scheduler says "didn't match pod affinity rules".
    What looks like it: The first pod of a group that selects itself is allowed.
    Source: Kubernetes v1.34 pkg/scheduler/framework/plugins/interpodaffinity/filtering.go (satisfyPodAffinity).
    """
    return decides(where, Kind.POD_AFFINITY, {})


@rule(TOPOLOGY_SPREAD, rows=("K1",), leads=(leads_to(UNSCHEDULED, via=ITSELF),))
def topology_spread(pod: PodView, where: Placement = given(placement)) -> Verdict:
    """Topology spread constraints leave no node.

    What it means: The domains with fewer pods have no node that takes the pod.
    How it shows: The scheduler says "didn't match pod topology spread constraints".
    What looks like it: whenUnsatisfiable ScheduleAnyway never blocks.
    Source: Kubernetes v1.34 pkg/scheduler/framework/plugins/podtopologyspread/filtering.go.
    """
    return decides(where, Kind.TOPOLOGY_SPREAD, {})


@rule(VOLUME_ELSEWHERE, rows=("K1", "V1"), leads=(leads_to(UNSCHEDULED, via=ITSELF),))
def volume_elsewhere(pod: PodView, where: Placement = given(placement)) -> Verdict:
    """Its volume lives elsewhere.

    What it means: A local or zonal volume ties the pod to nodes that are gone, full or closed.
    How it shows: The scheduler says "had volume node affinity conflict" or "had no available volume zone".
    What looks like it: A claim that is not bound yet.
    Source: Kubernetes v1.34 pkg/scheduler/framework/plugins/volumebinding/binder.go; volumezone/volume_zone.go.
    """
    return decides(where, Kind.VOLUME_PLACE, {})


@rule(VOLUME_LIMIT, rows=("K1",), leads=(leads_to(UNSCHEDULED, via=ITSELF),))
def volume_limit(pod: PodView, where: Placement = given(placement)) -> Verdict:
    """The volume limit is reached.

    What it means: A node's CSI driver attaches no more volumes.
    How it shows: The scheduler says "exceed max volume count".
    What looks like it: Volumes that are still attached though their pods are gone.
    Source: Kubernetes v1.34 pkg/scheduler/framework/plugins/nodevolumelimits/csi.go.
    """
    return decides(where, Kind.VOLUME_LIMIT, {})
