"""The kubelet restarts a container because its liveness or startup probe fails."""

from __future__ import annotations

from kwhy.knowledge.container.crash_loops import CRASH_LOOPS
from kwhy.knowledge.container.ends import Ending, endings_of
from kwhy.knowledge.container.out_of_memory import OOM_KILLED
from kwhy.knowledge.container.runs import NOT_STARTED, ContainerRun, ask, runs_of
from kwhy.knowledge.probe.failures import ProbeKill, kills_of, probe_of
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import EVENTS_OF
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

LIVENESS_KILLS = Condition(
    code="probe.liveness-kills",
    kind="Pod",
    nature=Nature.EFFECT,
    title="The kubelet restarts container {container} of {subject}, because its {probe} probe fails",
    summary="The program runs; the kubelet stops it, because it does not answer the probe as asked.",
)


@rule(LIVENESS_KILLS, rows=("P3",), leads=(leads_to(CRASH_LOOPS, via=ITSELF),))
def liveness_kills(
    pod: PodView,
    kills: list[ProbeKill] = given(kills_of),
    runs: tuple[ContainerRun, ...] = given(runs_of),
    endings: list[Ending] = given(endings_of),
) -> Verdict:
    """The kubelet restarts the container because of a probe.

    What it means: The restarts are the kubelet's doing, not the program's.
    How it shows: Event Killing: "Container x failed liveness probe, will be restarted" (startup probes likewise).
    What looks like it: Exit codes 0, 137 and 143 alone do not tell who stopped the program; a failed readiness probe
    never restarts anything.
    Source: Kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_manager.go (computePodActions).
    """
    looked_at = [run for run in runs if not run.init]
    own = [e for e in endings if e.reason == OOM_KILLED or e.reason in NOT_STARTED]
    if own and len(own) == len(endings):
        return Absent((own[0].evidence,))
    if kills:
        newest = kills[0]
        values = {"container": newest.container, "probe": newest.kind.lower()}
        return Present((newest.said.evidence,), values, since=newest.said.since)
    if looked_at and all(_without_probe(run) for run in looked_at):
        place = looked_at[0].spec_at("livenessProbe", "")
        return Absent((Evidence(place, "no container has a liveness or startup probe"),))
    return unsure(
        f"whether the kubelet stopped a container of {pod.subject} because of a probe",
        EVENTS_OF.of(kind="pod", name=pod.name, namespace=pod.namespace),
        ask(pod),
    )


def _without_probe(run: ContainerRun) -> bool:
    """Whether the container was shown, and has neither probe."""
    spec = run.spec
    if spec is None or not (run.observation.whole or spec.liveness_probe is None):
        return False
    return probe_of(spec, "Liveness") is None and probe_of(spec, "Startup") is None
