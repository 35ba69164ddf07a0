"""A run of a CronJob does not end, and the next ones wait for it."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.pod.failing import POD_FAILING, failing
from kwhy.knowledge.workload.cron_runs import active_jobs, last_event, started_since
from kwhy.knowledge.workload.cronjob_not_running import CRONJOB_NOT_RUNNING, SKIPPED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE_NAMESPACED
from kwhy.scene.events import MergedEvent
from kwhy.scene.relations import ITSELF, pods_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import CronJobView, PodView

RUN_NEVER_ENDS = Condition(
    code="workload.cronjob-run-never-ends",
    kind="CronJob",
    nature=Nature.ROOT,
    title="A run of {subject} does not end ({jobs}), and concurrencyPolicy Forbid starts no other meanwhile",
    summary="The Job of an earlier run is still active, so the controller leaves out every run that is due.",
    remedies=(
        Remedy(
            id="end-the-run",
            title="End the run that hangs",
            when="now",
            risk="medium",
            steps=(
                Step("See what it does, and keep its log.", "kubectl logs job/{job} -n {namespace} --tail=200"),
                Step("Ask whether it may be stopped, then delete it.", "kubectl delete job {job} -n {namespace}"),
            ),
            verify=(Step("The next run starts when it is due.", "kubectl get jobs -n {namespace} -w"),),
            undo=(Step("Start a run by hand.", "kubectl create job {name}-2 --from=cronjob/{name} -n {namespace}"),),
        ),
        Remedy(
            id="bound-the-run",
            title="Let a run end by itself",
            when="lasting",
            risk="low",
            steps=(
                Step(
                    "Set activeDeadlineSeconds in jobTemplate.spec to the longest that a good run takes, and time-outs "
                    "in the program; or use concurrencyPolicy Replace where a new run may take over.",
                    "kubectl edit cronjob {name} -n {namespace}",
                ),
            ),
            verify=(Step("A run that takes longer ends with DeadlineExceeded."),),
            undo=(Step("Set the former values again.", "kubectl edit cronjob {name} -n {namespace}"),),
        ),
    ),
)  # fmt: skip


def skipping(scene: Scene, cron_job: Subject) -> MergedEvent | None:
    """The controller's words that a run still goes on, where no later run was started"""
    said = last_event(scene, cron_job, SKIPPED)
    return said if said is not None and started_since(scene, cron_job, said) is None else None


def _cron_jobs_of_pod(scene: Scene, cron_job: Subject) -> Iterable[Subject]:
    for job in active_jobs(scene, cron_job):
        yield from pods_of(scene, job)


RUNS_AS = Relation("runs as", _cron_jobs_of_pod)


@rule(RUN_NEVER_ENDS, rows=("P14",), leads=(leads_to(CRONJOB_NOT_RUNNING, via=ITSELF),))
def run_never_ends(
    cron_job: CronJobView,
    said: MergedEvent | None = given(skipping),
    jobs: list[Subject] = given(active_jobs),
) -> Verdict:
    """A run of the CronJob does not end, and policy Forbid lets no other begin.

    What it means: One run that hangs stops all later ones, for ever where activeDeadlineSeconds is not set.
    How it shows: JobAlreadyActive on the CronJob, which has an active Job; no run was created since.
    What looks like it: A run whose pods fail or wait goes on as well: its own cause then explains all. A run that takes
    longer than the time between two runs, each time.
    Source: Kubernetes v1.34 pkg/controller/cronjob/cronjob_controllerv2.go (syncCronJob, ForbidConcurrent).
    """
    policy = cron_job.policy
    if policy.observed and policy.value != "Forbid":
        return Absent((Evidence(policy.place, f"concurrencyPolicy is {policy.value}"),))
    active = cron_job.active
    if active.observed and not active.value:
        return Absent((Evidence(active.place, "none of its Jobs is active"),))
    if said is None:
        return unsure(
            f"why {cron_job.subject} leaves runs out",
            DESCRIBE_NAMESPACED.of(kind="cronjob", name=cron_job.name, namespace=cron_job.namespace),
        )
    because = [Evidence(said.at, said.message)]
    if jobs:
        names = ", ".join(job.name for job in jobs)
        because.append(Evidence(active.place.quoting(names), f"active: {names}"))
    names = ", ".join(job.name for job in jobs) or "its active Job"
    job = jobs[0].name if jobs else None
    values = {"jobs": names} | ({"job": job} if job else {})
    return Present(tuple(because), values, since=by(said.first))


@rule(POD_FAILING, rows=("P14",), leads=(leads_to(RUN_NEVER_ENDS, via=RUNS_AS),))
def running_pod_failing(pod: PodView) -> Verdict:
    """A pod of the run that does not end fails.

    What it means: The run does not end because its pod does not get on.
    How it shows: As for the pod itself.
    What looks like it: A pod that runs, is ready and takes long.
    Source: Kubernetes v1.34 pkg/controller/job/job_controller.go.
    """
    return failing(pod)
