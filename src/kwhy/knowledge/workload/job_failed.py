"""A Job failed."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.objects import Observation
from kwhy.knowledge.container.crash_loops import CRASH_LOOPS
from kwhy.knowledge.container.runs import ContainerRun, ask, runs_of
from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.events import MergedEvent
from kwhy.scene.gates import showing_condition
from kwhy.scene.relations import ITSELF_ONCE_BOUND, OWNS
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView, WorkloadView

JOB_FAILED = Condition(
    code="workload.job-failed",
    kind="Job",
    nature=Nature.EFFECT,
    title="{subject} failed: {reason}",
    summary="The Job gave up.",
)

#: Reasons of the condition Failed, which the controller also gives to an event (k8s.io/api v0.34 batch/v1 types.go).
REASONS = (
    "BackoffLimitExceeded",
    "DeadlineExceeded",
    "PodFailurePolicy",
    "FailedIndexes",
    "MaxFailedIndexesExceeded",
)
#: Events that a Job has only once another attempt was made.
_LATER = ("SuccessfulCreate", "Completed")


def _quiet_row(observation: Observation) -> bool:
    return (observation.printed or {}).get("STATUS") != "Failed"


def _candidates(scene: Scene) -> Iterable[Subject]:
    """Jobs with condition Failed, with STATUS Failed in a table (kubectl 1.31 and later), or with such an event."""
    yield from showing_condition(scene, "Job", ("Failed",), "True")
    yield from scene.suspicious("Job", lambda struct: True, _quiet_row)
    yield from (subject for subject in scene.events.with_reason(*REASONS) if subject.kind == "Job")


def gave_up(scene: Scene, job: Subject) -> MergedEvent | None:
    """The controller's event that the Job failed; none where it has made pods since"""
    for event in scene.events_about(job):
        if event.reason in _LATER:
            return None
        if event.reason in REASONS:
            return event
    return None


@rule(JOB_FAILED, rows=("P14",), among=_candidates, symptom=True)
def job_failed(job: WorkloadView, said: MergedEvent | None = given(gave_up)) -> Verdict:
    """The Job failed.

    What it means: Its pods failed more often than backoffLimit allows, or its deadline passed.
    How it shows: Condition Failed is True with reason BackoffLimitExceeded, DeadlineExceeded or PodFailurePolicy; an
    event of that reason; kubectl prints Failed.
    What looks like it: A Job with failed pods that still retries is not failed. Events of a Job that was deleted.
    Source: Kubernetes v1.34 pkg/controller/job/job_controller.go.
    """
    failed = job.condition("Failed")
    if failed.observed:
        if failed.value is None or failed.value.status != "True":
            return Absent((Evidence(failed.place, "the Job has no Failed condition"),))
        reason = failed.value.reason or "no reason given"
        return Present((Evidence(failed.place, failed.value.message or reason),), {"reason": reason})
    listing = job.scene.listing("Job", job.namespace)
    if listing is not None and not job.observations:
        return Absent((Evidence(listing.at, "the Job is not there any more"),))
    status = job.printed("STATUS")
    if said is not None:
        return Present((Evidence(said.at, said.message),), {"reason": said.reason}, since=by(said.first))
    if status.observed:
        if status.value == "Failed":
            return Present((Evidence(status.place, "kubectl prints Failed"),), {"reason": "kubectl prints Failed"})
        return Absent((Evidence(status.place, f"kubectl prints {status.value}"),))
    return unsure(f"the conditions of {job.subject}", *job.probes())


def owning_job(scene: Scene, pod: Subject) -> Subject:
    """The Job that made the pod; the pod itself where none did, or where that was not shown."""
    references = PodView(scene, pod).owner_references
    for reference in references.value if references.observed else ():
        if reference.kind == "Job":
            return Subject("Job", reference.name, pod.namespace)
    return pod


@rule(
    CRASH_LOOPS,
    rows=("P14",),
    leads=(leads_to(JOB_FAILED, via=OWNS), leads_to(POD_FAILING, via=ITSELF_ONCE_BOUND)),
)
def attempt_failed(pod: PodView, runs: tuple[ContainerRun, ...] = given(runs_of)) -> Verdict:
    """An attempt of a Job ended with an error.

    What it means: The Job makes another pod, until backoffLimit is reached; each attempt ends, and why is the question.
    How it shows: The pod belongs to a Job, is Failed, and a container of it ended with an exit code other than 0.
    What looks like it: A pod that was evicted or deleted at the Job's deadline did not end by itself.
    Source: Kubernetes v1.34 pkg/controller/job/job_controller.go (syncJob, exceedsBackoffLimit).
    """
    if owning_job(pod.scene, pod.subject).kind != "Job":
        return unsure(f"whether {pod.subject} is an attempt of a Job", ask(pod))
    phase = pod.phase
    if not phase.observed or phase.value != "Failed" or (pod.reason.observed and pod.reason.value):
        return unsure(f"how {pod.subject} ended", ask(pod))
    for run in runs:
        if not run.init and run.ended is not None and run.ended.exit_code:
            how = f"ended ({run.ended.reason or 'exit'} {run.ended.exit_code}), as an attempt of a Job"
            return Present((Evidence(run.ended_at(how), f"container {run.name}: {how}"),), {"how": how})
    return unsure(f"how the containers of {pod.subject} ended", ask(pod))
