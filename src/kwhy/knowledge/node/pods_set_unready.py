"""The node controller set the pods of a node to not ready."""

from __future__ import annotations

from kwhy.knowledge.service.no_ready_endpoints import NO_READY_ENDPOINTS
from kwhy.knowledge.workload.short_of_pods import SHORT_OF_PODS
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import leads_to, rule
from kwhy.model.time import Moment
from kwhy.model.verdict import Absent, Evidence, Present, Verdict
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.relations import OWNS, SELECTS
from kwhy.scene.views import PodView

PODS_SET_UNREADY = Condition(
    code="node.pods-set-unready",
    kind="Pod",
    nature=Nature.EFFECT,
    title="Pods of {subject} count as not ready because their node is not",
    summary="The containers were ready when last heard of; the node controller set the pod's Ready condition to False.",
)


@rule(
    PODS_SET_UNREADY,
    rows=("N1", "N30"),
    leads=(leads_to(SHORT_OF_PODS, via=OWNS), leads_to(NO_READY_ENDPOINTS, via=SELECTS)),
)
def pods_set_unready(pod: PodView) -> Verdict:
    """The pod is not ready because its node is not.

    What it means: Nobody reports the pod's state any more, so it is taken out of its Services; it may well still run.
    How it shows: Ready is False while every container is ready; event NodeNotReady "Node is not ready" about the pod.
    What looks like it: A readiness probe that fails makes a container not ready; a readiness gate makes the pod not
    ready with its own reason.
    Source: Kubernetes v1.34 pkg/controller/util/node/controller_utils.go (MarkPodsNotReady).
    """
    ready = pod.condition("Ready")
    if ready.value is not None and ready.value.status == "True":
        return Absent((Evidence(ready.place, "the pod is ready"),))
    statuses = pod.container_statuses
    if pod.phase.value != "Running" or not statuses.value:
        return Absent((Evidence(pod.phase.place, f"the pod itself is {pod.phase.value}"),))
    waiting = [s for s in statuses.value if s.ready is not True]
    if waiting:
        return Absent((Evidence(statuses.place, f"container {waiting[0].name} itself is not ready"),))
    began = parse_timestamp(ready.value.last_transition_time) if ready.value is not None else None
    because = [Evidence(ready.place, "Ready is not True although every container is ready")]
    told = [e for e in pod.scene.events_about(pod.subject) if e.reason == "NodeNotReady"]
    because += [Evidence(event.at, event.message) for event in told[:1]]
    if not told and ready.value is not None and ready.value.reason:
        return Absent((Evidence(ready.place, f"the pod gives its own reason: {ready.value.reason}"),))
    return Present(tuple(because), since=Moment(None, began))
