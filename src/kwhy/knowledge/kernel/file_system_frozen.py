"""A file system of a node is frozen: whoever writes to it waits for its thaw."""

from __future__ import annotations

from kwhy.facts.kernel import Resource, base_name
from kwhy.knowledge.kernel.hung import WAITS_FOR_THAW, Hung, hung_tasks
from kwhy.knowledge.kernel.tasks_hang import TASKS_HANG
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.node import ALL_KERNEL_STACKS, KERNEL_LOG

FILE_SYSTEM_FROZEN = Condition(
    code="kernel.file-system-frozen",
    kind="Node",
    nature=Nature.ROOT,
    title="A file system of {subject} is frozen: {task} waits for its thaw",
    summary="Somebody froze a file system, as backups and snapshots do, and did not thaw it; every write waits.",
    remedies=(
        Remedy(
            id="thaw-the-file-system",
            title="Thaw the file system",
            when="now",
            risk="low",
            steps=(
                Step("Find who froze it: a backup agent, fsfreeze, a guest agent, a snapshot that did not end.",
                     "ps -eo pid,stat,lstart,args | grep -E 'fsfreeze|xfs_freeze|qemu-ga|lvcreate|dmsetup'"),
                Step("A suspended device freezes what lies on it.", "dmsetup info -c -o name,suspended"),
                Step("Resume that device, or thaw each file system that may be meant; one that is not frozen refuses.",
                     "fsfreeze --unfreeze MOUNTPOINT"),
            ),
            verify=(Step("No process is in state D any more.", "ps -eo pid,stat,wchan:32,args | awk '$2 ~ /^D/'"),),
            undo=(Step("Freeze it again for the backup.", "fsfreeze --freeze MOUNTPOINT"),),
        ),
    ),
)  # fmt: skip


@rule(FILE_SYSTEM_FROZEN, rows=("N9", "N28"), leads=(leads_to(TASKS_HANG, via=WAITS_FOR_THAW),))
def file_system_frozen(node: Subject, hung: list[Hung] = given(hung_tasks)) -> Verdict:
    """A file system is frozen.

    What it means: FIFREEZE keeps the files still for a snapshot; writers sleep uninterruptibly until FITHAW. A backup
    that dies in between leaves them asleep for ever.
    How it shows: A task blocked for minutes in mnt_want_write or __sb_start_write, below percpu_rwsem_wait.
    What looks like it: A freeze that does not end, since the disk below takes no data: then freeze_super is on a stack
    itself. A disk that fails: io_schedule or jbd2 functions. A file system made read-only refuses at once.
    Source: Linux v6.6 fs/super.c (freeze_super, sb_wait_write), include/linux/fs.h (__sb_start_write).
    """
    frozen = [one for one in hung if one.resource is Resource.FROZEN_FILES]
    freezing = [one for one in hung if one.stack is not None and "freeze_super" in map(base_name, one.stack.frames)]
    if frozen and freezing:
        return unsure(f"what {freezing[0].task} waits for while it freezes", ALL_KERNEL_STACKS.of(node=node.name))
    if frozen:
        because = tuple(evidence for one in frozen[:3] for evidence in one.evidence)
        return Present(because, {"task": frozen[0].task}, since=frozen[0].said.first)
    if told := [one for one in hung if one.resource is not Resource.UNKNOWN]:
        return Absent(told[0].evidence)
    return unsure(
        f"the stacks of the blocked tasks of {node.name}",
        KERNEL_LOG.of(node=node.name),
        ALL_KERNEL_STACKS.of(node=node.name),
    )
