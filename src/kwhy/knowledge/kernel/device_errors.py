"""A block device of a node returns errors."""

from __future__ import annotations

from kwhy.knowledge.kernel.file_system_read_only import FILE_SYSTEM_READ_ONLY
from kwhy.knowledge.kernel.hung import WAITS_FOR_DISK
from kwhy.knowledge.kernel.reports_trouble import REPORTS_TROUBLE
from kwhy.knowledge.kernel.tasks_hang import TASKS_HANG
from kwhy.knowledge.kernel.trouble import Said, from_log, of, said_by_kernel, things
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.node import KERNEL_LOG
from kwhy.scene.relations import ITSELF

DEVICE_ERRORS = Condition(
    code="kernel.device-errors",
    kind="Node",
    nature=Nature.ROOT,
    title="Block device {devices} of {subject} fails requests ({kinds})",
    summary="The device, or what it lies on, answers reads or writes with errors; data may be lost.",
    remedies=(
        Remedy(
            id="save-and-replace",
            title="Take the load away, save the data, replace the device",
            when="now",
            risk="medium",
            steps=(
                Step("Keep new pods away.", "kubectl cordon {name}"),
                Step("See what the device says of itself.", "smartctl -a /dev/{device}; lsblk"),
                Step(
                    "\"critical space allocation\": the store below a thin or virtual disk is full; make room there "
                    "first. \"critical medium\", timeouts, plain I/O errors: the disk, its cable or its path."
                ),
                Step("Move the pods away and replace the disk.", "kubectl drain {name} --ignore-daemonsets"),
            ),
            verify=(Step("No new errors in the kernel log.", "dmesg -T | grep -E 'error, dev|I/O error' | tail -3"),),
            undo=(Step("Let pods in again.", "kubectl uncordon {name}"),),
        ),
    ),
)  # fmt: skip


@rule(
    DEVICE_ERRORS,
    rows=("N28", "V4"),
    leads=(
        leads_to(REPORTS_TROUBLE, via=ITSELF),
        leads_to(FILE_SYSTEM_READ_ONLY, via=ITSELF),
        leads_to(TASKS_HANG, via=WAITS_FOR_DISK),
    ),
)
def device_errors(node: Subject, said: list[Said] = given(said_by_kernel)) -> Verdict:
    """A block device fails requests.

    What it means: A disk, its path, or the full store below a thin disk. File systems on it stop writing; whatever
    waits for it hangs or fails.
    How it shows: "I/O error, dev …", "critical medium error", "critical space allocation error", "Buffer I/O error",
    an NVMe command that times out.
    What looks like it: Errors of a file system alone (corruption) without errors of the device below it. A network disk
    whose server is away. A CD drive or a card reader without a medium.
    Source: Linux v6.6 block/blk-mq.c (blk_print_req_error), block/blk-core.c (blk_errors), drivers/nvme/host/pci.c.
    """
    found = of(said, "device errors")
    if not found:
        if log := from_log(said):
            return Absent((log[0].evidence,))
        return unsure(f"the kernel log of {node.name}", KERNEL_LOG.of(node=node.name))
    kinds = ", ".join(dict.fromkeys(one.key.get("class") or "timeout" for one in found))
    values = {"devices": things(found), "device": found[0].about, "kinds": kinds}
    return Present(tuple(one.evidence for one in found[:3]), values, since=found[0].first)
