"""A workload takes down the nodes that it runs on, one after another."""

from __future__ import annotations

from itertools import pairwise

import msgspec

from kwhy.knowledge.node.not_ready import NODE_NOT_READY
from kwhy.knowledge.runtime.hangs import RUNTIME_HANGS, unanswered
from kwhy.knowledge.workload.node_failures import Arrival, Failure, History, arrivals_at, arrivals_of, node_history
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.probe import Probe
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import Moment
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.probes.kubectl import NODES
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

TAKES_NODES_DOWN = Condition(
    code="workload.takes-nodes-down",
    kind="Workload",
    nature=Nature.ROOT,
    title="{subject} takes down the nodes that it runs on: {story}",
    summary="Nodes became not ready one after another, each soon after a pod of this one workload had come to it.",
    remedies=(
        Remedy(
            id="stop-the-workload",
            title="Stop the workload before repairing any node",
            when="now",
            risk="medium",
            steps=(
                Step("Note how many replicas it has.", "kubectl get {kind} {name} -n {namespace}"),
                Step(
                    "Stop it, or it takes down the next node.",
                    "kubectl scale {kind} {name} -n {namespace} --replicas=0",
                ),
                Step("Then repair the nodes: keep dumps of kubelet and runtime from one of them, reboot the others."),
            ),
            verify=(Step("No further node becomes not ready within an hour.", "kubectl get nodes -w"),),
            undo=(Step("Start it again.", "kubectl scale {kind} {name} -n {namespace} --replicas=FORMER"),),
        ),
        Remedy(
            id="find-out-what-it-does",
            title="Find out what it does, on one node kept apart for it",
            when="lasting",
            risk="low",
            steps=(
                Step(
                    "Taint one node and let only this workload tolerate it.",
                    "kubectl taint node NODE quarantine=true:NoExecute",
                ),
                Step("Watch there what it uses up: processes, memory, disk, exec probes, kernel log."),
                Step("Set limits: memory, ephemeral-storage, and podPidsLimit of the kubelet."),
            ),
            verify=(Step("The node stays Ready with the workload on it.", "kubectl get node NODE -w"),),
            undo=(Step("Remove the taint.", "kubectl taint node NODE quarantine-"),),
        ),
    ),
)

POD_HISTORY = Probe(
    "kubectl get events -A --field-selector reason=Scheduled -o yaml; kubectl get pods -A -o yaml",
    unlocks="which pods came to each node before it became not ready (events are kept for one hour)",
)

#: A node that fails later than this after the pod came did not fail because it came (seconds): the shortest span that
#: covers a slow leak and still tells it from everyday scheduling. A judgement, not a constant of Kubernetes.
SOON = 1800.0
#: Nodes that fail within this of one another fail together: a zone, a switch, the control plane (seconds).
TOGETHER = 60.0
#: Of whom nothing is known yet.
SOME_WORKLOAD = Subject("Workload", "some workload")


class Fall(msgspec.Struct, frozen=True):
    """The end of one node: the pod that came, and the failure that followed."""

    arrival: Arrival
    failure: Failure

    @property
    def delay(self) -> float:
        return self.failure.at - self.arrival.at


def _history(scene: Scene, _: Subject) -> History:
    """Which pods came to which nodes when, and when nodes became not ready"""
    return scene.derive_once(node_history)


def suspects(scene: Scene) -> dict[Subject, tuple[Fall, ...]]:
    """Workloads that came to each of the nodes that failed, soon before it failed, and moved on after it."""
    history = scene.derive_once(node_history)
    failures = [failure for failure in history.failures if not _planned(scene, failure)]
    if not _one_after_another(failures):
        return {}
    found = {}
    for workload, arrivals in arrivals_at(scene, [failure.node for failure in failures]).items():
        falls = _falls(arrivals, failures)
        if len(falls) == len(failures) and _moves_on(falls):
            found[workload] = falls
    return found


def _planned(scene: Scene, failure: Failure) -> bool:
    """Whether someone had cordoned the node before it failed: then it was taken out on purpose."""
    events = scene.events_about(Subject("Node", failure.node))
    if any(event.reason == "NodeNotSchedulable" for event in events):
        return True
    cordoned = NodeView(scene, Subject("Node", failure.node)).unschedulable
    return cordoned.observed and cordoned.value


def _one_after_another(failures: list[Failure]) -> bool:
    return len(failures) >= 2 and all(later.at - former.at > TOGETHER for former, later in pairwise(failures))


def _falls(arrivals: tuple[Arrival, ...], failures: list[Failure]) -> tuple[Fall, ...]:
    """For each failure the last pod of the workload that came to the node soon before it."""
    found = []
    for failure in failures:
        near = [a for a in arrivals if a.node == failure.node and 0 <= failure.at - a.at <= SOON]
        if near:
            found.append(Fall(near[-1], failure))
    return tuple(found)


