"""The exec probes of a node's pods start many processes each second."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.objects import Container, Pod, Probe
from kwhy.knowledge.node.load import load_of, processors_of
from kwhy.knowledge.node.overloaded import OVERLOADED
from kwhy.model.condition import Condition, Nature
from kwhy.model.document import Locator
from kwhy.model.rule import Relation, given, rule, worsens
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import PODS
from kwhy.scene.relations import structs_on
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

EXEC_PROBES_MANY = Condition(
    code="node.exec-probes-many",
    kind="Node",
    nature=Nature.EFFECT,
    title="Exec probes of {containers} containers start {rate} processes a second on {subject}",
    summary="Each exec probe starts a runtime process and the command itself; HTTP and TCP probes start nothing.",
)

#: More exec probes than this per second and processor cost more than a program that computes now and then: each starts
#: several processes (kubernetes.io/docs, Configure Probes: "creation/forking of multiple processes each time").
MANY = 1.0
#: Probe.periodSeconds where it is 0 (k8s.io/api v0.34 core/v1: defaults to 10).
PERIOD = 10


class Started(msgspec.Struct, frozen=True):
    """How many exec probes a node's containers run a second, of how many containers, and where one is asked for."""

    rate: float
    containers: int
    at: Locator


def exec_probes_on(scene: Scene, node: Subject) -> Started | None:
    """The exec probes of the pods on the node, with their periods"""
    rate, containers, place = 0.0, 0, None
    for pod, struct in structs_on(scene, node):
        views = [struct] if struct is not None else [o.object for o in scene.observations(pod)[:1]]
        for view in views:
            asked = view.spec.containers if isinstance(view, Pod) and view.status.phase == "Running" else None
            for container in asked if isinstance(asked, list) else ():
                own = _rate_of(container)
                rate, containers = rate + own, containers + bool(own)
                if own and place is None:
                    place = scene.observations(pod)[0].at
    return Started(rate, containers, place) if place is not None else None


def _rate_of(container: Container) -> float:
    """Exec probes of one container a second, once it has started."""
    probes = (container.liveness_probe, container.readiness_probe)
    own = (probe for probe in probes if isinstance(probe, Probe) and probe.exec is not None)
    return sum(1 / (probe.period_seconds if probe.period_seconds > 0 else PERIOD) for probe in own)


def _busy(scene: Scene, node: Subject) -> Iterable[Subject]:
    if scene.derive(load_of, node).signs:
        yield node


BUSY = Relation("is busy with the probes of", _busy)


@rule(EXEC_PROBES_MANY, rows=("N16",), leads=(worsens(OVERLOADED, via=BUSY),))
def exec_probes_many(node: NodeView, started: Started | None = given(exec_probes_on)) -> Verdict:
    """Exec probes cost the node much.

    What it means: An exec probe starts a process of the runtime, which starts the command in the container. Hundreds of
    containers that do so each few seconds keep processors busy with nothing else.
    How it shows: The periods of the exec probes of all running pods on the node add up to more than one start a second
    for each processor, and the node is overloaded.
    What looks like it: HTTP and TCP probes, which the kubelet makes itself. A command that itself computes for long.
    Source: kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes (caution about
    exec); Kubernetes v1.34 pkg/kubelet/prober/worker.go.
    """
    if started is None:
        return unsure(f"the probes of pods on {node.name}", PODS.of())
    rate = f"{started.rate:.2g}"
    says = Evidence(started.at, f"{started.containers} containers have exec probes: {rate} a second in all")
    count = processors_of(node.scene, node.subject)
    if count is None or started.rate <= MANY * count:
        return Absent((says,))
    return Present((says,), {"containers": started.containers, "rate": rate}, basis=Basis.RECOMPUTED)
