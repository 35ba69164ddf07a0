"""A node's Ready condition is not True."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.objects import ApiObject, Node, Observation
from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.knowledge.pod.unscheduled import UNSCHEDULED
from kwhy.knowledge.scheduling.placement import CLOSED_BY_STATE
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import Moment, by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.recency import known_by_events, unanswered
from kwhy.scene.relations import node_of_pod
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView, PodView

NODE_NOT_READY = Condition(
    code="node.not-ready",
    kind="Node",
    nature=Nature.EFFECT,
    title="{subject} is not Ready{reason}",
    summary="The node's Ready condition is False (the kubelet says why) or Unknown (the kubelet is silent).",
)


def _quiet(struct: ApiObject) -> bool:
    conditions = struct.status.conditions if isinstance(struct, Node) else None
    if not isinstance(conditions, list):
        return False
    return any(c.type == "Ready" and c.status == "True" for c in conditions)


def _quiet_row(observation: Observation) -> bool:
    words = (observation.printed or {}).get("STATUS", "").split(",")
    return "Ready" in words if words != [""] else _quiet(observation.object)


def _candidates(scene: Scene) -> Iterable[Subject]:
    return scene.suspicious("Node", _quiet, _quiet_row)


def _kept_from_running(scene: Scene, pod: Subject) -> list[Subject]:
    """The node of a pod that did not start, or stopped being ready, without a container failing by itself."""
    view = PodView(scene, pod)
    for statuses in (view.container_statuses, view.init_container_statuses):
        for status in statuses.value if statuses.observed else []:
            waiting = getattr(status.state, "waiting", None)
            if waiting is not None and waiting.reason not in ("ContainerCreating", "PodInitializing", ""):
                return []
    return node_of_pod(scene, pod)


KEPT_FROM_RUNNING = Relation("is to run on", _kept_from_running)


@rule(
    NODE_NOT_READY,
    rows=("N1",),
    leads=(leads_to(POD_FAILING, via=KEPT_FROM_RUNNING), leads_to(UNSCHEDULED, via=CLOSED_BY_STATE)),
    among=_candidates,
    symptom=True,
)
def not_ready(node: NodeView) -> Verdict:
    """The node is not Ready.

    What it means: The scheduler places no new pods here and, after a toleration of 300 s by default, pods are evicted.
    How it shows: Condition Ready is False with the kubelet's own reason, or Unknown with reason NodeStatusUnknown,
    which the node controller sets when heartbeats (Lease and NodeStatus) stop for node-monitor-grace-period.
    What looks like it: False means that the kubelet is alive and says why; Unknown means that it is silent, or that it
    cannot reach the API server. kubectl prints NotReady for both.
    Source: Kubernetes v1.34 pkg/controller/nodelifecycle/node_lifecycle_controller.go (tryUpdateNodeHealth);
    pkg/kubelet/nodestatus/setters.go (ReadyCondition); pkg/printers/internalversion/printers.go (printNode).
    """
    ready = node.condition("Ready")
    if ready.observed and ready.value is not None:
        condition = ready.value
        if condition.status == "True":
            return Absent((Evidence(ready.place, "the node reports Ready"),))
        began = parse_timestamp(condition.last_transition_time)
        reason = condition.message or condition.reason
        who = "the node controller has not heard from it" if condition.status == "Unknown" else "its kubelet says why"
        return Present(
            (Evidence(ready.place, f"Ready is {condition.status}: {who}"),),
            {"reason": f": {reason}" if reason else "", "status": condition.status},
            since=Moment(began, began),
        )
    printed = node.printed("STATUS")
    words = printed.value.split(",")
    if "NotReady" in words or "Unknown" in words:
        return Present((Evidence(printed.place, f"kubectl prints the node as {printed.value}"),), {"reason": ""})
    if "Ready" in words:
        return Absent((Evidence(printed.place, "kubectl prints the node as Ready"),))
    return unsure(f"the Ready condition of {node.name}", *node.probes())


def _known_by_events(scene: Scene) -> Iterable[Subject]:
    return known_by_events(scene, "Node")


@rule(NODE_NOT_READY, rows=("N1",), among=_known_by_events, symptom=True)
def not_ready_by_events(node: NodeView) -> Verdict:
    """The node is not Ready, as events say.

    What it means: Only events were shown; the newest of them says that the node turned NotReady.
    How it shows: NodeNotReady within the last ten minutes, and no NodeReady after it.
    What looks like it: NodeNotReady about a pod says that the pod's node is not Ready; it regards the pod.
    Source: Kubernetes v1.34 pkg/controller/nodelifecycle, pkg/kubelet/kubelet_node_status.go (recordNodeStatusEvent).
    """
    failure = None if node.observations else unanswered(node.scene, node.subject, {"NodeNotReady": ("NodeReady",)})
    if failure is None:
        return unsure(f"the Ready condition of {node.name}", *node.probes())
    return Present((Evidence(failure.at, failure.message),), {"reason": ""}, since=by(failure.first))
