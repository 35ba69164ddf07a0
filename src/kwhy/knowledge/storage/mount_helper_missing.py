"""A node cannot mount a kind of file system."""

from __future__ import annotations

import msgspec

from kwhy.knowledge.storage.mount_errors import MountError, Problem, judged, known_errors, node_of
from kwhy.knowledge.storage.volume_not_mounted import NOT_MOUNTED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Present, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

HELPER_MISSING = Condition(
    code="storage.mount-helper-missing",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} cannot mount {type}: the program or kernel module for it is not installed",
    summary="The kubelet asks the node's mount command, which needs a helper (/sbin/mount.nfs) or a kernel module.",
    remedies=(
        Remedy(
            id="install-the-helper",
            title="Install the mount helper on every node",
            when="now",
            risk="low",
            steps=(
                Step("Debian, Ubuntu: NFS, and CIFS.", "apt-get install nfs-common cifs-utils"),
                Step("RHEL and its kin.", "dnf install nfs-utils cifs-utils"),
                Step("A local file system needs its kernel module.", "modprobe {type}"),
            ),
            verify=(Step("The helper is there.", "ls -l /sbin/mount.{type}"), Step("The pods start.")),
            undo=(Step("Remove the packages again."),),
        ),
    ),
)

# Mounting arguments: -t nfs 192.168.1.2:/x /var/lib/…
_TYPE = expression(r"(?:^|\s)-t (?P<type>[a-z0-9._-]{1,40})\s")


@rule(HELPER_MISSING, rows=("V2",), leads=(leads_to(NOT_MOUNTED, via=ITSELF),))
def mount_helper_missing(pod: PodView, errors: list[MountError] = given(known_errors)) -> Verdict:
    """The node lacks what mounts this kind of file system.

    What it means: Nothing is wrong with server, path or volume: the node's image lacks a package.
    How it shows: mount says "bad option; for several filesystems (e.g. nfs, cifs) you might need a /sbin/mount.<type>
    helper program", or "wrong fs type, bad option, bad superblock on SERVER:/PATH", or "unknown filesystem type".
    What looks like it: The same sentence about a device (/dev/…) means a damaged or other file system. Another wrong
    mount option gives it too: compare mountOptions.
    Source: util-linux 2.23 sys-utils/mount.c (mk_exit_code); 2.33 libmount/src/context_mount.c; a helper that is there
    (mount.nfs) prints its own sentences instead.
    """
    found = next((e for e in errors if e.problem is Problem.HELPER_MISSING), None)
    match = _TYPE.search(found.said.text) if found is not None else None
    kind = (found.detail("type") if found is not None else "") or (match["type"] if match else "this file system")
    verdict = judged(pod, errors, Problem.HELPER_MISSING, type=kind)
    if not isinstance(verdict, Present):
        return verdict
    node = node_of(pod.scene, pod.subject)
    if node is None:
        return unsure(f"the node of {pod.subject}", *pod.probes())
    return msgspec.structs.replace(verdict, blames=node)
