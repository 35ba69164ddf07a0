"""A CronJob's run was due, missed, and is too late to be made up for."""

from __future__ import annotations

from kwhy.knowledge.workload.cron_runs import Overdue, last_event, overdue
from kwhy.knowledge.workload.cronjob_not_running import CRONJOB_NOT_RUNNING
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by, iso
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import OBJECT
from kwhy.scene.events import MergedEvent
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import CronJobView

START_MISSED = Condition(
    code="workload.cronjob-start-missed",
    kind="CronJob",
    nature=Nature.ROOT,
    title="{subject} missed its run{due} and does not make up for it{deadline}",
    summary="A run that could not start in time is given up after startingDeadlineSeconds, or after 100 missed ones.",
    remedies=(
        Remedy(
            id="run-it-now",
            title="Start the run by hand, and allow more delay",
            when="now",
            risk="low",
            steps=(
                Step("Make up for the run.", "kubectl create job {name}-now --from=cronjob/{name} -n {namespace}"),
                Step(
                    "Set startingDeadlineSeconds to how late a run may still begin (not below 10, the controller looks "
                    "only so often; not longer than the time between two runs needs).",
                    "kubectl edit cronjob {name} -n {namespace}",
                ),
                Step("See what kept the controller from starting it: was it down, or the CronJob suspended?"),
            ),
            verify=(Step("The run has a Job.", "kubectl get jobs -n {namespace}"),),
            undo=(Step("Set the former deadline again.", "kubectl edit cronjob {name} -n {namespace}"),),
        ),
    ),
)

#: The controller's words, since v1.21 and before (too many missed start times stop old versions for good).
_SAID = ("MissSchedule", "FailedNeedsStart", "TooManyMissedTimes")


def missed(scene: Scene, cron_job: Subject) -> MergedEvent | None:
    """The controller's words that it missed a run"""
    return last_event(scene, cron_job, *_SAID)


@rule(START_MISSED, rows=("P14",), leads=(leads_to(CRONJOB_NOT_RUNNING, via=ITSELF),))
def start_missed(
    cron_job: CronJobView, late: Overdue | None = given(overdue), said: MergedEvent | None = given(missed)
) -> Verdict:
    """A run was missed by more than the CronJob allows.

    What it means: The controller was down or busy, the CronJob suspended, or the clock jumped while the run was due;
    by now it is too late by the CronJob's own setting.
    How it shows: MissSchedule or "too many missed start times"; or startingDeadlineSeconds is set and the last run that
    was due is later than that.
    What looks like it: A run that is left out because the one before still goes on; a CronJob without deadline is made
    up for as soon as the controller runs.
    Source: Kubernetes v1.34 pkg/controller/cronjob/cronjob_controllerv2.go (syncCronJob, tooLate), utils.go
    (mostRecentScheduleTime); v1.18 cronjob_controller.go (FailedNeedsStart).
    """
    deadline = cron_job.deadline
    bound = f": startingDeadlineSeconds is {deadline.value}" if deadline.observed and deadline.value >= 0 else ""
    if said is not None:
        because = (Evidence(said.at, said.message),)
        return Present(because, {"due": "", "deadline": bound}, since=by(said.first))
    active = cron_job.active
    if active.observed and active.value:
        return Absent((Evidence(active.place, "a run goes on"),))
    if deadline.observed and deadline.value < 0:
        return Absent((Evidence(deadline.place, "it has no deadline for starting"),))
    if late is None or not deadline.observed:
        return unsure(
            f"the last run and the deadline of {cron_job.subject}",
            OBJECT.of(kind="cronjob", name=cron_job.name, namespace=cron_job.namespace),
        )
    evidence = (
        Evidence(deadline.place, f"startingDeadlineSeconds is {deadline.value}"),
        Evidence(late.at, f"{late.count} due since {late.last_run or 'it was created'}"),
    )
    return Present(evidence, {"due": f" of {iso(late.latest)}", "deadline": bound}, basis=Basis.RECOMPUTED)
