"""A CronJob's schedule or time zone cannot be read."""

from __future__ import annotations

from kwhy.knowledge.workload.cron_runs import last_event
from kwhy.knowledge.workload.cron_schedule import parse_schedule
from kwhy.knowledge.workload.cronjob_not_running import CRONJOB_NOT_RUNNING
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.events import MergedEvent
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import CronJobView

SCHEDULE_INVALID = Condition(
    code="workload.cronjob-schedule-invalid",
    kind="CronJob",
    nature=Nature.ROOT,
    title="The controller cannot read when {subject} is to run: {said}",
    summary="spec.schedule or spec.timeZone is not what the controller understands; it starts no run.",
    remedies=(
        Remedy(
            id="correct-the-schedule",
            title="Correct the schedule or the time zone",
            when="now",
            risk="low",
            steps=(
                Step("Write five fields (minute hour day month weekday) and a zone of the tz database (Europe/Rome)."),
                Step("Correct them.", "kubectl edit cronjob {name} -n {namespace}"),
            ),
            verify=(Step("LAST SCHEDULE is set once a run was due.", "kubectl get cronjob {name} -n {namespace}"),),
            undo=(Step("Set the former values again.", "kubectl edit cronjob {name} -n {namespace}"),),
        ),
    ),
)  # fmt: skip

_SAID = ("UnknownTimeZone", "UnparseableSchedule", "UnParseableCronJobSchedule", "InvalidSchedule")


def unreadable(scene: Scene, cron_job: Subject) -> MergedEvent | None:
    """The controller's words that it cannot read the schedule or the zone"""
    return last_event(scene, cron_job, *_SAID)


@rule(SCHEDULE_INVALID, rows=("P14",), leads=(leads_to(CRONJOB_NOT_RUNNING, via=ITSELF),))
def schedule_invalid(cron_job: CronJobView, said: MergedEvent | None = given(unreadable)) -> Verdict:
    """The controller cannot read the CronJob's schedule.

    What it means: No run ever starts.
    How it shows: UnparseableSchedule, InvalidSchedule or UnknownTimeZone on the CronJob.
    What looks like it: The API server refuses most of this when the object is written; a zone may be unknown only to
    the controller, whose image or node has another tz database.
    Source: Kubernetes v1.34 pkg/controller/cronjob/cronjob_controllerv2.go (syncCronJob).
    """
    if said is not None:
        return Present((Evidence(said.at, said.message),), {"said": said.message}, since=by(said.first))
    schedule = cron_job.schedule
    if schedule.observed and parse_schedule(schedule.value) is not None:
        return Absent((Evidence(schedule.place, f"{schedule.value} can be read"),))
    return unsure(f"the events about {cron_job.subject}", *cron_job.probes())
