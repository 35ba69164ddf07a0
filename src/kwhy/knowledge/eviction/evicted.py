"""A pod was evicted."""

from __future__ import annotations

from enum import Enum

import msgspec

from kwhy.knowledge.container.runs import ask, quoted
from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.model.condition import Condition, Nature
from kwhy.model.document import Locator
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment, by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

EVICTED = Condition(
    code="pod.evicted",
    kind="Pod",
    nature=Nature.EFFECT,
    title="Pods of {subject} are evicted: {by}",
    summary="Something ended the pod although it ran: the kubelet, the scheduler, a taint, a call of the eviction API.",
)


class By(Enum):
    """Who ended the pod, and why."""

    OWN_LIMIT = "it used more than its own limit"
    NODE = "the node ran short of a resource"
    KUBELET = "the kubelet made room for a critical pod"
    SCHEDULER = "the scheduler preempted it for a pod of higher priority"
    TAINT = "its node has a taint that it does not tolerate"
    API = "somebody called the eviction API (a drain, an autoscaler)"
    GC = "its node is gone, or it was never started"
    UNKNOWN = "nothing says why"


# "Pod ephemeral local storage usage exceeds the total limit of containers 30Mi. ", 'Usage of EmptyDir volume "cache"
# exceeds the limit "10Mi". ', 'Container web exceeded its local ephemeral storage limit "10Mi". ' and before v1.19 'pod
# ephemeral local storage usage exceeds the total limit of containers {{10485760 0} {<nil>} 10Mi BinarySI}':
# Kubernetes v1.34 and v1.18 pkg/kubelet/eviction/helpers.go
OWN_LIMITS = (
    expression(
        r"[Pp]od ephemeral local storage usage exceeds the total limit of containers"
        r" (?P<limit>[\w.]{1,40}|\{\{.{1,120}?\})"
    ),
    expression(r'[Uu]sage of EmptyDir volume "(?P<volume>[^"]{1,63})" exceeds the limit "(?P<limit>[^"]{1,80})"'),
    expression(
        r'[Cc]ontainer (?P<container>\S{1,63}) exceeded its local ephemeral storage limit "(?P<limit>[^"]{1,80})"'
    ),
)
# "The node was low on resource: ephemeral-storage. Threshold quantity: …", "The node had condition: [DiskPressure]. "
_NODE_SHORT = expression(
    r"The node (?:was low on resource: (?P<resource>[\w.-]{1,60})|had condition: \[(?P<condition>[^\]]{1,100})\])"
)
#: Reasons of the pod condition DisruptionTarget (k8s.io/api v0.34 core/v1 types.go).
_TARGETS = {
    "PreemptionByScheduler": By.SCHEDULER,
    "DeletionByTaintManager": By.TAINT,
    "EvictionByEvictionAPI": By.API,
    "DeletionByPodGC": By.GC,
}
#: Events about a pod that something ends.
_EVENTS = {"Preempted": By.SCHEDULER, "TaintManagerEviction": By.TAINT, "Preempting": By.KUBELET}


class Eviction(msgspec.Struct, frozen=True):
    """That the pod was evicted, by whom, and the sentence that says so."""

    by: By
    text: str
    at: Locator
    since: Moment = UNKNOWN_MOMENT


def evictions_of(scene: Scene, pod: Subject) -> list[Eviction]:
    """Statements that the pod was evicted: its status, its condition DisruptionTarget, its events"""
    view = PodView(scene, pod)
    found: list[Eviction] = []
    if view.reason.observed and view.reason.value in ("Evicted", "Preempting"):
        text = view.message.value.strip() if view.message.observed else ""
        place = view.message.place if text else view.reason.place
        said = text or view.reason.value
        by_whom = By.KUBELET if view.reason.value == "Preempting" else cause_in(text)
        found.append(Eviction(by_whom, said, quoted(place, said)))
    target = view.condition("DisruptionTarget")
    if target.observed and target.value is not None and target.value.status == "True":
        by_whom = _TARGETS.get(target.value.reason or "", cause_in(target.value.message or ""))
        found.append(Eviction(by_whom, target.value.message or "DisruptionTarget", target.place))
    for event in scene.events_about(pod):
        if event.reason == "Evicted":
            found.append(Eviction(cause_in(event.message), event.message.strip(), event.at, by(event.first)))
        elif event.reason in _EVENTS and "Cancelling" not in event.message:
            found.append(Eviction(_EVENTS[event.reason], event.message, event.at, by(event.first)))
    return sorted(found, key=lambda eviction: eviction.by is By.UNKNOWN)


def cause_in(text: str) -> By:
    """Why the kubelet evicted, from its message."""
    if any(pattern.search(text) for pattern in OWN_LIMITS):
        return By.OWN_LIMIT
    return By.NODE if _NODE_SHORT.search(text) else By.UNKNOWN


@rule(EVICTED, rows=("N13",), leads=(leads_to(POD_FAILING, via=ITSELF),))
def evicted(pod: PodView, said: list[Eviction] = given(evictions_of)) -> Verdict:
    """The pod was evicted.

    What it means: The pod did not end by itself; its controller makes another one, which may meet the same end.
    How it shows: status.reason Evicted with a message, condition DisruptionTarget, events Evicted, Preempted or
    TaintManagerEviction.
    What looks like it: A container killed for memory stays on its node and is restarted. Exit code 137 with reason
    ContainerStatusUnknown is made up by the kubelet for containers that it removed.
    Source: Kubernetes v1.34 pkg/kubelet/eviction (helpers.go, eviction_manager.go), pkg/kubelet/preemption,
    pkg/scheduler/framework/preemption, pkg/controller/tainteviction, pkg/registry/core/pod/storage/eviction.go.
    """
    if said:
        first = said[0]
        return Present((Evidence(first.at, first.text),), {"by": first.by.value}, since=first.since)
    if pod.phase.observed and pod.phase.value in ("Running", "Pending"):
        return Absent((Evidence(pod.phase.place, f"the pod is {pod.phase.value}"),))
    if pod.reason.observed:
        return Absent((Evidence(pod.reason.place, f"its reason is {pod.reason.value or 'empty'}"),))
    printed = pod.printed("STATUS")
    if printed.observed and printed.value == "Evicted":
        return Present((Evidence(printed.place, "kubectl prints Evicted"),), {"by": By.UNKNOWN.value})
    if printed.observed and printed.value not in ("Error", "Failed", "ContainerStatusUnknown", "Unknown"):
        return Absent((Evidence(printed.place, f"kubectl prints {printed.value}"),))
    return unsure(f"the reason and message of {pod.subject}", ask(pod))
