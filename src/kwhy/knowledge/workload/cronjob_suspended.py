"""A CronJob is suspended: no fault by itself, but an answer to "why is it not done?"."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.objects import ApiObject, CronJob, Observation
from kwhy.knowledge.workload.cronjob_not_running import CRONJOB_NOT_RUNNING
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import CronJobView

SUSPENDED = Condition(
    code="workload.cronjob-suspended",
    kind="CronJob",
    nature=Nature.ROOT,
    title="{subject} is suspended{last}: it starts no runs",
    summary="spec.suspend is true. That is done on purpose; the report says so where it may answer a question.",
    remedies=(
        Remedy(
            id="resume",
            title="Resume the CronJob",
            when="now",
            risk="low",
            steps=(
                Step("Ask who suspended it, and why.", "kubectl describe cronjob {name} -n {namespace}"),
                Step(
                    "Resume it. Without startingDeadlineSeconds the last run that was missed starts at once.",
                    "kubectl patch cronjob {name} -n {namespace} -p 'spec: {{suspend: false}}'",
                ),
            ),
            verify=(Step("The next run starts when it is due.", "kubectl get cronjob {name} -n {namespace}"),),
            undo=(
                Step("Suspend it again.", "kubectl patch cronjob {name} -n {namespace} -p 'spec: {{suspend: true}}'"),
            ),
        ),
    ),
)


def _quiet(struct: ApiObject) -> bool:
    return not (isinstance(struct, CronJob) and struct.spec.suspend is True)


def _quiet_row(observation: Observation) -> bool:
    return _quiet(observation.object)


def _suspended(scene: Scene) -> Iterable[Subject]:
    return scene.suspicious("CronJob", _quiet, _quiet_row)


@rule(SUSPENDED, rows=("P14",), leads=(leads_to(CRONJOB_NOT_RUNNING, via=ITSELF),), among=_suspended, answers=("job",))
def suspended(cron_job: CronJobView) -> Verdict:
    """The CronJob is suspended.

    What it means: Somebody told it to start no runs; runs that go on are not touched.
    How it shows: spec.suspend is true; kubectl prints True in column SUSPEND.
    What looks like it: A CronJob that is to run and does not.
    Source: Kubernetes v1.34 pkg/controller/cronjob/cronjob_controllerv2.go (syncCronJob).
    """
    seen = cron_job.suspended
    if not seen.value:
        return Absent((Evidence(seen.place, "it is not suspended"),))
    last = cron_job.text("status.lastScheduleTime", lambda c: c.status.last_schedule_time)
    since = f" since after its run of {last}" if last else ""
    return Present((Evidence(seen.place, "spec.suspend is true"),), {"last": since})
