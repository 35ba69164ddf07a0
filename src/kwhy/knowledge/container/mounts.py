"""Which volume a path inside a container lies on, and as whom the container's program runs."""

from __future__ import annotations

import posixpath

import msgspec

from kwhy.facts.objects import Container, Observation, Pod, SecurityContext, Volume
from kwhy.knowledge.container.runs import quoted
from kwhy.model.document import Locator
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene

#: Volumes that the kubelet writes and always mounts read-only (Kubernetes v1.9.4 and later: kubernetes#58720).
GENERATED = frozenset({"ConfigMap", "Secret", "projected", "downwardAPI"})


class Mounted(msgspec.Struct, frozen=True):
    """The volume below a path. ``kind`` is how people call its type; "volume" where that was not shown."""

    volume: str
    kind: str
    mount_path: str
    read_only: bool
    claim: str
    medium: str
    at: Locator


class Place(msgspec.Struct, frozen=True):
    """Where a path lies: on a volume, or (None) in the container's own file system. ``at`` is the container's spec."""

    mounted: Mounted | None
    whole: bool
    at: Locator


def place_of(scene: Scene, pod: Subject, container: str | None, path: str) -> Place | None:
    """Where the path lies; None where the container's mounts were not shown."""
    for observation in scene.observations(pod):
        struct = observation.object
        if not isinstance(struct, Pod):
            continue
        for field, index, spec in specs(struct):
            if container is not None and spec.name != container:
                continue
            if not isinstance(spec.volume_mounts, list) and not observation.whole:
                continue
            mounted = _mounted(observation, struct, f"spec.{field}[{index}]", spec, path)
            at = quoted(observation.field_at(f"spec.{field}[{index}].volumeMounts"), f"container {spec.name}")
            return Place(mounted, observation.whole, at)
    return None


def specs(pod: Pod) -> list[tuple[str, int, Container]]:
    """The pod's containers with the field and position where they stand."""
    found = []
    for field, containers in (("initContainers", pod.spec.init_containers), ("containers", pod.spec.containers)):
        found += [(field, i, c) for i, c in enumerate(containers if isinstance(containers, list) else ())]
    return found


def _mounted(observation: Observation, pod: Pod, where: str, spec: Container, path: str) -> Mounted | None:
    mounts = spec.volume_mounts if isinstance(spec.volume_mounts, list) else []
    wanted = posixpath.normpath(path)
    below = [
        (index, mount)
        for index, mount in enumerate(mounts)
        if wanted == posixpath.normpath(mount.mount_path)
        or wanted.startswith(posixpath.normpath(mount.mount_path).rstrip("/") + "/")
    ]
    if not below:
        return None
    index, mount = max(below, key=lambda found: len(posixpath.normpath(found[1].mount_path)))
    volumes = pod.spec.volumes if isinstance(pod.spec.volumes, list) else []
    volume = next((v for v in volumes if v.name == mount.name), None)
    claim = volume.persistent_volume_claim.claim_name if volume is not None and volume.persistent_volume_claim else ""
    empty = (volume.empty_dir if volume is not None else None) or {}
    says = f"{mount.mount_path} from {mount.name}"
    return Mounted(
        volume=mount.name,
        kind=_kind(volume),
        mount_path=mount.mount_path,
        read_only=mount.read_only,
        claim=claim,
        medium=str(empty.get("medium", "")),
        at=quoted(observation.field_at(f"{where}.volumeMounts[{index}]"), says),
    )


def _kind(volume: Volume | None) -> str:
    if volume is None:
        return "volume"
    kinds: tuple[tuple[object, str], ...] = (
        (volume.persistent_volume_claim, "PersistentVolumeClaim"),
        (volume.config_map, "ConfigMap"),
        (volume.secret, "Secret"),
        (volume.projected, "projected"),
        (volume.host_path, "hostPath"),
        (volume.empty_dir, "emptyDir"),
        (volume.nfs, "NFS"),
        (volume.csi, "CSI"),
    )
    return next((name for source, name in kinds if source is not None), "volume")


class Identity(msgspec.Struct, frozen=True):
    """As whom a container runs, as far as its pod says; None: the image decides (user), or nothing is set (group)."""

    user: int | None
    fs_group: int | None
    read_only_root: bool
    at: Locator


def identity_of(scene: Scene, pod: Subject, container: str | None) -> Identity | None:
    """The security context that holds for a container; None where the pod was not shown whole (describe omits it)."""
    for observation in scene.observations(pod):
        struct = observation.object
        if not isinstance(struct, Pod) or not observation.whole:
            continue
        for field, index, spec in specs(struct):
            if container is not None and spec.name != container:
                continue
            outer, inner = _context(struct.spec.security_context), _context(spec.security_context)
            user = inner.run_as_user if inner.run_as_user is not None else outer.run_as_user
            where = f"spec.{field}[{index}].securityContext" if inner != SecurityContext() else "spec.securityContext"
            read_only = inner.read_only_root_filesystem is True
            says = f"runAsUser: {user}, fsGroup: {outer.fs_group}, readOnlyRootFilesystem: {read_only}"
            return Identity(user, outer.fs_group, read_only, quoted(observation.field_at(where), says))
    return None


def _context(shown: object) -> SecurityContext:
    return shown if isinstance(shown, SecurityContext) else SecurityContext()
