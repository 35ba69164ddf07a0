"""An init container fails or does not end."""

from __future__ import annotations

from kwhy.knowledge.container.runs import NOT_STARTED, ContainerRun, ask, printed_well, runs_of
from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.relations import ITSELF_ONCE_BOUND
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

INIT_FAILS = Condition(
    code="init.container-fails",
    kind="Pod",
    nature=Nature.EFFECT,
    title="{subject} does not get past init container {container}: {how}",
    summary="The containers of the pod start only after every init container has succeeded, and one does not.",
)

#: An init container that runs this long waits for something (seconds; image pulls are not part of it).
LONG = 120.0


@rule(INIT_FAILS, rows=("P5",), leads=(leads_to(POD_FAILING, via=ITSELF_ONCE_BOUND),))
def init_fails(pod: PodView, runs: tuple[ContainerRun, ...] = given(runs_of)) -> Verdict:
    """An init container fails, or does not end.

    What it means: The program itself has not been started.
    How it shows: An init container waits with CrashLoopBackOff, ended with an error, or has run for minutes.
    What looks like it: A sidecar (an init container with restartPolicy Always) runs on by design. An init container
    whose image does not come has not run at all.
    Source: Kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_container.go (computeInitContainerActions).
    """
    for run in runs:
        how = _trouble(pod, run) if run.init else None
        if how is not None:
            evidence = Evidence(run.state_at(how), f"init container {run.name}: {how}")
            return Present((evidence,), {"container": run.name, "how": how})
    if runs:
        return Absent((Evidence(runs[0].state_at(""), "no init container is in trouble"),))
    printed = pod.printed("STATUS")
    if printed.observed and printed.value in ("Init:CrashLoopBackOff", "Init:Error", "Init:OOMKilled"):
        says = f"kubectl prints {printed.value}"
        return Present((Evidence(printed.place, says),), {"container": "(not shown)", "how": says})
    well = printed_well(pod)
    if well is not None:
        return Absent((Evidence(well[1], f"kubectl prints {well[0]} with all containers ready"),))
    return unsure(f"the states of the init containers of {pod.subject}", ask(pod))


def _trouble(pod: PodView, run: ContainerRun) -> str | None:
    if run.spec is not None and run.spec.restart_policy == "Always":
        return None
    if run.waiting in ("CrashLoopBackOff", "RunContainerError"):
        return f"{run.waiting}, {run.restarts} restarts"
    state = run.status.state
    terminated = getattr(state, "terminated", None)
    if terminated is not None and (terminated.exit_code or terminated.reason in NOT_STARTED):
        return f"ended ({terminated.reason or 'exit'} {terminated.exit_code}), {run.restarts} restarts"
    return waits_long(pod.scene, run)


def waits_long(scene: Scene, run: ContainerRun) -> str | None:
    """Since when an init container that is no sidecar runs, where that is long."""
    running = getattr(run.status.state, "running", None)
    if running is None or (run.spec is not None and run.spec.restart_policy == "Always"):
        return None
    started, now = parse_timestamp(running.started_at), scene.as_of
    if started is not None and now is not None and now - started >= LONG:
        return f"it has run for {int(now - started)} s and has not ended"
    return None
