"""Two containers of one pod want the same port."""

from __future__ import annotations

from kwhy.facts.log_patterns.own_container import PORT_IN_USE
from kwhy.facts.objects import Pod
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.own_words import OwnWord, complains_only_of, last_words
from kwhy.knowledge.container.runs import ContainerRun, runs_of
from kwhy.knowledge.probe.ports import commanded, declared, listens
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LOGS, OBJECT
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

PORT_TAKEN = Condition(
    code="container.port-taken-in-pod",
    kind="Pod",
    nature=Nature.ROOT,
    title="Containers {first} and {second} of {subject} both want port {port}: {second} cannot listen",
    summary="All containers of a pod share one network, so a port can be listened on by one of them only.",
    remedies=(
        Remedy(
            id="give-each-its-own-port",
            title="Let each container of the pod listen on a port of its own",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Change the port of container {second}, by its arguments, environment or configuration; with it "
                    "its probes and the Services that mean it.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
            ),
            verify=(Step("All containers stay up.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)


def taken_ports(scene: Scene, pod: Subject) -> list[OwnWord]:
    """Lines of the pod's logs that say that a port is taken, newest first"""
    return last_words(scene, pod, PORT_IN_USE)


@rule(
    PORT_TAKEN,
    rows=("P17", "P2"),
    leads=(leads_to(EXITS_WITH_ERROR, via=ITSELF), leads_to(APP_ERRORS, via=complains_only_of(PORT_IN_USE))),
)
def port_taken(pod: PodView, words: list[OwnWord] = given(taken_ports)) -> Verdict:
    """Two containers of the pod want one port.

    What it means: Neither program is broken; which of them gets the port is a matter of who starts first.
    How it shows: One container's log says "address already in use", and another container of the pod says that it
    listens on this port, declares it, or is told to by its command.
    What looks like it: A program that starts twice in its own container. With hostNetwork the port is the node's, and
    anybody on the node may have it. hostPort alone never gives this error: the scheduler keeps such pods apart.
    Source: Linux ip(7) bind (EADDRINUSE); Kubernetes v1.34 pkg/kubelet/kuberuntime (one network namespace per sandbox).
    """
    scene, subject = pod.scene, pod.subject
    if not words:
        return unsure(f"the log of {subject}", LOGS.of(name=pod.name, namespace=pod.namespace))
    runs = runs_of(scene, subject)
    for word in words:
        loser = next((run for run in runs if run.name == word.container), None)
        if loser is None:
            continue
        for other in runs:
            if other.name == loser.name or other.init:
                continue
            shared = _shared_port(scene, subject, word, loser, other)
            if shared is None:
                continue
            port, proof = shared
            values = {"first": other.name, "second": loser.name, "port": port}
            return Present((word.evidence, proof), values, basis=Basis.RECOMPUTED)
    if len([run for run in runs if not run.init]) == 1 and not _on_host_network(scene, subject):
        return Absent((Evidence(runs[-1].state_at(runs[-1].name), "the pod has one container only"),))
    return unsure(
        f"which other container of {subject} listens on the port",
        OBJECT.of(kind="pod", name=pod.name, namespace=pod.namespace),
    )


def _shared_port(
    scene: Scene, pod: Subject, word: OwnWord, loser: ContainerRun, other: ContainerRun
) -> tuple[int, Evidence] | None:
    """The port that the error names, or that both are told to use, and what shows that the other one has it."""
    has: dict[int, Evidence] = {}
    has.update(declared(other))
    has.update(commanded(other))
    has.update({line.port: line.evidence for line in listens(scene, pod, other.name)})
    named = next((int(value) for value in word.hit.key.values() if value.isdigit()), None)
    if named is not None:
        return (named, has[named]) if named in has else None
    wanted = {**declared(loser), **commanded(loser)}
    wanted.update({line.port: line.evidence for line in listens(scene, pod, loser.name)})
    common = sorted(set(wanted) & set(has))
    return (common[0], has[common[0]]) if len(common) == 1 else None


def _on_host_network(scene: Scene, pod: Subject) -> bool:
    return any(
        isinstance(observation.object, Pod) and observation.object.spec.host_network is True
        for observation in scene.observations(pod)
    )
