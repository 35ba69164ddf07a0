"""The kubelet allows pods fewer processes than ordinary programs need."""

from __future__ import annotations

from kwhy.knowledge.container.cannot_fork import CANNOT_FORK
from kwhy.knowledge.container.own_words import OwnWord
from kwhy.knowledge.container.processes import (
    ORDINARY,
    PIDS,
    Processes,
    configured_limit,
    processes_of,
    refusals_of,
    words_about_forks,
)
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.document import Locator
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF, node_of_pod
from kwhy.scene.views import NodeView, PodView

PID_LIMIT_LOW = Condition(
    code="kubelet.pid-limit-low",
    kind="Pod",
    nature=Nature.ROOT,
    title="The kubelet of {subject} allows each pod only {limit} processes and threads",
    summary="podPidsLimit is below what ordinary programs need: starting a process or thread fails in their pods.",
    remedies=(
        Remedy(
            id="raise-pod-pids-limit",
            title="Raise podPidsLimit",
            when="now",
            risk="medium",
            steps=(
                Step(
                    "Set podPidsLimit to 1024 or more (-1: no limit) in the kubelet's configuration.",
                    "grep -n podPidsLimit /var/lib/kubelet/config.yaml",
                ),
                Step("Restart the kubelet; pods run on.", "systemctl restart kubelet"),
                Step("Pods get the new limit when they are made anew."),
            ),
            verify=(
                Step("The kubelet shows the new limit.", "kubectl get --raw /api/v1/nodes/{name}/proxy/configz"),
                Step("The pods' logs complain no more."),
            ),
            undo=(Step("Set the former limit and restart the kubelet."),),
        ),
    ),
)


@rule(PID_LIMIT_LOW, rows=("N20",), leads=(leads_to(CANNOT_FORK, via=ITSELF),))
def pid_limit_low(
    pod: PodView,
    group: Processes | None = given(processes_of),
    refused: list[Evidence] = given(refusals_of),
    configured: tuple[int, Locator] | None = given(configured_limit),
    words: list[OwnWord] = given(words_about_forks),
) -> Verdict:
    """podPidsLimit is too low.

    What it means: The limit holds for each pod of the node, threads of all its containers counted together.
    How it shows: The pod's pids.max, or podPidsLimit of the kubelet, is below 1024, and the pod is at it; or the limit
    is that low, the log says that no process could be started, and the node itself has process ids left.
    What looks like it: A program that multiplies without bound meets any limit. The node's own limits.
    Source: Linux v6.6 kernel/cgroup/pids.c; k8s.io/kubelet v0.34 config/v1beta1 (PodPidsLimit).
    """
    shown = group.limit if group is not None else None
    limit = shown if shown is not None else configured[0] if configured is not None else None
    where = () if configured is None else (Evidence(configured[1], f"podPidsLimit is {configured[0]}"),)
    because = (*where, *refused, *(group.evidence if group is not None else ()))
    if limit is None and group is None:
        return unsure(f"how many processes {pod.subject} may have", PIDS.of(name=pod.name, namespace=pod.namespace))
    if limit is None or limit >= ORDINARY:
        return Absent(because)
    nodes = node_of_pod(pod.scene, pod.subject)
    blamed = nodes[0] if nodes else None
    if (group is not None and group.full) or refused:
        return Present(because, {"limit": limit}, blames=blamed)
    if group is not None:
        return Absent(because)
    node_well = _node_has_room(pod, nodes)
    if words and node_well is not None:
        said = (*because, words[0].evidence, node_well)
        return Present(said, {"limit": limit}, basis=Basis.INFERRED, blames=blamed)
    return unsure(f"how many processes {pod.subject} has", PIDS.of(name=pod.name, namespace=pod.namespace))


def _node_has_room(pod: PodView, nodes: list[Subject]) -> Evidence | None:
    """That the kubelet sees no shortage of process ids on the node; None where that was not shown."""
    for node in nodes:
        pressure = NodeView(pod.scene, node).condition("PIDPressure")
        if pressure.observed and pressure.value is not None and pressure.value.status == "False":
            return Evidence(pressure.place, "the node has process ids left")
    return None
