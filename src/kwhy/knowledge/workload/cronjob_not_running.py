"""A CronJob does not start the runs that are due. The generic symptom of CronJobs: it knows no causes."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.workload.cron_runs import (
    Overdue,
    active_jobs,
    last_event,
    overdue,
    started_since,
)
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by, iso
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE_NAMESPACED
from kwhy.scene.scene import Scene
from kwhy.scene.views import CronJobView

CRONJOB_NOT_RUNNING = Condition(
    code="workload.cronjob-not-running",
    kind="CronJob",
    nature=Nature.EFFECT,
    title="{subject} does not start the runs that are due: {reason}",
    summary="Runs are due by the schedule, and no Job is created for them.",
)

#: Events with which the controller says that it did not start a run (pkg/controller/cronjob: cronjob_controllerv2.go,
#: utils.go; FailedNeedsStart before v1.21).
SKIPPED = "JobAlreadyActive"
COMPLAINTS = (
    SKIPPED,
    "MissSchedule",
    "TooManyMissedTimes",
    "FailedNeedsStart",
    "UnknownTimeZone",
    "UnparseableSchedule",
    "UnParseableCronJobSchedule",
    "InvalidSchedule",
    "FailedCreate",
)
#: With an active Job of policy Forbid one run may be left out by design.
SOME = 2


def _candidates(scene: Scene) -> Iterable[Subject]:
    shown = scene.subjects("CronJob")
    yield from shown
    yield from scene.events.of_kinds("CronJob")


@rule(CRONJOB_NOT_RUNNING, rows=("P14",), among=_candidates, symptom=True)
def cronjob_not_running(cron_job: CronJobView, late: Overdue | None = given(overdue)) -> Verdict:
    """The CronJob does not start the runs that are due.

    What it means: What the CronJob is for is not done; there is no Job and no pod that could show an error.
    How it shows: Warnings of cronjob-controller (MissSchedule, UnknownTimeZone …), JobAlreadyActive again and again, or
    no run although the schedule, recomputed, was due more than ten minutes ago.
    What looks like it: A CronJob that is suspended does what it was told. A run that is left out once because the one
    before still ran (Forbid). A complaint that a later run has ended. Without spec.timeZone the schedule is read in
    the zone of kube-controller-manager, so only what is overdue in every zone counts.
    Source: Kubernetes v1.34 pkg/controller/cronjob/cronjob_controllerv2.go (syncCronJob).
    """
    scene, subject = cron_job.scene, cron_job.subject
    suspended = cron_job.suspended
    if suspended.observed and suspended.value:
        return Absent((Evidence(suspended.place, "it is suspended: it is to start no runs"),))
    said = last_event(scene, subject, *COMPLAINTS)
    over = started_since(scene, subject, said) if said is not None else None
    is_said = said is not None and over is None and (said.reason != SKIPPED or said.count >= SOME)
    if said is not None and is_said:
        return Present((Evidence(said.at, said.message),), {"reason": said.message}, since=by(said.first))
    enough = SOME if active_jobs(scene, subject) else 1
    if late is not None and late.count >= enough:
        reason = f"{late.count} due since {late.last_run or 'it was created'}, the last at {iso(late.latest)}"
        return Present((Evidence(late.at, reason),), {"reason": reason}, basis=Basis.RECOMPUTED)
    last = cron_job.seen("status.lastScheduleTime", lambda c: c.status.last_schedule_time, "")
    if last.observed and suspended.observed:
        return Absent((Evidence(last.place, f"its last run began at {last.value or 'no time yet'}, as scheduled"),))
    return unsure(
        f"the last run of {subject}",
        DESCRIBE_NAMESPACED.of(kind="cronjob", name=subject.name, namespace=subject.namespace),
    )
