"""A container is ended by a signal that somebody sent."""

from __future__ import annotations

from kwhy.facts.objects import Container, Probe
from kwhy.knowledge.container.crash_loops import CRASH_LOOPS
from kwhy.knowledge.container.ends import Ending, endings_of
from kwhy.knowledge.container.exits_with_error import SIGNALLED
from kwhy.knowledge.container.init_fails import INIT_FAILS
from kwhy.knowledge.container.out_of_memory import OOM_KILLED
from kwhy.knowledge.container.runs import ask, event_messages
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import EVENTS_OF
from kwhy.probes.node import KERNEL_LOG
from kwhy.scene.relations import ITSELF, node_of_pod
from kwhy.scene.views import PodView

KILLED = Condition(
    code="container.killed",
    kind="Pod",
    nature=Nature.EFFECT,
    title="Container {container} of {subject} was ended by {signal}, by neither the kubelet nor its memory limit",
    summary="The exit code says that a signal ended the program, and the usual senders are seen not to have been it.",
)

_SIGNALS = {137: "SIGKILL", 143: "SIGTERM"}


@rule(KILLED, rows=("N14", "P2"), leads=(leads_to(CRASH_LOOPS, via=ITSELF), leads_to(INIT_FAILS, via=ITSELF)))
def killed(pod: PodView, endings: list[Ending] = given(endings_of)) -> Verdict:
    """Somebody sent the container a signal.

    What it means: Four may send it: the kernel for memory (reason OOMKilled; or, for a child of the first process or a
    node that is short, reason Error), the kubelet (failed probe, deletion, eviction), a process in the pod, or
    somebody on the node.
    How it shows: Exit code 137 (SIGKILL) or 143 (SIGTERM) with reason Error; no event Killing; no liveness or startup
    probe.
    What looks like it: 137 after SIGTERM was ignored for the grace period comes with the event Killing. A program that
    returns its child's code.
    Source: Linux signal(7); POSIX.1-2017 XCU 2.8.2; Kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_container.go
    (killContainer records Killing).
    """
    if not endings:
        return unsure(f"how the containers of {pod.subject} ended", ask(pod))
    ending = next((e for e in endings if e.code in SIGNALLED and e.reason != OOM_KILLED), None)
    if ending is None:
        return Absent((endings[0].evidence,))
    stopped = event_messages(pod.scene, pod.subject, "Killing")
    if stopped:
        return Absent((stopped[0].evidence,))
    if pod.scene.listing("Event", pod.namespace) is None and not pod.scene.events_about(pod.subject):
        events = EVENTS_OF.of(kind="pod", name=pod.name, namespace=pod.namespace)
        return unsure(f"whether the kubelet stopped {pod.subject}", events)
    if not _without_probes(ending.run.spec):
        nodes = node_of_pod(pod.scene, pod.subject)
        return unsure(f"who killed {pod.subject}", ask(pod), KERNEL_LOG.of(node=nodes[0].name if nodes else None))
    place = ending.run.spec_at("livenessProbe", "no livenessProbe")
    because = (ending.evidence, Evidence(place, "no probe stops it, and no event says that the kubelet did"))
    return Present(because, {"container": ending.container, "signal": _SIGNALS[ending.code]})


def _without_probes(spec: Container | None) -> bool:
    """Whether the container was shown without a probe that could stop it."""
    return spec is not None and not any(isinstance(p, Probe) for p in (spec.liveness_probe, spec.startup_probe))
