"""The runtime does not get past one container."""

from __future__ import annotations

from kwhy.knowledge.pod.failing import POD_FAILING
from kwhy.knowledge.runtime.containers import ContainerState, containers_of_pod, containers_on, state_of
from kwhy.knowledge.runtime.cri_call_hangs import CRI_CALL_HANGS
from kwhy.knowledge.runtime.hangs import RUNTIME_HANGS, answered
from kwhy.model.condition import Condition, Nature
from kwhy.model.probe import Probe
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.probes.node import ALL_KERNEL_STACKS, PROCESSES
from kwhy.scene.scene import Scene

CONTAINER_STUCK = Condition(
    code="runtime.container-stuck",
    kind="Container",
    nature=Nature.EFFECT,
    title="The runtime does not get past container {name} on {node}{how}",
    summary="Calls about this one container do not return, while others do.",
)

INSPECT_ALL = Probe(
    "for c in $(crictl ps -aq || docker ps -aq); do timeout 10 crictl inspect $c >/dev/null || echo $c; done",
    unlocks="which single container the runtime cannot look at",
    where="node {node}",
    cost="ten seconds for each stuck container",
)

IS_ON = Relation("has container", containers_on)
CONTAINERS = Relation("has container", containers_of_pod)


def node_answers(scene: Scene, container: Subject) -> tuple[Evidence, ...]:
    """Commands about all containers that the runtime answered"""
    return answered(scene, Subject("Node", container.node or ""))


@rule(
    CONTAINER_STUCK,
    rows=("N9",),
    leads=(
        leads_to(CRI_CALL_HANGS, via=IS_ON),
        leads_to(RUNTIME_HANGS, via=IS_ON),
        leads_to(POD_FAILING, via=CONTAINERS),
    ),
)
def container_stuck(
    container: Subject,
    state: ContainerState | None = given(state_of),
    answers: tuple[Evidence, ...] = given(node_answers),
) -> Verdict:
    """The runtime does not get past one container.

    What it means: A call about it holds the container's lock, or waits for its shim or for a process that cannot be
    killed; every call that goes over all containers waits behind it.
    How it shows: docker inspect or crictl inspect of just this id does not return while docker ps answers; a process
    below its shim is in state D, and the kernel says that it has been for minutes.
    What looks like it: The whole runtime hangs: then no call returns. State D for a moment is ordinary disk access.
    Source: containerd v1.6 pkg/process/init.go (mu), runtime/v2/shim.go; moby container/container.go (Lock);
    Linux kernel/hung_task.c.
    """
    if state is None:
        node = container.node
        return unsure(f"which container of {node} hangs", INSPECT_ALL.of(node=node), PROCESSES.of(node=node))
    held = tuple(e for one in state.held for e in one.evidence)
    lasting = any(one.seconds for one in state.held)
    if (state.unanswered and answers) or lasting:
        what = next((one.wait.resource.value for one in state.held if one.wait is not None), None)
        how = f": its process waits for {what}" if what else ""
        return Present((*state.unanswered, *answers[:1], *held), {"how": how})
    gap = Gap(
        f"whether the runtime answers about others than {container.name}, and for how long its processes have waited",
        (INSPECT_ALL.of(node=container.node), ALL_KERNEL_STACKS.of(node=container.node)),
    )
    return Unsure((gap,), (*state.unanswered, *held))
