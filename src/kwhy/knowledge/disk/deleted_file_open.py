"""A program keeps a deleted file open, so that its space is not free."""

from __future__ import annotations

from decimal import Decimal

from kwhy.facts.disk import DeletedFile
from kwhy.knowledge.disk.amounts import BEHIND, STORAGE, Lacking, lacking_on
from kwhy.knowledge.disk.probes import DELETED
from kwhy.knowledge.node.disk_pressure import DISK_PRESSURE
from kwhy.knowledge.node.reclaim_fails import RECLAIM_FAILS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.quantity import in_words
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

DELETED_FILE_OPEN = Condition(
    code="disk.deleted-file-open",
    kind="Node",
    nature=Nature.ROOT,
    title="{subject} keeps {size} of deleted files open: {path}",
    summary="The name of a file is gone, its space is not: the program that has it open must close it.",
    remedies=(
        Remedy(
            id="close-the-file",
            title="Let the program close the file",
            when="now",
            risk="medium",
            steps=(
                Step("See what it is and whether the program reopens its logs on a signal.", "ls -l /proc/{pid}/fd"),
                Step("Restart the program or its pod; or empty the file by its descriptor.", ": > /proc/{pid}/fd/FD"),
            ),
            verify=(Step("df shows the space.", "df -h /var/lib/kubelet"),),
            undo=(Step("Nothing to undo: the file had no name any more."),),
        ),
        Remedy(
            id="rotate-with-reopening",
            title="Rotate logs so that the program reopens them",
            when="lasting",
            risk="low",
            steps=(Step("Use copytruncate, or a postrotate script that signals the program."),),
            verify=(Step("No deleted file is open.", "lsof -nP +L1"),),
            undo=(Step("Set the former rotation."),),
        ),
    ),
)  # fmt: skip


def deleted_files(scene: Scene, node: Subject) -> list[DeletedFile]:
    """Deleted files that programs of the node keep open, the largest first"""
    return sorted(scene.facts_on(node, DeletedFile), key=lambda file: -file.size)


@rule(
    DELETED_FILE_OPEN,
    rows=("N12",),
    leads=(leads_to(DISK_PRESSURE, via=ITSELF), leads_to(RECLAIM_FAILS, via=ITSELF)),
)
def deleted_file_open(
    node: NodeView, files: list[DeletedFile] = given(deleted_files), wanted: Lacking | None = given(lacking_on)
) -> Verdict:
    """Deleted files are still open.

    What it means: The kernel frees a file's blocks when its last name and its last descriptor are gone. du does not see
    such a file, df does.
    How it shows: `lsof +L1` lists files with no link; those of one program are most of what the kubelet lacks.
    What looks like it: Temporary files of databases have no name on purpose, and are small. A large file with a name.
    Source: Linux unlink(2); lsof(8) (+L1).
    """
    if not files:
        return unsure(f"deleted files that programs of {node.name} keep open", DELETED.of(node=node.name))
    first = files[0]
    own = [file for file in files if (file.program, file.pid) == (first.program, first.pid)]
    size = sum(file.size for file in own)
    says = f"{first.program} (process {first.pid}) keeps {in_words(STORAGE, Decimal(size))} of deleted files open"
    if wanted is None:
        return unsure(f"how much the kubelet of {node.name} wants to free", DELETED.of(node=node.name))
    if size < wanted.amount * BEHIND:
        return Absent((Evidence(first.at, says),))
    values = {"size": in_words(STORAGE, Decimal(size)), "path": first.path, "pid": first.pid}
    process = Subject("Process", first.program, node=node.name)
    return Present((Evidence(first.at, says), wanted.evidence), values, blames=process)
