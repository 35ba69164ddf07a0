"""A running container is kept from traffic by its readiness probe."""

from __future__ import annotations

from kwhy.knowledge.container.runs import ContainerRun, ask, runs_of
from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.knowledge.probe.failures import ProbeFailure, failures_of, probe_of
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF_ONCE_BOUND
from kwhy.scene.views import PodView

READINESS_FAILS = Condition(
    code="probe.readiness-fails",
    kind="Pod",
    nature=Nature.EFFECT,
    title="Container {container} of {subject} runs and is not ready: {how}",
    summary="The readiness probe does not succeed, so Services leave the pod out. Nothing is restarted for it.",
)


@rule(READINESS_FAILS, rows=("P4",), leads=(leads_to(POD_FAILING, via=ITSELF_ONCE_BOUND),))
def readiness_fails(
    pod: PodView,
    runs: tuple[ContainerRun, ...] = given(runs_of),
    failures: list[ProbeFailure] = given(failures_of),
) -> Verdict:
    """The readiness probe fails.

    What it means: The container runs and its Services do not send to it. A readiness probe never restarts anything.
    How it shows: The container is running and not ready and has a readiness probe; event Unhealthy says how it fails.
    What looks like it: A container that waits or has ended is not ready either; so is one whose startup probe has not
    succeeded yet, and every container of a node that is not Ready.
    Source: Kubernetes v1.34 pkg/kubelet/prober/worker.go, results; pkg/kubelet/status/generate.go.
    """
    failed = next((failure for failure in failures if failure.kind == "Readiness"), None)
    for run in runs:
        if run.init or not run.running or run.status.ready is not False:
            continue
        if probe_of(run.spec, "Readiness") is None and failed is None:
            continue
        return _present(run, failed)
    if runs:
        return Absent((Evidence(runs[-1].state_at(""), "no container runs without being ready"),))
    printed, ready = pod.printed("STATUS"), pod.printed("READY")
    if printed.observed and ready.observed and printed.value == "Running":
        have, _, want = ready.value.partition("/")
        if have == want:
            return Absent((Evidence(ready.place, f"{ready.value} ready"),))
        if failed is not None:
            because = (Evidence(ready.place, f"Running, {ready.value} ready"), failed.said.evidence)
            return Present(because, {"container": "(not shown)", "how": failed.said.text}, since=failed.said.since)
    elif printed.observed:
        return Absent((Evidence(printed.place, f"kubectl prints {printed.value}"),))
    return unsure(f"why {pod.subject} is not ready", ask(pod))


def _present(run: ContainerRun, failed: ProbeFailure | None) -> Present:
    state = Evidence(run.state_at("running, not ready"), f"container {run.name} runs and is not ready")
    if failed is not None:
        values = {"container": run.name, "how": failed.said.text}
        return Present((state, failed.said.evidence), values, since=failed.said.since)
    place = run.spec_at("readinessProbe", "readinessProbe")
    values = {"container": run.name, "how": "its readiness probe has not succeeded"}
    return Present((state, Evidence(place, "it has a readiness probe")), values, basis=Basis.RECOMPUTED)
