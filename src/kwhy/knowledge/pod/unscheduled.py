"""A pod has no node."""

from __future__ import annotations

from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.knowledge.scheduling.placement import newest_refusal
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.time import Moment, by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE_NAMESPACED
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.events import MergedEvent
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

UNSCHEDULED = Condition(
    code="pod.unscheduled",
    kind="Pod",
    nature=Nature.EFFECT,
    title="Pods of {subject} have no node",
    summary="The scheduler has not bound the pod to a node.",
)


@rule(UNSCHEDULED, rows=("K1", "K2"), leads=(leads_to(POD_FAILING, via=ITSELF),))
def unscheduled(pod: PodView, refusal: MergedEvent | None = given(newest_refusal)) -> Verdict:
    """The pod waits for a node.

    What it means: Nothing runs; no kubelet has the pod yet.
    How it shows: Condition PodScheduled is False, spec.nodeName is empty, or the newest scheduling event is a refusal.
    What looks like it: A Pending pod with a node waits for its kubelet: images, volumes, sandbox.
    Source: Kubernetes v1.34 pkg/scheduler/schedule_one.go (handleSchedulingFailure).
    """
    scheduled = pod.condition("PodScheduled")
    if scheduled.observed and scheduled.value is not None:
        if scheduled.value.status == "True":
            return Absent((Evidence(scheduled.place, "the scheduler has bound it"),))
        began = parse_timestamp(scheduled.value.last_transition_time)
        says = scheduled.value.message or "PodScheduled is False"
        return Present((Evidence(scheduled.place, says),), since=Moment(began, began))
    node = pod.node_name
    if node.observed and node.value:
        return Absent((Evidence(node.place, f"it is bound to {node.value}"),))
    bound = next((e for e in pod.scene.events_about(pod.subject) if e.reason == "Scheduled"), None)
    if bound is not None:
        return Absent((Evidence(bound.at, "the scheduler has bound it"),))
    if refusal is not None:
        return Present((Evidence(refusal.at, refusal.message),), since=by(refusal.first))
    if node.observed:
        return Present((Evidence(node.place, "no node is set"),))
    return unsure(
        f"whether {pod.subject} has a node",
        DESCRIBE_NAMESPACED.of(kind="pod", name=pod.name, namespace=pod.namespace),
    )
