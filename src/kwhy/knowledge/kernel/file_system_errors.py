"""A file system of a node is damaged."""

from __future__ import annotations

from kwhy.knowledge.kernel.file_system_read_only import FILE_SYSTEM_READ_ONLY
from kwhy.knowledge.kernel.reports_trouble import REPORTS_TROUBLE
from kwhy.knowledge.kernel.trouble import Said, from_log, of, said_by_kernel, things
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Gap, Present, Unsure, Verdict, unsure
from kwhy.probes.node import KERNEL_LOG
from kwhy.scene.relations import ITSELF

FILE_SYSTEM_ERRORS = Condition(
    code="kernel.file-system-errors",
    kind="Node",
    nature=Nature.ROOT,
    title="The file system on {devices} of {subject} is damaged",
    summary="The file system found its own structures wrong, while the device below it reports no error.",
    remedies=(
        Remedy(
            id="check-the-file-system",
            title="Check the file system while it is not mounted",
            when="now",
            risk="medium",
            steps=(
                Step("Move the pods away.", "kubectl drain {name} --ignore-daemonsets"),
                Step("Save the data, stop what uses the file system, unmount it (the root: boot a rescue system)."),
                Step("Check it: e2fsck for ext4, xfs_repair for XFS.", "e2fsck -f /dev/{device}"),
                Step("Look for the reason: a power cut, a disk attached to two nodes, bad memory."),
            ),
            verify=(
                Step("It mounts and logs no error.", "dmesg -T | grep -E 'EXT4-fs error|XFS .*orruption' | tail -3"),
            ),
            undo=(Step("Let pods in again.", "kubectl uncordon {name}"),),
        ),
    ),
)


@rule(
    FILE_SYSTEM_ERRORS,
    rows=(
        "N28",
        "V4",
    ),
    leads=(leads_to(REPORTS_TROUBLE, via=ITSELF), leads_to(FILE_SYSTEM_READ_ONLY, via=ITSELF)),
)
def file_system_errors(node: Subject, said: list[Said] = given(said_by_kernel)) -> Verdict:
    """A file system is damaged.

    What it means: What lies on the disk contradicts itself: after a power cut without barriers, by a disk that two
    nodes had mounted, by bad memory.
    How it shows: "EXT4-fs error (device …)", "XFS (…): … corruption" without errors of the device below.
    What looks like it: Errors of the device: then the file system only says what it got, and the device is to blame.
    Of these node-problem-detector passes on some only, so that its events alone leave it open.
    Source: Linux v6.6 fs/ext4/super.c (__ext4_error), fs/xfs/xfs_error.c.
    """
    found = of(said, "file system errors")
    below = of(said, "device errors")
    if found and below:
        return Absent((below[0].evidence,))
    if not found:
        if log := from_log(said):
            return Absent((log[0].evidence,))
        return unsure(f"the kernel log of {node.name}", KERNEL_LOG.of(node=node.name))
    if not from_log(said):
        what = f"the kernel log of {node.name}: whether the device below {things(found)} reports errors"
        return Unsure((Gap(what, (KERNEL_LOG.of(node=node.name),)),), tuple(one.evidence for one in found[:3]))
    values = {"devices": things(found), "device": found[0].about}
    return Present(tuple(one.evidence for one in found[:3]), values, since=found[0].first)
