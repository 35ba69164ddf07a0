"""A Job was stopped at its deadline while its program ran."""

from __future__ import annotations

import msgspec

from kwhy.knowledge.pod.failing import FAILURES
from kwhy.knowledge.workload.job_failed import JOB_FAILED, gave_up
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import EVENTS
from kwhy.scene.events import MergedEvent
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import WorkloadView

DEADLINE_PASSED = Condition(
    code="workload.job-deadline-passed",
    kind="Job",
    nature=Nature.ROOT,
    title="{subject} was stopped{deadline} while its program still ran",
    summary="activeDeadlineSeconds is shorter than the program takes; the Job's pods are deleted when it passes.",
    remedies=(
        Remedy(
            id="more-time-or-less-work",
            title="Give the Job more time, or the program less to do",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See how long a good run takes, and what this one waited for: a run that hangs needs no more time.",
                    "kubectl get jobs -n {namespace}",
                ),
                Step("Make the Job anew with a longer activeDeadlineSeconds; it counts all attempts together."),
            ),
            verify=(Step("The new Job completes.", "kubectl get jobs -n {namespace}"),),
            undo=(Step("Delete the new Job.", "kubectl delete job {name} -n {namespace}"),),
        ),
    ),
)

_REASON = "DeadlineExceeded"
#: Events that say that a pod could not run.
_OBSTACLES = (*FAILURES, "FailedScheduling", "FailedCreatePodSandBox", "Unhealthy")
# "dump-crvqq" of Job dump: names that the Job controller gives (apimachinery pkg/util/rand)
_POD = expression(r"(?P<job>.+)-(?:\d{1,9}-)?[bcdfghjklmnpqrstvwxz2456789]{5}")


class Attempts(msgspec.Struct, frozen=True):
    """What events say about the Job's pods: that one ran, that one could not run."""

    started: MergedEvent | None
    hindered: MergedEvent | None


def _pods_with_events(scene: Scene) -> dict[tuple[str, str | None], list[Subject]]:
    index: dict[tuple[str, str | None], list[Subject]] = {}
    for subject in scene.events.of_kinds("Pod"):
        match = _POD.fullmatch(subject.name)
        if match is not None:
            index.setdefault((match["job"], subject.namespace), []).append(subject)
    return index


def attempts(scene: Scene, job: Subject) -> Attempts:
    """What the events of the Job's pods say, which are deleted by then"""
    started = hindered = None
    for pod in scene.derive_once(_pods_with_events).get((job.name, job.namespace), ()):
        events = scene.events_about(pod)
        began = next((e for e in events if e.reason == "Started"), None)
        obstacle = next((e for e in events if e.reason in _OBSTACLES), None)
        if began is not None:
            started = started or began
        if obstacle is not None and (began is None or _after(obstacle, began)):
            hindered = hindered or obstacle
    return Attempts(started, hindered)


def _after(event: MergedEvent, other: MergedEvent) -> bool:
    if event.last.latest is not None and other.last.latest is not None:
        return event.last.latest > other.last.latest
    return event.age is not None and other.age is not None and event.age < other.age


@rule(DEADLINE_PASSED, rows=("P14",), leads=(leads_to(JOB_FAILED, via=ITSELF),))
def deadline_passed(
    job: WorkloadView,
    said: MergedEvent | None = given(gave_up),
    tried: Attempts = given(attempts),
) -> Verdict:
    """The Job was stopped at its deadline while its program ran.

    What it means: activeDeadlineSeconds counts from the Job's start over all attempts; then its pods are deleted.
    How it shows: Condition Failed, or an event, with DeadlineExceeded; the events of its pods show that the program was
    started and nothing that went wrong since.
    What looks like it: Pods that never ran (no node, no image) or failed again and again until the deadline: their
    cause is the root then, and the deadline only ended it.
    Source: Kubernetes v1.34 pkg/controller/job/job_controller.go (pastActiveDeadline).
    """
    failed = job.condition("Failed")
    reason = failed.value.reason if failed.observed and failed.value is not None else said.reason if said else None
    if reason is None:
        return unsure(f"why {job.subject} failed", *job.probes())
    place = failed.place if failed.observed else said.at if said else None
    if place is None or reason != _REASON:
        at = place if place is not None else job.printed("NAME").place
        return Absent((Evidence(at, f"it failed with {reason}"),))
    if tried.hindered is not None:
        return Absent((Evidence(tried.hindered.at, tried.hindered.message),))
    if tried.started is None:
        return unsure(f"the events of the pods of {job.subject}", EVENTS.of(namespace=job.namespace))
    seconds = job.spec("activeDeadlineSeconds", lambda s: s.active_deadline_seconds, 0)
    because = [Evidence(place, "it was active longer than its deadline")]
    if seconds.observed:
        because.append(Evidence(seconds.place, f"activeDeadlineSeconds is {seconds.value}"))
    because.append(Evidence(tried.started.at, tried.started.message))
    deadline = f" after activeDeadlineSeconds={seconds.value}" if seconds.observed else " at its deadline"
    return Present(tuple(because), {"deadline": deadline}, since=by(said.first) if said else UNKNOWN_MOMENT)
