"""A Job failed."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.gates import showing_condition
from kwhy.scene.scene import Scene
from kwhy.scene.views import WorkloadView

JOB_FAILED = Condition(
    code="workload.job-failed",
    kind="Job",
    nature=Nature.EFFECT,
    title="{subject} failed: {reason}",
    summary="The Job gave up.",
)


def _candidates(scene: Scene) -> Iterable[Subject]:
    return showing_condition(scene, "Job", ("Failed",), "True")


@rule(JOB_FAILED, rows=("P14",), among=_candidates, symptom=True)
def job_failed(job: WorkloadView) -> Verdict:
    """The Job failed.

    What it means: Its pods failed more often than backoffLimit allows, or its deadline passed.
    How it shows: Condition Failed is True with reason BackoffLimitExceeded, DeadlineExceeded or PodFailurePolicy.
    What looks like it: A Job with failed pods that still retries is not failed.
    Source: Kubernetes v1.34 pkg/controller/job/job_controller.go.
    """
    failed = job.condition("Failed")
    if not failed.observed:
        return unsure(f"the conditions of {job.subject}", *job.probes())
    if failed.value is None or failed.value.status != "True":
        return Absent((Evidence(failed.place, "the Job has no Failed condition"),))
    reason = failed.value.reason or "no reason given"
    return Present((Evidence(failed.place, failed.value.message or reason),), {"reason": reason})
