"""A program ends by itself, and its workload wants it to run on."""

from __future__ import annotations

from kwhy.facts.objects import Container, Pod, Probe
from kwhy.knowledge.container.crash_loops import CRASH_LOOPS
from kwhy.knowledge.container.ends import Ending, endings_of
from kwhy.knowledge.container.runs import ask, event_messages
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import EVENTS_OF
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.relations import ITSELF, owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

EXITS_AT_ONCE = Condition(
    code="container.exits-at-once",
    kind="Pod",
    nature=Nature.ROOT,
    title="The program in container {container} of {subject} ends by itself with exit code 0 after {seconds} s",
    summary="The workload keeps a program running that has done its work and ends: it is started again for ever.",
    remedies=(
        Remedy(
            id="run-it-as-a-job",
            title="Run it as a Job, or give the container a command that stays in the foreground",
            when="now",
            risk="low",
            steps=(
                Step("See what is started.", "kubectl get {kind} {name} -n {namespace} -o yaml"),
                Step("A server must not go to the background; a task that ends belongs into a Job or CronJob."),
            ),
            verify=(Step("The pods stay up.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)

#: So many ends in a row are no accident.
SEVERAL = 2
#: A program that ran longer than this did not end at once (seconds).
AT_ONCE = 60.0
#: Controllers whose pods always have restartPolicy Always (apps/v1 validation).
_KEEP_RUNNING = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")


@rule(EXITS_AT_ONCE, rows=("P2",), leads=(leads_to(CRASH_LOOPS, via=ITSELF),))
def exits_at_once(pod: PodView, endings: list[Ending] = given(endings_of)) -> Verdict:
    """The program ends by itself, without an error.

    What it means: Nothing is broken in it: it was not meant to run for ever, or went to the background.
    How it shows: Exit code 0 (Completed) within a minute, several restarts, restartPolicy Always, nobody killed it.
    What looks like it: A server that the kubelet stops because of a liveness probe ends with 0 too: with a liveness or
    startup probe the events must show that the kubelet did not.
    Source: Kubernetes v1.34 pkg/kubelet/container/helpers.go (ShouldContainerBeRestarted).
    """
    main = [ending for ending in endings if not ending.run.init]
    if not main:
        return unsure(f"how the containers of {pod.subject} ended", ask(pod))
    done = [ending for ending in main if ending.code == 0]
    if not done:
        return Absent((main[0].evidence,))
    ending = done[0]
    killed = event_messages(pod.scene, pod.subject, "Killing")
    if killed:
        return Absent((killed[0].evidence,))
    started, finished = parse_timestamp(ending.end.started_at), parse_timestamp(ending.end.finished_at)
    lasted = finished - started if started is not None and finished is not None else None
    if lasted is not None and lasted > AT_ONCE:
        return Absent((Evidence(ending.at, f"it ran for {int(lasted)} s"),))
    if lasted is None or ending.run.restarts < SEVERAL or not _keeps_running(pod.scene, pod.subject):
        return unsure(f"whether {pod.subject} ends by itself again and again", ask(pod))
    if not _without_probes(ending.run.spec):
        return unsure(
            f"whether the kubelet stopped {pod.subject} because of a probe",
            EVENTS_OF.of(kind="pod", name=pod.name, namespace=pod.namespace),
        )
    values = {"container": ending.container, "seconds": int(lasted)}
    return Present((ending.evidence,), values, basis=Basis.RECOMPUTED)


def _keeps_running(scene: Scene, pod: Subject) -> bool:
    for observation in scene.observations(pod):
        struct = observation.object
        if isinstance(struct, Pod) and isinstance(struct.spec.restart_policy, str):
            return struct.spec.restart_policy == "Always"
    return owner_of(scene, pod).kind in _KEEP_RUNNING


def _without_probes(spec: Container | None) -> bool:
    """Whether the container was shown without a probe that could stop it."""
    return spec is not None and not any(isinstance(p, Probe) for p in (spec.liveness_probe, spec.startup_probe))