def _moves_on(falls: tuple[Fall, ...]) -> bool:
    """Whether each pod came after the node before had failed: the workload carried it from node to node."""
    return all(later.arrival.at > former.failure.at for former, later in pairwise(falls))


def survivors(scene: Scene, workload: Subject, falls: tuple[Fall, ...]) -> tuple[Evidence, ...]:
    """Pods of the workload that lived on a node for longer than any node survived them, without harm."""
    history = scene.derive_once(node_history)
    failed_at = {failure.node: failure.at for failure in history.failures}
    longest = max(fall.delay for fall in falls)
    return tuple(
        arrival.evidence
        for arrival in scene.derive(arrivals_of, workload)
        if arrival.node not in failed_at and history.end is not None and history.end - arrival.at > 2 * longest
    )


def _came_to(scene: Scene, node: Subject) -> list[Subject]:
    """The workloads that came to the node soon before it failed, where several nodes failed."""
    history = scene.derive_once(node_history)
    if len(history.failures) < 2:
        return []
    return [workload for workload, falls in scene.derive_once(suspects).items() if _on(falls, node)]


def _on(falls: tuple[Fall, ...], node: Subject) -> bool:
    return any(fall.failure.node == node.name for fall in falls)


def _came_to_or_unknown(scene: Scene, node: Subject) -> list[Subject]:
    """The same; where the runtime hangs and nothing is known of the node's pods, the question which ones came."""
    return _came_to(scene, node) or ([SOME_WORKLOAD] if scene.derive(unanswered, node) else [])


def _falls_of(scene: Scene, workload: Subject) -> tuple[Fall, ...]:
    """The nodes to which the workload came before each failed"""
    return scene.derive_once(suspects).get(workload, ())


def _rivals(scene: Scene, workload: Subject) -> tuple[Subject, ...]:
    """Other workloads that fit as well"""
    fitting = scene.derive_once(suspects)
    return tuple(other for other, falls in fitting.items() if other != workload and not survivors(scene, other, falls))


def _living(scene: Scene, workload: Subject) -> tuple[Evidence, ...]:
    """Pods of the workload that live on nodes that are well"""
    falls = _falls_of(scene, workload)
    return survivors(scene, workload, falls) if falls else ()


CAME_TO = Relation("came to", _came_to)
MAY_HAVE_COME_TO = Relation("may have come to", _came_to_or_unknown)


@rule(
    TAKES_NODES_DOWN,
    rows=("N10",),
    leads=(leads_to(NODE_NOT_READY, via=CAME_TO), leads_to(RUNTIME_HANGS, via=MAY_HAVE_COME_TO)),
)
def takes_nodes_down(
    workload: Subject,
    history: History = given(_history),
    falls: tuple[Fall, ...] = given(_falls_of),
    rivals: tuple[Subject, ...] = given(_rivals),
    living: tuple[Evidence, ...] = given(_living),
) -> Verdict:
    """A workload takes nodes down.

    What it means: An image does something that a node does not survive: processes, disk, memory, a kernel fault, probes
    that start more than they end. The pod is evicted, and the next node gets it.
    How it shows: Two or more nodes failed at different times; one workload alone had come to each of them soon before,
    each time after the node before had failed, and it has lived on no node that is well.
    What looks like it: A zone or switch: nodes fail together. A rolling upgrade: nodes are cordoned first. A workload
    that was merely moved along with the guilty one: then several fit, and nothing is concluded. DaemonSets run
    everywhere.
    Source: Kubernetes v1.34 pkg/controller/tainteviction (pods leave a node that is not ready after their toleration);
    pkg/scheduler/schedule_one.go (event Scheduled).
    """
    if len(falls) < 2:
        few = f"{len(history.failures)} node{'' if len(history.failures) == 1 else 's'} failed"
        return unsure(
            f"which pods had come to each node before it became not ready ({few})", POD_HISTORY.of(), NODES.of()
        )
    if living:
        return Absent(living)
    because = tuple(e for fall in falls for e in (fall.arrival.evidence, fall.failure.evidence))
    if rivals:
        others = ", ".join(str(rival) for rival in rivals)
        return Unsure(
            (Gap(f"what tells {workload} from {others}, which moved along with it", (POD_HISTORY.of(),)),), because
        )
    delays = [round(fall.delay / 60) or 1 for fall in falls]
    nodes = ", ".join(fall.failure.node for fall in falls)
    within = f"within {max(delays)} minute{'s' if max(delays) > 1 else ''}"
    return Present(
        because,
        {"story": f"{nodes} became not ready one after another, each {within} of a pod of it coming there"},
        since=Moment(None, falls[0].arrival.at),
        basis=Basis.INFERRED,
        affected=tuple(Subject("Node", fall.failure.node) for fall in falls),
    )
