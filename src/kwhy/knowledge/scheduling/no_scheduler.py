"""A pod asks for a scheduler that nobody runs."""

from __future__ import annotations

from kwhy.knowledge.pod.unscheduled import UNSCHEDULED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import leads_to, rule
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import EVENTS_OF, LIST_ALL
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

UNKNOWN_SCHEDULER = Condition(
    code="scheduling.unknown-scheduler",
    kind="Pod",
    nature=Nature.ROOT,
    title="Pods of {subject} ask for scheduler {scheduler}, which nobody runs",
    summary="spec.schedulerName names a scheduler that is not there, so nobody looks at the pod.",
    remedies=(
        Remedy(
            id="use-a-scheduler-that-runs",
            title="Name a scheduler that runs, or deploy the one that is named",
            when="now",
            risk="low",
            steps=(
                Step("See which schedulers hold a lease.", "kubectl get leases -A | grep -i schedul"),
                Step("Correct spec.schedulerName in the template; without it the default scheduler serves the pod."),
            ),
            verify=(Step("The pods get a node.", "kubectl get pods -n {namespace} -o wide"),),
            undo=(Step("Set the former name again."),),
        ),
    ),
)

DEFAULT_SCHEDULER = "default-scheduler"


def trace_of(scene: Scene, name: str) -> Evidence | None:
    """Something that shows that a scheduler of this name exists: an event of its, a lease, a pod, a workload."""
    reported = scene.events.reporters().get(name)
    if reported is not None:
        return Evidence(reported.at, f"{name} has reported events")
    for kind in ("Lease", "Pod", "Deployment", "StatefulSet", "DaemonSet"):
        for subject in scene.subjects(kind):
            if name in subject.name or subject.name in name:
                return Evidence(scene.observations(subject)[0].at, f"{subject} may be it")
    return None


@rule(UNKNOWN_SCHEDULER, rows=("K2",), leads=(leads_to(UNSCHEDULED, via=ITSELF),))
def unknown_scheduler(pod: PodView) -> Verdict:
    """The pod's scheduler does not exist.

    What it means: Every scheduler serves only pods that name it.
    How it shows: spec.schedulerName is not that of the default scheduler; events were captured and none of them, no
    lease and no listed pod or workload carries the name.
    What looks like it: A second scheduler that exists and is down: its own failure is then the cause. A profile of
    kube-scheduler under another name reports events under that name.
    Source: Kubernetes v1.34 pkg/scheduler/eventhandlers.go (responsibleForPod).
    """
    wanted = pod.seen("spec.schedulerName", lambda p: p.spec.scheduler_name, DEFAULT_SCHEDULER)
    if wanted.value in (DEFAULT_SCHEDULER, ""):
        return Absent((Evidence(wanted.place, "it asks for the default scheduler"),))
    stated = pod.condition("PodScheduled")
    if stated.observed and stated.value is not None:
        return Absent((Evidence(stated.place, "a scheduler has looked at it"),))
    known = trace_of(pod.scene, wanted.value)
    if known is not None:
        return Absent((known,))
    events = pod.scene.listing("Event", pod.namespace)
    pods = pod.scene.listing("Pod", None)
    if events is None:
        return unsure(
            f"the events about {pod.subject}", EVENTS_OF.of(kind="pod", name=pod.name, namespace=pod.namespace)
        )
    if pods is None:
        return unsure(f"whether anything runs scheduler {wanted.value}", LIST_ALL.of(kind="pods,leases"))
    because = (
        Evidence(wanted.place, f"it asks for scheduler {wanted.value}"),
        Evidence(events.at, f"no event comes from {wanted.value}"),
        Evidence(pods.at, "no listed pod carries its name"),
    )
    return Present(because, {"scheduler": wanted.value}, basis=Basis.RECOMPUTED)
