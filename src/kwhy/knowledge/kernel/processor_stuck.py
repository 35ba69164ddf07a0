"""A processor of a node does not come out of the kernel."""

from __future__ import annotations

from kwhy.knowledge.kernel.reports_trouble import REPORTS_TROUBLE
from kwhy.knowledge.kernel.trouble import Said, from_log, of, said_by_kernel, things
from kwhy.knowledge.kubelet.not_posting import NOT_POSTING
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.node import KERNEL_LOG
from kwhy.scene.relations import ITSELF

PROCESSOR_STUCK = Condition(
    code="kernel.processor-stuck",
    kind="Node",
    nature=Nature.ROOT,
    title="Processor {processors} of {subject} is stuck in the kernel ({words})",
    summary="The watchdog saw no progress on a processor for many seconds: a kernel defect, or a busy host below.",
    remedies=(
        Remedy(
            id="restart-the-node",
            title="Restart the node, and find what its kernel or its host does",
            when="now",
            risk="medium",
            steps=(
                Step("Keep new pods away.", "kubectl cordon {name}"),
                Step(
                    "Save the stacks that stand below the message: they name the function.",
                    "dmesg -T > dmesg-{name}.txt",
                ),
                Step("On a virtual machine look for time taken by the host (steal).", "vmstat 1 5"),
                Step("Restart it; take a newer kernel if the stack names a known defect."),
            ),
            verify=(
                Step(
                    "No such message after the restart.", "dmesg -T | grep -c -E 'soft lockup|rcu.*stall|hard LOCKUP'"
                ),
            ),
            undo=(Step("Let pods in again.", "kubectl uncordon {name}"),),
        ),
    ),
)


@rule(PROCESSOR_STUCK, rows=("N28",), leads=(leads_to(REPORTS_TROUBLE, via=ITSELF), leads_to(NOT_POSTING, via=ITSELF)))
def processor_stuck(node: Subject, said: list[Said] = given(said_by_kernel)) -> Verdict:
    """A processor is stuck.

    What it means: Code of the kernel runs on, or waits with interrupts off, for longer than 20 s; what is bound to that
    processor stands still, and the kubelet may miss its heartbeats.
    How it shows: "BUG: soft lockup", "Watchdog detected hard LOCKUP", "rcu: INFO: … detected stalls".
    What looks like it: A virtual machine that was paused (snapshot, live migration) prints the same once. A hung task
    sleeps and takes no processor.
    Source: Linux v6.6 kernel/watchdog.c (watchdog_timer_fn), kernel/rcu/tree_stall.h.
    """
    found = of(said, "stuck processor")
    if not found:
        if log := from_log(said):
            return Absent((log[0].evidence,))
        return unsure(f"the kernel log of {node.name}", KERNEL_LOG.of(node=node.name))
    values = {"processors": things(found), "words": found[0].pattern.id.removeprefix("kernel.").replace("-", " ")}
    return Present(tuple(one.evidence for one in found[:3]), values, since=found[0].first)
