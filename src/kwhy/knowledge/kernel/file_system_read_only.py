"""The kernel made a file system read-only."""

from __future__ import annotations

from kwhy.knowledge.container.writes_refused_by_kernel import WRITES_REFUSED
from kwhy.knowledge.kernel.reports_trouble import REPORTS_TROUBLE
from kwhy.knowledge.kernel.trouble import Said, from_log, of, said_by_kernel, things
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.node import KERNEL_LOG
from kwhy.scene.relations import ITSELF, RUNS_ON

FILE_SYSTEM_READ_ONLY = Condition(
    code="kernel.file-system-read-only",
    kind="Node",
    nature=Nature.EFFECT,
    title="The kernel of {subject} made the file system on {devices} read-only",
    summary="After an error the kernel writes no more to a file system, so that nothing gets worse.",
)


@rule(
    FILE_SYSTEM_READ_ONLY,
    rows=("N28", "V4"),
    leads=(leads_to(REPORTS_TROUBLE, via=ITSELF), leads_to(WRITES_REFUSED, via=RUNS_ON)),
)
def file_system_read_only(node: Subject, said: list[Said] = given(said_by_kernel)) -> Verdict:
    """A file system was made read-only.

    What it means: Mounted with errors=remount-ro (the default of most installers), ext4 stops writing at the first
    error of its own structures; XFS shuts down. Programs get EROFS ("Read-only file system") or EIO.
    How it shows: "Remounting filesystem read-only".
    What looks like it: A volume or root file system that was asked to be read-only: then the kernel says nothing.
    Source: Linux v6.6 fs/ext4/super.c (ext4_handle_error).
    """
    found = of(said, "file system set read-only")
    if not found:
        if log := from_log(said):
            return Absent((log[0].evidence,))
        return unsure(f"the kernel log of {node.name}", KERNEL_LOG.of(node=node.name))
    return Present(tuple(one.evidence for one in found[:3]), {"devices": things(found)}, since=found[0].first)
