"""The kernel of a node met a fault of its own."""

from __future__ import annotations

from kwhy.knowledge.kernel.reports_trouble import REPORTS_TROUBLE
from kwhy.knowledge.kernel.tasks_hang import TASKS_HANG
from kwhy.knowledge.kernel.trouble import Said, from_log, of, said_by_kernel
from kwhy.knowledge.kubelet.not_posting import NOT_POSTING
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.node import KERNEL_LOG
from kwhy.scene.relations import ITSELF

OOPS = Condition(
    code="kernel.oops",
    kind="Node",
    nature=Nature.ROOT,
    title="The kernel of {subject} met a fault of its own: {words}",
    summary="After an oops the kernel goes on as well as it can; locks that the killed task held are never given back.",
    remedies=(
        Remedy(
            id="restart-the-node",
            title="Restart the node and take a kernel without the defect",
            when="now",
            risk="medium",
            steps=(
                Step("Keep new pods away and move the others.", "kubectl drain {name} --ignore-daemonsets"),
                Step("Save the message with its stack: it names function and module.", "dmesg -T > dmesg-{name}.txt"),
                Step("Restart it; look for the function in the notes of newer kernels, and take foreign modules out."),
            ),
            verify=(
                Step("No such message after the restart.", "dmesg -T | grep -c -E 'Oops|BUG:|general protection'"),
            ),
            undo=(Step("Let pods in again.", "kubectl uncordon {name}"),),
        ),
    ),
)


@rule(
    OOPS,
    rows=("N28",),
    leads=(leads_to(REPORTS_TROUBLE, via=ITSELF), leads_to(NOT_POSTING, via=ITSELF), leads_to(TASKS_HANG, via=ITSELF)),
)
def oops(node: Subject, said: list[Said] = given(said_by_kernel)) -> Verdict:
    """The kernel faulted.

    What it means: A defect of the kernel or one of its modules, or bad memory. The task that met it is killed; what it
    held stays locked, so that more and more tasks may hang.
    How it shows: "BUG: unable to handle", "Oops:", "general protection fault", "kernel BUG at", "Kernel panic".
    What looks like it: "segfault at" is a fault of a program, which the kernel survives by design.
    Source: Linux v6.6 arch/x86/mm/fault.c (show_fault_oops), kernel/panic.c.
    """
    found = of(said, "oops")
    if not found:
        if log := from_log(said):
            return Absent((log[0].evidence,))
        return unsure(f"the kernel log of {node.name}", KERNEL_LOG.of(node=node.name))
    values = {"words": found[0].about or "oops"}
    return Present(tuple(one.evidence for one in found[:3]), values, since=found[0].first)
