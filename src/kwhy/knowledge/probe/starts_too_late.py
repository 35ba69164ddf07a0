"""A program needs longer to start than its probe allows."""

from __future__ import annotations

from kwhy.facts.objects import Probe
from kwhy.knowledge.container.runs import ContainerRun, ask, runs_of
from kwhy.knowledge.probe.asked import restarting
from kwhy.knowledge.probe.failures import Failing, ProbeKill, kills_of, port_of, probe_of
from kwhy.knowledge.probe.liveness_kills import LIVENESS_KILLS
from kwhy.knowledge.probe.ports import Listens, listens
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import PREVIOUS_LOGS
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.views import PodView

STARTS_TOO_LATE = Condition(
    code="probe.starts-too-late",
    kind="Pod",
    nature=Nature.ROOT,
    title="The program of {subject} listens after {needed} s, and its {probe} probe allows {allowed} s",
    summary="The kubelet stops the program before it has finished starting, again and again.",
    remedies=(
        Remedy(
            id="allow-the-start",
            title="Give the container a startup probe that allows the whole start",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Add a startupProbe with failureThreshold times periodSeconds well above {needed} s.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
            ),
            verify=(Step("No further restart.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
        Remedy(
            id="start-faster",
            title="Make the start faster: a CPU limit often slows it",
            when="lasting",
            risk="low",
            steps=(Step("Raise or remove the CPU limit and compare.", "kubectl edit {kind} {name} -n {namespace}"),),
            verify=(Step("The log shows a faster start.", "kubectl logs {kind}/{name} -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)


@rule(STARTS_TOO_LATE, rows=("P3",), leads=(leads_to(LIVENESS_KILLS, via=restarting(Failing.REFUSED)),))
def starts_too_late(
    pod: PodView,
    kills: list[ProbeKill] = given(kills_of),
    runs: tuple[ContainerRun, ...] = given(runs_of),
) -> Verdict:
    """The program starts more slowly than its probe allows.

    What it means: Nothing is wrong with the program but its pace: a slow disk, a small CPU limit, much to load.
    How it shows: The log says when the program listens on the probe's port, and from the container's start that takes
    longer than initialDelaySeconds + periodSeconds × (failureThreshold − 1).
    What looks like it: A program that listens in time and on another port; one that listens in time and then hangs.
    Source: Kubernetes v1.34 pkg/kubelet/prober/worker.go (doProbe): a container is stopped at failureThreshold
    failures.
    """
    for kill in kills:
        run = next((run for run in runs if run.name == kill.container), None)
        probe = probe_of(run.spec, kill.kind) if run is not None else None
        if run is None or run.spec is None or probe is None:
            continue
        said = [line for line in listens(pod.scene, pod.subject, run.name) if line.port == port_of(run.spec, probe)]
        for line in said:
            needed = _start_up(run, line)
            if needed is not None:
                return _judge(run, kill, probe, line, needed)
    if not kills:
        return unsure(f"whether the kubelet stopped {pod.subject} because of a probe", ask(pod))
    return unsure(
        f"how long {kills[0].container} of {pod.subject} takes to listen",
        PREVIOUS_LOGS.of(name=pod.name, namespace=pod.namespace),
    )


def allowed_by(probe: Probe) -> int:
    """Seconds after the start at which the probe may have failed for the last time."""
    return probe.initial_delay_seconds + probe.period_seconds * max(0, probe.failure_threshold - 1)


def _judge(run: ContainerRun, kill: ProbeKill, probe: Probe, line: Listens, needed: float) -> Verdict:
    allowed = allowed_by(probe)
    if needed <= allowed:
        return Absent((Evidence(line.evidence.at, f"it listens {int(needed)} s after its start"),))
    kind = kill.kind.lower()
    place = run.spec_at(f"{kind}Probe", f"{kind}Probe allows {allowed} s")
    because = (kill.said.evidence, line.evidence, Evidence(place, f"its {kind} probe allows {allowed} s"))
    return Present(because, {"needed": int(needed), "allowed": allowed, "probe": kind}, basis=Basis.RECOMPUTED)


def _start_up(run: ContainerRun, line: Listens) -> float | None:
    """Seconds from the start of the run that the line belongs to; None where no start before it is known."""
    said = line.sample.when.earliest
    ended = run.status.last_state
    starts = [getattr(getattr(run.status.state, "running", None), "started_at", None)]
    starts += [getattr(getattr(state, "terminated", None), "started_at", None) for state in (run.status.state, ended)]
    before = [t for start in starts if (t := parse_timestamp(start)) is not None and said is not None and t <= said + 1]
    return max(0.0, said - max(before)) if said is not None and before else None
