"""A container does not stay up."""

from __future__ import annotations

from kwhy.knowledge.container.runs import NOT_STARTED, ContainerRun, ask, printed_well, runs_of
from kwhy.knowledge.pod.failing import POD_FAILING, RESTART_MEMORY
from kwhy.knowledge.pod.restarts import outlived
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.events import MergedEvent
from kwhy.scene.relations import ITSELF_ONCE_BOUND
from kwhy.scene.views import PodView

CRASH_LOOPS = Condition(
    code="container.crash-loops",
    kind="Pod",
    nature=Nature.EFFECT,
    title="A container of {subject} does not stay up: {how}",
    summary="A container ends, or cannot be started, again and again; the kubelet waits longer each time.",
)

#: Words of column STATUS for a pod whose container ended and is to run (printPod prints the reason of the state).
ENDED = frozenset({"CrashLoopBackOff", "Error", "OOMKilled", *NOT_STARTED})


@rule(CRASH_LOOPS, rows=("P2",), leads=(leads_to(POD_FAILING, via=ITSELF_ONCE_BOUND),))
def crash_loops(pod: PodView, runs: tuple[ContainerRun, ...] = given(runs_of)) -> Verdict:
    """A container does not stay up.

    What it means: The loop is an effect: why the run before ended is the question.
    How it shows: A container waits with CrashLoopBackOff or RunContainerError, ended and is to run again, or was
    restarted twice and within the last ten minutes.
    What looks like it: Init containers that fail are another effect: the program itself has not run yet. A pod that was
    evicted, or that ends by itself with restartPolicy Never, is not restarted.
    Source: Kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_manager.go (doBackOff), container/sync_result.go.
    """
    main = [run for run in runs if not run.init]
    for run in main:
        how = looping(pod, run)
        if how is not None:
            return Present((Evidence(run.state_at(how), f"container {run.name}: {how}"),), {"how": how})
    if main:
        return Absent((Evidence(main[0].state_at(""), "no container is restarted again and again"),))
    printed = pod.printed("STATUS")
    if printed.observed and printed.value in ENDED:
        how = f"kubectl prints {printed.value}"
        return Present((Evidence(printed.place, how),), {"how": how})
    well = printed_well(pod)
    if well is not None:
        return Absent((Evidence(well[1], f"kubectl prints {well[0]} with all containers ready"),))
    return _judge_events(pod)


def looping(pod: PodView, run: ContainerRun) -> str | None:
    """In what way the container does not stay up; None where it does, or where that is not shown."""
    if run.waiting in ("CrashLoopBackOff", "RunContainerError"):
        return f"{run.waiting}, {run.restarts} restarts"
    phase = pod.phase
    if phase.observed and phase.value in ("Failed", "Succeeded"):
        return None
    ended = run.ended
    if ended is None:
        return None
    if not run.running and not run.waiting and (run.restarts or ended.exit_code or ended.reason in NOT_STARTED):
        return f"ended ({ended.reason or 'exit'} {ended.exit_code}), {run.restarts} restarts"
    finished, now = parse_timestamp(ended.finished_at), pod.scene.as_of
    if outlived(run.status, now):
        return None
    if run.restarts >= 2 and finished is not None and now is not None and now - finished <= RESTART_MEMORY:
        return f"{run.restarts} restarts, the last {max(0, int(now - finished))} s ago"
    return None


def _judge_events(pod: PodView) -> Verdict:
    """From events alone: "Back-off restarting failed container" does not tell an init container from another."""
    events = pod.scene.events_about(pod.subject)
    killed = next((event for event in events if event.reason == "Killing" and _LIVENESS in event.message), None)
    for event in events:
        if event.reason == "BackOff" and killed is not None:  # only a container that runs has a liveness probe
            return Present((_said(event), _said(killed)), {"how": event.message}, since=by(killed.first))
        if event.reason == "BackOff" and "restarting failed container" in event.message:
            return Unsure((Gap(f"which container of {pod.subject} is restarted", (ask(pod),)),), (_said(event),))
    return unsure(f"the states of the containers of {pod.subject}", ask(pod))


#: "Container gallery failed liveness probe, will be restarted" (Kubernetes v1.34 kuberuntime_manager.go).
_LIVENESS = "failed liveness probe, will be restarted"


def _said(event: MergedEvent) -> Evidence:
    return Evidence(event.at, event.message)
