"""A node is not Ready, as its kubelet's log alone tells."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.kubelet.words import State, unready_state
from kwhy.knowledge.node.not_ready import KEPT_FROM_RUNNING, NODE_NOT_READY
from kwhy.knowledge.node.pods_set_unready import PODS_SET_UNREADY
from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE
from kwhy.scene.relations import RUNS_ON
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView


def _complaining(scene: Scene) -> Iterable[Subject]:
    """Hosts whose kubelet's log ends with a reason why the node is not ready."""
    return [node for node in scene.hosts.all if scene.derive(unready_state, node).holds is not None]


@rule(
    NODE_NOT_READY,
    rows=("N1",),
    leads=(leads_to(POD_FAILING, via=KEPT_FROM_RUNNING), leads_to(PODS_SET_UNREADY, via=RUNS_ON)),
    among=_complaining,
    symptom=True,
)
def not_ready_in_log(node: NodeView, state: State = given(unready_state)) -> Verdict:
    """The kubelet's log ends with a reason why its node is not Ready.

    What it means: The kubelet reports Ready=False for as long as it skips pod synchronization or has no network.
    How it shows: "Skipping pod synchronization", "Container runtime network not ready" or "Node became not ready" is
    the last word about the node; or the kubelet has failed to renew its lease for longer than the controller's grace.
    What looks like it: The same lines in the first seconds after each start, and lines that the kubelet has not
    repeated although it logged on: it repeats them every five seconds. Where the Ready condition itself was shown, that
    decides.
    Source: Kubernetes v1.34 pkg/kubelet/kubelet.go (syncLoop, updateRuntimeUp), pkg/kubelet/nodestatus/setters.go
    (ReadyCondition reads the same runtime, storage and network errors).
    """
    if node.condition("Ready").observed or node.printed("STATUS").observed:
        return unsure(f"what the log says beside the Ready condition of {node.name}")
    if state.holds is not None:
        reason = state.holds.reason
        said = state.holds.evidence(f"the kubelet's last word about its node: {reason or 'not ready'}")
        return Present((said,), {"reason": f": {reason}" if reason else "", "status": "False"}, since=state.holds.since)
    if state.over is not None:
        return Absent((state.over,))
    return unsure(f"the Ready condition of {node.name}", DESCRIBE.of(kind="node", name=node.name))
