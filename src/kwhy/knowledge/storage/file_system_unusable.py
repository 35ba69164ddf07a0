"""A device holds no usable file system."""

from __future__ import annotations

from kwhy.knowledge.storage.mount_errors import MountError, Problem, judged, known_errors
from kwhy.knowledge.storage.volume_not_mounted import NOT_MOUNTED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

FILE_SYSTEM_UNUSABLE = Condition(
    code="storage.file-system-unusable",
    kind="Pod",
    nature=Nature.ROOT,
    title="The file system of {subject} on {device} is damaged, or is of another kind than asked for",
    summary="The device is there, and what is on it cannot be mounted as the volume asks.",
    remedies=(
        Remedy(
            id="repair-the-file-system",
            title="Look at the device, back it up, and repair its file system while nothing uses it",
            when="now",
            risk="high",
            steps=(
                Step("Scale the workloads that use the volume to 0, so that nothing mounts it."),
                Step("See what is on the device, on the node that has it attached.", "lsblk -f {device}"),
                Step("See what the kernel says about it.", "dmesg -T | tail -100"),
                Step("Take a snapshot or an image first; then look without changing anything.", "fsck -n {device}"),
                Step("Repair it.", "fsck -y {device}"),
                Step("If the kind differs, correct fsType in the class or the volume instead."),
            ),
            verify=(Step("The pods start.", "kubectl get pods -A -o wide"),),
            undo=(Step("Restore the snapshot."),),
        ),
    ),
)


@rule(FILE_SYSTEM_UNUSABLE, rows=("V2", "V4"), leads=(leads_to(NOT_MOUNTED, via=ITSELF),))
def file_system_unusable(pod: PodView, errors: list[MountError] = given(known_errors)) -> Verdict:
    """The file system on the device is damaged or of another kind.

    What it means: The volume is attached; mount or fsck refuses what is on it.
    How it shows: "'fsck' found errors on device … but could not correct them", "wrong fs type, bad option, bad
    superblock on /dev/…", "Structure needs cleaning".
    What looks like it: The same words about SERVER:/PATH mean a missing mount helper. A device that fails gives I/O
    errors in the kernel log: then repairing writes to a dying disk.
    Source: k8s.io/mount-utils v0.34 mount_linux.go (checkAndRepairFilesystem); util-linux libmount; Linux fs/xfs and
    fs/ext4 (EUCLEAN).
    """
    found = next((e for e in errors if e.problem is Problem.FILE_SYSTEM_UNUSABLE), None)
    device = found.detail("device", "source") if found is not None else ""
    return judged(pod, errors, Problem.FILE_SYSTEM_UNUSABLE, device=device or "its device")
