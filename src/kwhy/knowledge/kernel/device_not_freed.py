"""The kernel waits for ever for a network device to become free."""

from __future__ import annotations

from kwhy.knowledge.kernel.hung import WAITS_FOR_NETWORK_LOCK
from kwhy.knowledge.kernel.reports_trouble import REPORTS_TROUBLE
from kwhy.knowledge.kernel.tasks_hang import TASKS_HANG
from kwhy.knowledge.kernel.trouble import Said, from_log, of, said_by_kernel
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.node import KERNEL_LOG
from kwhy.scene.relations import ITSELF

DEVICE_NOT_FREED = Condition(
    code="kernel.device-not-freed",
    kind="Node",
    nature=Nature.ROOT,
    title="The kernel of {subject} never frees a network device ({words}): something still refers to it",
    summary="A leaked reference keeps a network namespace from ending; new ones may wait for the lock meanwhile.",
    remedies=(
        Remedy(
            id="restart-the-node",
            title="Restart the node; only that ends it",
            when="now",
            risk="medium",
            steps=(
                Step("Keep new pods away and move the others.", "kubectl drain {name} --ignore-daemonsets"),
                Step("Restart the node, and take a newer kernel: several leaks of this kind are mended there."),
            ),
            verify=(Step("No such message after the restart.", "dmesg -T | grep -c unregister_netdevice"),),
            undo=(Step("Let pods in again.", "kubectl uncordon {name}"),),
        ),
    ),
)

#: A device that is only slow to be freed causes one or two messages, ten seconds apart.
LASTS = 3


@rule(
    DEVICE_NOT_FREED,
    rows=("N28",),
    leads=(leads_to(REPORTS_TROUBLE, via=ITSELF), leads_to(TASKS_HANG, via=WAITS_FOR_NETWORK_LOCK)),
)
def device_not_freed(node: Subject, said: list[Said] = given(said_by_kernel)) -> Verdict:
    """A network device is not freed.

    What it means: A count of references to a device of a namespace that is being taken down does not reach zero. While
    the kernel waits it may hold the lock for network configuration, so that pods are neither made nor ended.
    How it shows: "unregister_netdevice: waiting for lo to become free. Usage count = 1", every ten seconds.
    What looks like it: One or two such lines, which end by themselves: a device that was just slow to be freed.
    Source: Linux v6.6 net/core/dev.c (netdev_wait_allrefs_any: a message each 10 s).
    """
    found = [one for one in of(said, "device not freed") if one.count >= LASTS]
    if not found:
        if log := from_log(said):
            return Absent((log[0].evidence,))
        return unsure(f"the kernel log of {node.name}", KERNEL_LOG.of(node=node.name))
    values = {"words": found[0].about or "lo"}
    return Present(tuple(one.evidence for one in found[:3]), values, since=found[0].first)
