"""The container runtime of a node has loaded no pod network."""

from __future__ import annotations

from kwhy.facts.log_patterns.cni import LOAD_FAILED, NOT_INITIALIZED
from kwhy.facts.logs import LogHit
from kwhy.facts.runtime import RuntimeCondition
from kwhy.knowledge.kubelet.words import State, complaint_state
from kwhy.knowledge.node.not_ready import NODE_NOT_READY
from kwhy.knowledge.runtime.sandbox_fails_at_once import SANDBOX_FAILS, saying
from kwhy.model.condition import Condition, Nature
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.node import KUBELET_LOG, RUNTIME_STATUS
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

CNI_NOT_INITIALIZED = Condition(
    code="cni.not-initialized",
    kind="Node",
    nature=Nature.EFFECT,
    title="The container runtime of {subject} has loaded no pod network",
    summary="The runtime reports NetworkReady=false because it has no CNI configuration that it could use.",
)

#: github.com/containerd/go-cni errors.go ErrCNINotInitialized, which containerd hands on; dockershim's
#: network/cni/cni.go Status (v1.18).
_SIGN = expression("cni plugin not initialized|cni config uninitialized")


def _unless_other_reason(scene: Scene, node: Subject) -> list[Subject]:
    """The node itself, unless its Ready condition gives a reason that is not the pod network's."""
    ready = NodeView(scene, node).condition("Ready")
    if ready.observed and ready.value is not None:
        message = ready.value.message or ""
        if ready.value.status == "Unknown" or (message and "etwork" not in message):
            return []
    return [node]


WANTS_NETWORK = Relation("is not ready for want of a network", _unless_other_reason)


def says_not_initialized(scene: Scene, node: Subject) -> State:
    """The kubelet's log, with what it says about the pod network"""
    return complaint_state(scene, node, NOT_INITIALIZED)


def load_failure(scene: Scene, node: Subject) -> tuple[str, Evidence] | None:
    """The runtime's log, with the last error of loading a network"""
    hits = [hit for hit in scene.facts_on(node, LogHit) if hit.pattern == LOAD_FAILED]
    if not hits:
        return None
    hit = max(hits, key=lambda hit: hit.last.line)
    error = hit.last.fields.get("error", "")
    return error, Evidence(hit.locate(hit.last), f"the runtime could not load a network: {error}")


def runtime_status(scene: Scene, node: Subject) -> tuple[Evidence, ...]:
    """What the runtime's own status says of the pod network"""
    return tuple(
        Evidence(condition.at, f"the runtime says NetworkReady=false: {condition.message}")
        for condition in scene.facts_on(node, RuntimeCondition)
        if condition.type == "NetworkReady" and not condition.status and _SIGN.search(condition.message)
    )


@rule(
    CNI_NOT_INITIALIZED,
    rows=("N23",),
    leads=(leads_to(NODE_NOT_READY, via=WANTS_NETWORK), leads_to(SANDBOX_FAILS, via=saying(_SIGN))),
)
def cni_not_initialized(
    node: NodeView,
    log: State = given(says_not_initialized),
    runtime: tuple[Evidence, ...] = given(runtime_status),
    failure: tuple[str, Evidence] | None = given(load_failure),
) -> Verdict:
    """The runtime has no pod network.

    What it means: No pod of this node can get a network, and the kubelet reports the node as not ready.
    How it shows: Ready=False with "cni plugin not initialized" (containerd) or "cni config uninitialized" (dockershim);
    the same in the kubelet's log every five seconds; NetworkReady=false in the runtime's status.
    What looks like it: A node whose network plugin fails for single pods stays Ready. "cni plugin not initialized" does
    not tell a missing configuration from one that cannot be used: the runtime's log does.
    Source: containerd v1.6 pkg/cri/server/status.go (networkNotReadyReason); github.com/containerd/go-cni v1.1 cni.go
    (Status); Kubernetes v1.34 pkg/kubelet/kubelet.go (updateRuntimeUp).
    """
    beside = (*runtime, *((failure[1],) if failure is not None else ()))
    ready = node.condition("Ready")
    if ready.observed and ready.value is not None and ready.value.status != "Unknown":
        message = ready.value.message or ""
        if _SIGN.search(message):
            return Present((Evidence(ready.place, message), *beside))
        if ready.value.status == "True" or message:
            return Absent(
                (Evidence(ready.place, f"the kubelet gives another reason: {message or 'none, it is Ready'}"),)
            )
    if log.holds is not None:
        said = log.holds.evidence("the kubelet's last word about the pod network")
        return Present((said, *beside), since=log.holds.since)
    if log.over is not None:
        return Absent((log.over,))
    if runtime:
        return Present(beside)
    return unsure(
        f"what the runtime of {node.name} says about its network",
        RUNTIME_STATUS.of(node=node.name),
        KUBELET_LOG.of(node=node.name),
    )
