"""A container's CPU limit makes it wait until its probes time out."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.cgroups import CpuThrottling
from kwhy.facts.objects import Pod, ResourceRequirements
from kwhy.knowledge.container.runs import ContainerRun, ask, runs_of
from kwhy.knowledge.probe.asked import failing_as, restarting, unreadying
from kwhy.knowledge.probe.failures import Failing, ProbeFailure, failures_of, probed
from kwhy.knowledge.probe.liveness_kills import LIVENESS_KILLS
from kwhy.knowledge.probe.readiness_fails import READINESS_FAILS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.probe import Probe
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

CPU_THROTTLED = Condition(
    code="container.cpu-throttled",
    kind="Pod",
    nature=Nature.ROOT,
    title="Container {container} of {subject} waits in {share} % of its periods because of its CPU limit of {limit}",
    summary="The kernel stops the container for the rest of each 100 ms once it has used its CPU limit.",
    remedies=(
        Remedy(
            id="raise-the-cpu-limit",
            title="Raise the CPU limit, or remove it and keep the request",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Raise the limit above what the program needs at its peak.",
                    "kubectl set resources {kind}/{name} -c {container} --limits=cpu=AMOUNT -n {namespace}",
                ),
                Step("Give the probes more time until then (timeoutSeconds, failureThreshold)."),
            ),
            verify=(
                Step(
                    "nr_throttled hardly grows any more.",
                    "kubectl exec -n {namespace} {kind}/{name} -c {container} -- cat /sys/fs/cgroup/cpu.stat",
                ),
            ),
            undo=(
                Step(
                    "Set the former limit.",
                    "kubectl set resources {kind}/{name} -c {container} --limits=cpu={limit} -n {namespace}",
                ),
            ),
        ),
    ),
)

#: A container that waits in more of its periods than this is throttled (kubernetes-monitoring/kubernetes-mixin
#: alerts/resource_alerts.libsonnet, CPUThrottlingHigh: cpuThrottlingPercent 25).
THROTTLED_SHARE = 0.25
#: Fewer periods than this say nothing yet (one second).
MIN_PERIODS = 10

CPU_STAT = Probe(
    "kubectl exec -n {namespace} {name} -- sh -c 'cat /sys/fs/cgroup/cpu.stat || cat /sys/fs/cgroup/cpu/cpu.stat'",
    unlocks="in how many periods the container had to wait for its CPU limit",
)


def throttling_of(scene: Scene, pod: Subject) -> list[CpuThrottling]:
    """cpu.stat of the pod's containers, the one that waits most first"""
    ids, uids = set(), set()
    for observation in scene.observations(pod):
        struct = observation.object
        if isinstance(struct, Pod):
            uids.add(struct.metadata.uid)
            statuses = struct.status.container_statuses
            ids |= {str(s.container_id).rpartition("/")[2] for s in statuses} if isinstance(statuses, list) else set()
    found = [fact for fact in scene.facts(CpuThrottling) if _is_of(fact, pod, ids, uids)]
    return sorted(found, key=lambda fact: -fact.share)


def _is_of(fact: CpuThrottling, pod: Subject, ids: Iterable[str], uids: Iterable[object]) -> bool:
    if fact.container and fact.container in ids:
        return True
    if fact.pod_uid:
        return fact.pod_uid in uids
    return fact.pod == pod.name and fact.namespace in ("", pod.namespace)


@rule(
    CPU_THROTTLED,
    rows=("P20", "P3"),
    leads=(
        leads_to(LIVENESS_KILLS, via=restarting(Failing.TIMEOUT)),
        leads_to(READINESS_FAILS, via=unreadying(Failing.TIMEOUT)),
    ),
)
def cpu_throttled(
    pod: PodView,
    stats: list[CpuThrottling] = given(throttling_of),
    failures: list[ProbeFailure] = given(failures_of),
    runs: tuple[ContainerRun, ...] = given(runs_of),
) -> Verdict:
    """The container is throttled by its CPU limit.

    What it means: The program has work to do and is stopped for most of each period, so it answers late; neither
    program nor probe is wrong.
    How it shows: The probes time out, the container has a CPU limit, and its cpu.stat counts nr_throttled in more than
    a quarter of nr_periods.
    What looks like it: A node without free CPU slows containers without a limit too, and those of other pods. A program
    that hangs uses no CPU, so it is not throttled. A probe with a timeout of one second against a slow answer.
    Source: Linux v6.6 kernel/sched/fair.c (CFS bandwidth control), Documentation/scheduler/sched-bwc.rst.
    """
    late = failing_as(pod.scene, pod.subject, Failing.TIMEOUT)
    if not late:
        if failures:
            return Absent((failures[0].said.evidence,))
        return unsure(f"how the probes of {pod.subject} fail", ask(pod))
    run = probed(pod.scene, pod.subject, late[0]) or next((run for run in runs if not run.init), None)
    limit = _cpu_limit(run) if run is not None else None
    if run is None or limit is None:
        return unsure(f"the CPU limit of {pod.subject}", *pod.probes())
    if not limit:
        return Absent((Evidence(run.spec_at("resources", "no CPU limit"), "the container has no CPU limit"),))
    measured = [fact for fact in stats if fact.periods >= MIN_PERIODS]
    if not measured:
        return unsure(
            f"whether container {run.name} of {pod.subject} is throttled",
            CPU_STAT.of(name=pod.name, namespace=pod.namespace),
        )
    stat = measured[0]
    says = f"it had to wait in {stat.throttled} of {stat.periods} periods"
    if stat.share < THROTTLED_SHARE:
        return Absent((Evidence(stat.at, says),))
    place = run.spec_at("resources.limits", f"cpu: {limit}")
    because = (late[0].said.evidence, Evidence(stat.at, says), Evidence(place, f"its CPU limit is {limit}"))
    values = {"container": run.name, "limit": limit, "share": round(stat.share * 100)}
    return Present(because, values, basis=Basis.RECOMPUTED)


def _cpu_limit(run: ContainerRun) -> str | None:
    """As written; "" where the container was shown without one, None where that was not shown."""
    resources = run.spec.resources if run.spec is not None else None
    limits = resources.limits if isinstance(resources, ResourceRequirements) else None
    if isinstance(limits, dict):
        return str(limits.get("cpu", ""))
    return "" if run.spec is not None and run.observation.whole else None
