"""Tasks of a node hang in the kernel."""

from __future__ import annotations

from kwhy.facts.kernel import Resource
from kwhy.knowledge.kernel.hung import Hung, hung_tasks
from kwhy.knowledge.kernel.reports_trouble import REPORTS_TROUBLE
from kwhy.knowledge.kernel.trouble import Said, from_log, said_by_kernel
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.node import KERNEL_LOG
from kwhy.scene.relations import ITSELF

TASKS_HANG = Condition(
    code="kernel.tasks-hang",
    kind="Node",
    nature=Nature.EFFECT,
    title="On {subject} {tasks} hang{s} in the kernel: {what}",
    summary="Tasks sleep uninterruptibly for minutes; nothing can kill them until what they wait for comes.",
)

#: How many tasks a title names.
NAMED = 3


@rule(TASKS_HANG, rows=("N9", "N28"), leads=(leads_to(REPORTS_TROUBLE, via=ITSELF),))
def tasks_hang(
    node: Subject, hung: list[Hung] = given(hung_tasks), said: list[Said] = given(said_by_kernel)
) -> Verdict:
    """Tasks hang in the kernel.

    What it means: The tasks cannot be killed, and whoever waits for them hangs too: first the programs, then the
    runtime, then the kubelet.
    How it shows: "INFO: task … blocked for more than 120 seconds"; the stack below names what the task waits for.
    What looks like it: A processor that does not come out of the kernel (soft lockup): that task runs. A process in
    state D for a moment: the kernel reports it only after two minutes.
    Source: Linux v6.6 kernel/hung_task.c (check_hung_task).
    """
    if not hung:
        if log := from_log(said):
            return Absent((log[0].evidence,))
        return unsure(f"the kernel log of {node.name}", KERNEL_LOG.of(node=node.name))
    told = sorted(hung, key=lambda one: one.resource is Resource.UNKNOWN)
    names = list(dict.fromkeys(one.task for one in told))
    tasks = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
    waits = list(dict.fromkeys(one.resource.value for one in told if one.resource is not Resource.UNKNOWN))
    what = f"waiting for {' and '.join(waits[:2])}" if waits else "no stack tells what for"
    values = {"tasks": tasks, "s": "s" if len(names) == 1 else "", "what": what}
    because = tuple(evidence for one in told[:3] for evidence in one.evidence)
    # The kernel waits two minutes before it tells; what the tasks wait for may be told later still.
    return Present(because, values)
