"""A pod has as many processes as its limit allows, and the limit is an ordinary one."""

from __future__ import annotations

from kwhy.knowledge.container.cannot_fork import CANNOT_FORK
from kwhy.knowledge.container.processes import (
    NODE_PIDS,
    ORDINARY,
    PIDS,
    Processes,
    configured_limit,
    processes_of,
    refusals_of,
)
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.document import Locator
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF, node_of_pod
from kwhy.scene.views import PodView

TOO_MANY_PROCESSES = Condition(
    code="container.too-many-processes",
    kind="Pod",
    nature=Nature.ROOT,
    title="The programs of {subject} are at their limit of {limit} processes and threads",
    summary="The pod's group of processes is full; the limit is one that ordinary programs do not meet.",
    remedies=(
        Remedy(
            id="find-what-multiplies",
            title="Find what multiplies, and restart it",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See which program has so many processes or threads; zombies count too (a first process that does "
                    "not reap its children).",
                    "kubectl exec -n {namespace} {kind}/{name} -- sh -c 'ps -eLf 2>/dev/null || ps'",
                ),
                Step("Start the pods anew.", "kubectl rollout restart {kind}/{name} -n {namespace}"),
            ),
            verify=(Step("The log complains no more.", "kubectl logs {kind}/{name} -n {namespace} --since=5m"),),
            undo=(Step("Nothing to undo."),),
        ),
        Remedy(
            id="bound-the-program",
            title="Bound pools of threads and workers; let an init reap children",
            when="lasting",
            risk="low",
            steps=(
                Step("Give pools of threads a size; start programs behind a small init that reaps children (tini)."),
                Step("Only where the program needs as many: raise podPidsLimit in the configuration of the kubelets."),
            ),
            verify=(
                Step(
                    "pids.current stays below pids.max.",
                    "kubectl exec -n {namespace} {kind}/{name} -- cat /sys/fs/cgroup/pids.current",
                ),
            ),
            undo=(Step("Set the former sizes."),),
        ),
    ),
)


@rule(TOO_MANY_PROCESSES, rows=("N20",), leads=(leads_to(CANNOT_FORK, via=ITSELF),))
def too_many_processes(
    pod: PodView,
    group: Processes | None = given(processes_of),
    refused: list[Evidence] = given(refusals_of),
    configured: tuple[int, Locator] | None = given(configured_limit),
) -> Verdict:
    """The pod is at its limit of processes.

    What it means: All containers of a pod share the limit that the kubelet sets for pods (podPidsLimit), threads count.
    How it shows: pids.current is at pids.max, pids.events counts refusals, or the kernel says "fork rejected by pids
    controller" of the pod's group; the limit is 1024 or more.
    What looks like it: A limit so low that ordinary programs meet it: see the kubelet's configuration. The node's own
    limits, which all pods meet. ulimit -u of the program's user.
    Source: Linux v6.6 kernel/cgroup/pids.c; Kubernetes v1.34 pkg/kubelet/cm/pod_container_manager_linux.go
    (podPidsLimit).
    """
    limit = group.limit if group is not None else None
    if limit is None and configured is not None:
        limit = configured[0]
    if (group is not None and group.full) or refused:
        because = (*refused, *(group.evidence if group is not None else ()))
        if limit is not None and limit < ORDINARY:
            return Absent(because)
        return Present(because, {"limit": limit if limit is not None else "its group's"})
    if group is not None:
        return Absent(group.evidence)
    nodes = node_of_pod(pod.scene, pod.subject)
    return unsure(
        f"how many processes {pod.subject} has and may have",
        PIDS.of(name=pod.name, namespace=pod.namespace),
        NODE_PIDS.of(node=nodes[0].name if nodes else None),
    )
