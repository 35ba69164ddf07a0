"""A device or mount point is busy."""

from __future__ import annotations

from kwhy.knowledge.storage.mount_errors import MountError, Problem, judged, known_errors
from kwhy.knowledge.storage.volume_not_mounted import NOT_MOUNTED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

DEVICE_BUSY = Condition(
    code="storage.device-busy",
    kind="Pod",
    nature=Nature.ROOT,
    title="The device {device} of {subject} is busy on the node: something else holds or mounts it",
    summary="The volume is attached, and the node refuses to mount it because the device or the mount point is in use.",
    remedies=(
        Remedy(
            id="free-the-device",
            title="Find who holds the device and let it go",
            when="now",
            risk="medium",
            steps=(
                Step("See where it is mounted, and what stands on it.", "findmnt -S {device}; lsblk {device}"),
                Step("See which processes hold it.", "fuser -vm {device}"),
                Step(
                    "multipathd often claims volumes that are not its own: forbid it to in /etc/multipath.conf.",
                    "multipath -ll",
                ),
                Step("Unmount what is left over of a pod that is gone.", "umount MOUNTPOINT"),
            ),
            verify=(Step("The pods start.", "kubectl get pods -A -o wide"),),
            undo=(Step("Mount again what was unmounted, or restore multipath.conf."),),
        ),
    ),
)


@rule(DEVICE_BUSY, rows=("V2",), leads=(leads_to(NOT_MOUNTED, via=ITSELF),))
def device_busy(pod: PodView, errors: list[MountError] = given(known_errors)) -> Verdict:
    """The device or its mount point is busy.

    What it means: Something on the node has the device: a leftover mount, multipath, LVM, another process.
    How it shows: mount says "already mounted or mount point busy", or "Resource busy".
    What looks like it: A volume attached to another node (Multi-Attach). A mount in progress ends by itself.
    Source: util-linux libmount/src/context_mount.c (EBUSY); busybox mount; k8s.io/mount-utils v0.34 mount_linux.go.
    """
    found = next((e for e in errors if e.problem is Problem.DEVICE_BUSY), None)
    device = found.detail("source", "device") if found is not None else ""
    return judged(pod, errors, Problem.DEVICE_BUSY, device=device)
