"""The kubelet posts no status of its node any more."""

from __future__ import annotations

from kwhy.facts.objects import Lease
from kwhy.knowledge.kubelet.words import GRACE, State, lease_state, unready_state
from kwhy.knowledge.node.not_ready import NODE_NOT_READY
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import Moment
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

NOT_POSTING = Condition(
    code="kubelet.not-posting",
    kind="Node",
    nature=Nature.EFFECT,
    title="The kubelet of {subject} posts no status{since_when}",
    summary="Neither the node's status nor its Lease is renewed, so the node controller set Ready to Unknown.",
)

#: Where the Leases of nodes are kept (k8s.io/api v0.34 core/v1 NamespaceNodeLease).
LEASE_NAMESPACE = "kube-node-lease"
#: What the node controller writes as reason (pkg/controller/nodelifecycle/node_lifecycle_controller.go v1.34).
SILENT = ("NodeStatusUnknown", "NodeStatusNeverUpdated")


def lease_of(scene: Scene, node: Subject) -> tuple[str, Evidence] | None:
    """The node's Lease in kube-node-lease"""
    for observation in scene.observations(Subject("Lease", node.name, LEASE_NAMESPACE)):
        struct = observation.object
        renewed = struct.spec.renew_time if isinstance(struct, Lease) else None
        if isinstance(renewed, str):
            return renewed, Evidence(observation.field_at("spec.renewTime"), f"its Lease was last renewed at {renewed}")
    return None


@rule(NOT_POSTING, rows=("N1",), leads=(leads_to(NODE_NOT_READY, via=ITSELF),))
def not_posting(
    node: NodeView,
    lease: tuple[str, Evidence] | None = given(lease_of),
    log: State = given(lease_state),
    said: State = given(unready_state),
) -> Verdict:
    """The kubelet posts no status.

    What it means: The controller has heard nothing for node-monitor-grace-period. The kubelet is stopped or hangs, it
    cannot reach the API server, or the whole node is gone; pods on it may well go on running.
    How it shows: Ready is Unknown with reason NodeStatusUnknown; the Lease's renewTime stands still.
    What looks like it: Ready False is the kubelet's own word: it is alive. kubectl prints NotReady for both. Where all
    nodes turn Unknown at once, look at the API server, etcd or the network between.
    Source: Kubernetes v1.34 pkg/controller/nodelifecycle/node_lifecycle_controller.go (tryUpdateNodeHealth).
    """
    ready = node.condition("Ready")
    if ready.observed and ready.value is not None:
        condition = ready.value
        if condition.status != "Unknown":
            return Absent((Evidence(ready.place, f"the kubelet itself reports Ready={condition.status}"),))
        if condition.reason and condition.reason not in SILENT:
            return unsure(f"why Ready of {node.name} is Unknown", DESCRIBE.of(kind="node", name=node.name))
        heard, changed = (parse_timestamp(t) for t in (condition.last_heartbeat_time, condition.last_transition_time))
        because = (Evidence(ready.place, condition.message or "Ready is Unknown"), *((lease[1],) if lease else ()))
        since_when = f" since {condition.last_heartbeat_time}" if heard is not None else ""
        return Present(because, {"since_when": since_when}, since=Moment(heard, changed))
    held = log.holds
    if held is not None and _seconds(held.first.clock, held.sample.clock) >= GRACE:
        silent = held.evidence(
            "the kubelet has failed to renew its lease for longer than the controller's grace period"
        )
        return Present((silent,), {"since_when": ""}, since=held.since)
    if held is None and said.holds is not None:
        return Absent((said.holds.evidence("the kubelet is alive and says itself why the node is not ready"),))
    return unsure(f"the Ready condition of {node.name}", DESCRIBE.of(kind="node", name=node.name))


def _seconds(first: float | None, last: float | None) -> float:
    return last - first if first is not None and last is not None else 0.0
