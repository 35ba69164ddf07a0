"""The kernel says that a process of a container has been blocked for minutes."""

from __future__ import annotations

from kwhy.facts.kernel import Resource
from kwhy.knowledge.runtime.container_stuck import CONTAINER_STUCK
from kwhy.knowledge.runtime.containers import ContainerState, state_of
from kwhy.knowledge.storage.mount_dead import SERVED
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.node import ALL_KERNEL_STACKS, KERNEL_LOG
from kwhy.scene.relations import ITSELF

TASK_HUNG = Condition(
    code="kernel.task-hung",
    kind="Container",
    nature=Nature.EFFECT,
    title="A process of container {name} on {node} has been blocked in the kernel for {seconds} s: it waits for {what}",
    summary="The kernel reports a task that sleeps uninterruptibly; a disk, a lock or memory is behind it.",
)


@rule(TASK_HUNG, rows=("N9", "N28"), leads=(leads_to(CONTAINER_STUCK, via=ITSELF),))
def task_hung(container: Subject, state: ContainerState | None = given(state_of)) -> Verdict:
    """A task is hung.

    What it means: The process cannot be killed until the kernel gets on; its container cannot be stopped.
    How it shows: "INFO: task … blocked for more than 120 seconds" of a process below the container's shim.
    What looks like it: A dead network mount: the stack names its functions, and it has a rule of its own.
    Source: Linux v6.6 kernel/hung_task.c (check_hung_task).
    """
    hung = [held for held in state.held if held.seconds] if state is not None else []
    for held in hung:
        resource = held.wait.resource if held.wait is not None else Resource.UNKNOWN
        if resource in SERVED:
            return Absent(held.evidence)
        return Present(held.evidence, {"seconds": held.seconds, "what": resource.value})
    return unsure(
        f"what the kernel of {container.node} says about blocked tasks",
        KERNEL_LOG.of(node=container.node),
        ALL_KERNEL_STACKS.of(node=container.node),
    )
