"""A deleted pod takes its long grace period: no fault by itself, but what a rollout or a drain waits for."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.objects import Container, Lifecycle
from kwhy.knowledge.pod.failing import POD_FAILING, failing_candidates
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import rule, worsens
from kwhy.model.subject import Subject
from kwhy.model.time import at, iso
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

SLOW_TO_END = Condition(
    code="pod.slow-to-end",
    kind="Pod",
    nature=Nature.ROOT,
    title="Pod {pod} of {subject} was told to end {lasts} s ago and still runs: {why}; it is killed at {due}",
    summary="The pod's preStop hook or its program does not come to an end within the grace period.",
    remedies=(
        Remedy(
            id="end-in-time",
            title="Let hook and program end in time",
            when="lasting",
            risk="low",
            steps=(
                Step(
                    "The hook runs first, then the main process (PID 1) gets SIGTERM. A shell as PID 1 does not pass "
                    "it on: start the program with exec, or under an init (tini). The program must handle the signal.",
                    "kubectl get pod {pod} -n {namespace} -o yaml",
                ),
                Step(
                    "Set terminationGracePeriodSeconds to what a good end takes.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
            ),
            verify=(Step("A pod that is deleted is gone within seconds.", "kubectl get pods -n {namespace} -w"),),
            undo=(Step("Return to the former template.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
        Remedy(
            id="do-not-wait",
            title="Do not wait for this one pod",
            when="now",
            risk="medium",
            steps=(
                Step("Ask whether it may be cut off: connections and work in hand are lost."),
                Step(
                    "Shorten its grace period; the kubelet kills it then.",
                    "kubectl delete pod {pod} -n {namespace} --grace-period=5",
                ),
            ),
            verify=(Step("The pod is gone.", "kubectl get pod {pod} -n {namespace}"),),
            undo=(Step("A deletion cannot be taken back; the controller has made another pod."),),
        ),
    ),
)  # fmt: skip

#: A pod that ends as it should needs no longer (seconds); 30 is the default grace period.
LONG = 60.0


def _ending(scene: Scene) -> Iterable[Subject]:
    """Pods that are being deleted: all of them need a look anyway."""
    for pod in failing_candidates(scene):
        deleted = PodView(scene, pod).deletion_timestamp
        if deleted.observed and deleted.value:
            yield pod


@rule(SLOW_TO_END, rows=("P21",), leads=(worsens(POD_FAILING, via=ITSELF),), among=_ending, answers=("deletion",))
def slow_to_end(pod: PodView) -> Verdict:
    """The deleted pod uses up a long grace period.

    What it means: Whoever deleted it, drains its node or waits for its place waits as well; at the end it is killed.
    How it shows: deletionTimestamp lies ahead by the rest of the grace period, the pod was told to end more than a
    minute ago, and a container still runs.
    What looks like it: A server that drains long connections on purpose. A pod that outlives its grace period is
    another matter: then its kubelet, its runtime, a volume or a finalizer is to blame.
    Source: Kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_container.go (killContainer, executePreStopHook).
    """
    deleted = pod.deletion_timestamp
    grace = pod.seen("metadata.deletionGracePeriodSeconds", lambda p: p.metadata.deletion_grace_period_seconds, 0)
    due, now = parse_timestamp(deleted.value), pod.scene.as_of
    if not deleted.value:
        return Absent((Evidence(deleted.place, "it is not being deleted"),))
    if due is None or now is None or not grace.observed:
        return unsure(f"since when {pod.subject} is being deleted", *pod.probes())
    lasts = now - (due - grace.value)
    running = [s.name for s in pod.container_statuses.value if getattr(s.state, "running", None) is not None]
    if lasts < LONG or not running or now > due:
        return Absent((Evidence(deleted.place, f"it was told to end {int(lasts)} s ago"),))
    hooked = [c.name for c in pod.containers.value if c.name in running and _has_hook(c)]
    why = f"its preStop hook ({hooked[0]}) or its program goes on" if hooked else "its program does not end on SIGTERM"
    because = [Evidence(deleted.place, f"told to end {int(lasts)} s ago, with {grace.value} s of grace")]
    because.append(Evidence(pod.container_statuses.place, f"container {running[0]} still runs"))
    values = {"pod": pod.name, "lasts": int(lasts), "why": why, "due": iso(due)}
    return Present(tuple(because), values, since=at(due - grace.value))


def _has_hook(container: Container) -> bool:
    return isinstance(container.lifecycle, Lifecycle) and container.lifecycle.pre_stop is not None
