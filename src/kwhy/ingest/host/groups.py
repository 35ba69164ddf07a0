"""Whose control group a path or a command names."""

from __future__ import annotations

from typing import Final

import msgspec

from kwhy.model.expressions import expression

# 1a85cbee7f487afcc349f8ca1882ea3babe249d5cac4b4bc53b08812582725fb; cri-containerd-1a85….scope
_CONTAINER: Final = expression(r"(?:^|[-/])(?P<id>[0-9a-f]{64})(?:\.scope)?(?:/|$)")
# pod7264dc21-f6da-4a96-b21d-c5306cffdf5a; kubepods-burstable-pod7264dc21_f6da_4a96_b21d_c5306cffdf5a.slice
_POD: Final = expression(r"pod(?P<uid>[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})")
#: Directories in which version 1 mounts its controllers, and where version 2 is mounted.
_MOUNT: Final = expression(r"^/sys/fs/cgroup(?:/(?:memory|pids|cpu|cpuacct|cpu,cpuacct|blkio|unified)(?=/|$))?")


class GroupOwner(msgspec.Struct, frozen=True):
    """``path`` has no mount point and no controller; ``container`` and ``pod_uid`` are "" where it names none."""

    path: str
    container: str
    pod_uid: str


def owner_of_group(path: str) -> GroupOwner:
    """Whose the group is, by its path as the kubelet and the container runtimes name groups."""
    container, pod = _CONTAINER.search(path), _POD.search(path)
    return GroupOwner(
        path=_MOUNT.sub("", path) or "/",
        container=container["id"] if container else "",
        pod_uid=pod["uid"].replace("_", "-") if pod else "",
    )
