"""The kubelet of a node does not run."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.kubelet.not_posting import NOT_POSTING
from kwhy.knowledge.node.detector_complains import DETECTOR_COMPLAINS, KUBELET_REPORTED
from kwhy.knowledge.node.programs import Life, life_of
from kwhy.knowledge.stream.kubelet_not_reached import KUBELET_NOT_REACHED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.node import KUBELET_LOG, KUBELET_STATUS, PROCESSES
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

KUBELET_NOT_RUNNING = Condition(
    code="kubelet.not-running",
    kind="Node",
    nature=Nature.ROOT,
    title="The kubelet of {subject} does not run{restarting}",
    summary="No kubelet process runs on the node, so nobody reports its state or starts and stops its pods.",
    remedies=(
        Remedy(
            id="start-the-kubelet",
            title="Start the kubelet of {name}, after reading why it ended",
            when="now",
            risk="low",
            steps=(
                Step("See on {name} how it ended.", "journalctl -u kubelet -n 100 --no-pager"),
                Step("Start it. Containers that run go on running.", "systemctl start kubelet"),
            ),
            verify=(
                Step("It stays up.", "systemctl status kubelet --no-pager"),
                Step("The node becomes Ready.", "kubectl get node {name} -w"),
            ),
            undo=(Step("Stop it again.", "systemctl stop kubelet"),),
        ),
        Remedy(
            id="enable-the-kubelet",
            title="Have it start at boot and restart by itself",
            when="lasting",
            risk="low",
            steps=(Step("Enable the unit; its file wants Restart=always.", "systemctl enable kubelet"),),
            verify=(Step("It is enabled.", "systemctl is-enabled kubelet"),),
            undo=(Step("Disable it.", "systemctl disable kubelet"),),
        ),
    ),
)


def kubelet_life(scene: Scene, node: Subject) -> Life:
    """The kubelet's unit, the node's process list or the end of its journal"""
    return life_of(scene, node, ("kubelet",), ("kubelet.service",))


def _stopped_units(scene: Scene) -> Iterable[Subject]:
    """Hosts whose kubelet unit was shown to be down; a mere process list may be of a host that never had one."""
    return [node for node in scene.hosts.all if _by_unit(scene.derive(kubelet_life, node))]


def _by_unit(life: Life) -> bool:
    return not life.runs and any("systemd says" in evidence.says for evidence in life.stopped)


@rule(
    KUBELET_NOT_RUNNING,
    rows=("N1", "N21"),
    leads=(
        leads_to(NOT_POSTING, via=ITSELF),
        leads_to(KUBELET_NOT_REACHED, via=ITSELF),
        leads_to(DETECTOR_COMPLAINS, via=KUBELET_REPORTED),
    ),
    among=_stopped_units,
    symptom=True,
)
def kubelet_not_running(node: NodeView, life: Life = given(kubelet_life)) -> Verdict:
    """The kubelet does not run.

    What it means: The node's Lease and status are not renewed and the controller declares the node Unknown. Containers
    go on running, unattended.
    How it shows: Its unit is inactive, failed or between two restarts; the host's whole process list holds no kubelet;
    the journal ends with its exit.
    What looks like it: A kubelet that runs and cannot reach the API server logs failing lease updates. k3s and microk8s
    have the kubelet inside another process. The process list of a container never shows it.
    Source: Kubernetes v1.34 cmd/kubelet/app/server.go; systemd 252 systemctl(1).
    """
    if life.runs:
        return Absent(life.runs)
    ready = node.condition("Ready")
    if ready.observed and ready.value is not None and ready.value.status != "Unknown":
        return unsure(f"whether the kubelet of {node.name} runs now", KUBELET_STATUS.of(node=node.name))
    if life.stopped:
        restarting = ": systemd starts it again and again" if life.restarting else ""
        return Present(life.stopped, {"restarting": restarting}, basis=life.basis)
    return unsure(
        f"whether the kubelet of {node.name} runs",
        KUBELET_STATUS.of(node=node.name),
        PROCESSES.of(node=node.name),
        KUBELET_LOG.of(node=node.name),
    )
