"""Why a volume was not attached or mounted, as the attach controller and the kubelet say.

Sources: Kubernetes v1.34 pkg/controller/volume/attachdetach/reconciler/reconciler.go (reportMultiAttachError),
pkg/volume/util/operationexecutor (MountVolume.*, AttachVolume.*), pkg/volume/csi (csi_client.go, csi_attacher.go),
pkg/volume/hostpath/host_path.go, pkg/volume/plugins.go; k8s.io/mount-utils v0.34 mount_linux.go; nfs-utils
utils/mount/error.c (mount_error); util-linux libmount/src/context_mount.c (mnt_context_get_mount_excode).
"""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

import msgspec

from kwhy.facts.objects import PersistentVolumeClaim, Pod
from kwhy.knowledge.config.references import said_to_lack, starting
from kwhy.knowledge.container.runs import Statement, ask, event_messages, runs_of, statement_of
from kwhy.knowledge.pod.failing import NOT_REGISTERED
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.scene.recency import newer
from kwhy.scene.relations import claims_of_pod, node_of_pod
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

#: Reasons of events about volumes that do not come (pkg/kubelet/events/event.go).
VOLUME_EVENTS = ("FailedMount", "FailedAttachVolume", "FailedMapVolume")

#: Events of what the kubelet does only with all volumes mounted (pkg/kubelet/kubelet.go, SyncPod).
_AFTER_VOLUMES = ("FailedCreatePodSandBox", "Pulling", "Pulled", "Created", "Started")


class Problem(Enum):
    """What stands between a pod and its volume."""

    ATTACHED_ELSEWHERE = "the volume is attached to another node"
    DRIVER_NOT_REGISTERED = "the volume's driver has not registered with the kubelet"
    ATTACHER_SILENT = "the driver's attacher does not answer"
    SERVER_LACKS_PATH = "the file server has no such path"
    SERVER_DENIES = "the file server denies the mount"
    SERVER_UNREACHABLE = "the file server cannot be reached"
    HELPER_MISSING = "the node cannot mount this kind of file system"
    FILE_SYSTEM_UNUSABLE = "the device holds no usable file system of the asked kind"
    DEVICE_BUSY = "the device or the mount point is busy"
    PATH_WRONG = "the path on the node is not what the volume says"


#: In the order in which they decide.
_PROBLEMS: tuple[tuple[Problem, re.Pattern[str]], ...] = (
    # Multi-Attach error for volume "pvc-7a81" Volume is already exclusively attached to one node and can't be attached to another
    # Multi-Attach error for volume "pvc-7a81" Volume is already used by pod(s) web-1, web-2 and 1 pod(s) in different namespaces
    (
        Problem.ATTACHED_ELSEWHERE,
        expression(
            r"Multi-Attach error for volume \"(?P<volume>[^\"]{1,253})\"\s{1,3}Volume is already "
            r"(?:exclusively attached|used by (?:\d{1,4} )?pod\(s\)(?P<pods> (?!in )[a-z0-9.-]{1,253}(?:, [a-z0-9.-]{1,253}){0,50})?)"
        ),
    ),
    # driver name rbd.csi.ceph.com not found in the list of registered CSI drivers
    # AttachVolume.Attach failed for volume "pv" : CSINode ip-10-0-1-7 does not contain driver ebs.csi.aws.com
    (
        Problem.DRIVER_NOT_REGISTERED,
        expression(
            r"driver name (?P<driver>\S{1,253}) not found in the list of registered CSI drivers"
            r"|CSINode \S{1,253} does not contain driver (?P<attached>[^\s:,]{1,253})"
            r"|err=no volume plugin matched(?: name: (?P<plugin>[^\s:,]{1,253}))?"
        ),
    ),
    # timed out waiting for external-attacher of csi.ufs CSI driver to attach volume moosefs-csi-pv (since v1.24)
    # attachment timeout for volume vol-0ddf92e13636fa667 (before)
    (
        Problem.ATTACHER_SILENT,
        expression(
            r"timed out waiting for external-attacher of (?P<driver>\S{1,253}) CSI driver to attach|[Aa]ttach(?:ment)? timeout for volume"
        ),
    ),
    # mount.nfs: mounting 192.168.2.42:/opt/data failed, reason given by server: No such file or directory
    (
        Problem.SERVER_LACKS_PATH,
        expression(r"(?:mount\.nfs4?: mounting )?(?P<source>\S{1,400}) failed, reason given by server: No such file or directory"),
    ),
    # mount.nfs: access denied by server while mounting 192.168.43.16:/nfs_share
    (Problem.SERVER_DENIES, expression(r"mount\.nfs4?: (?:access denied by server while mounting (?P<source>\S{1,400})|Operation not permitted|Permission denied)")),
    # mount.nfs: Connection timed out; mount.nfs: Failed to resolve server nfs-server-01: Name or service not known
    (
        Problem.SERVER_UNREACHABLE,
        expression(
            r"mount\.(?:nfs4?|cifs): (?P<why>Connection (?:timed out|refused)|No route to host|Network is unreachable"
            r"|Failed to resolve server \S{1,255}: [^\n]{1,100}|mount system call failed[^\n]{0,40}timed out)"
            r"|mount error: could not resolve address for (?P<cifs>\S{1,255})"
        ),
    ),
    # mount: /datasets: bad option; for several filesystems (e.g. nfs, cifs) you might need a /sbin/mount.<type> helper program. (util-linux 2.33)
    # mount: wrong fs type, bad option, bad superblock on 172.17.79.3:/data/nfs-share, missing codepage or helper program, or other error (util-linux 2.23)
    (
        Problem.HELPER_MISSING,
        expression(
            r"(?::|mount:) bad option;\s{1,20}for several file ?systems"
            r"|bad superblock on (?P<source>(?:[^\s/,]{1,255}:/|//)[^\s,]{0,400}),\s{1,20}missing codepage or helper program"
            r"|unknown filesystem type '(?P<type>[^']{1,40})'"
        ),
    ),
    # 'fsck' found errors on device /dev/sda but could not correct them: …
    # mount: /var/lib/…: wrong fs type, bad option, bad superblock on /dev/vdb, missing codepage or helper program, or other error.
    # mount: /mnt: mount(2) system call failed: Structure needs cleaning.
    (
        Problem.FILE_SYSTEM_UNUSABLE,
        expression(
            r"'fsck' found errors on device (?P<device>\S{1,400}) but could not correct them"
            r"|bad superblock on (?P<source>/[^\s,]{1,400}),|Structure needs cleaning|can't read superblock"
        ),
    ),
    # mount: /var/…/globalmount: /dev/longhorn/pvc-8ccb already mounted or mount point busy.
    # mount: mounting /dev/disk/by-id/scsi-0HC_Volume_11037255 on /var/… failed: Resource busy (busybox)
    (
        Problem.DEVICE_BUSY,
        expression(
            r"(?P<source>/dev/\S{1,300}) (?:is )?already mounted or \S{1,400}(?: point)? busy"
            r"|mounting (?P<device>/dev/\S{1,300}) on \S{1,400} failed: (?:Device or resource|Resource) busy"
        ),
    ),
    # hostPath type check failed: /data/valheim is not a directory
    # MountVolume.NewMounter initialization failed for volume "local-pv-7f70b248" : path "/mnt/local/vol1" does not exist
    (
        Problem.PATH_WRONG,
        expression(
            r"hostPath type check failed: (?P<path>.{1,400}?) is not an? (?P<type>directory|file|socket file|character device|block device)"
            r"|path \"(?P<local>[^\"]{1,400})\" does not exist"
        ),
    ),
)  # fmt: skip

# MountVolume.SetUp failed for volume "nfs-client-root" : mount failed: exit status 32
_VOLUME = expression(r"for volume \"(?P<volume>[^\"]{1,253})\"")
# Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[…]: timed out waiting for the condition
# Unable to mount volumes for pod "app_default(3503…)": timeout expired waiting for …. list of unmounted volumes=[data]. (v1.15)
_UNMOUNTED = expression(r"unmounted volumes=\[(?P<volumes>[^\]]{1,400})\]")


class MountError(msgspec.Struct, frozen=True):
    """One failed attempt: which volume, as the message names it, and how the error is read (None: not known)."""

    problem: Problem | None
    volume: str
    details: Mapping[str, str]
    said: Statement

    def detail(self, *names: str) -> str:
        """The first of these parts of the message that it holds; "" for none."""
        return next((self.details[name] for name in names if name in self.details), "")


def mount_errors(scene: Scene, pod: Subject) -> list[MountError]:
    """What keeps the pod's volumes from being mounted, newest first"""
    if _mounted(scene, pod):
        return []
    lacking = {want.said.text for want in scene.derive(said_to_lack, pod)}
    said = (
        s
        for s in event_messages(scene, pod, *VOLUME_EVENTS)
        if s.text not in lacking and not NOT_REGISTERED.search(s.text)
    )
    return [error for error in map(read_mount_error, said) if not _attached_since(scene, pod, error)]


def read_mount_error(said: Statement) -> MountError:
    """How the message of an event about a volume is read."""
    volume = _VOLUME.search(said.text) or _UNMOUNTED.search(said.text)
    name = volume[1].split(" ")[0] if volume else ""
    for problem, pattern in _PROBLEMS:
        match = pattern.search(said.text)
        if match:
            return MountError(problem, name, {k: v for k, v in match.groupdict().items() if v}, _on_one_line(said))
    return MountError(None, name, {}, _on_one_line(said))


def _on_one_line(said: Statement) -> Statement:
    return msgspec.structs.replace(said, text=" ".join(said.text.split()))


def _mounted(scene: Scene, pod: Subject) -> bool:
    """Whether the pod's containers have got beyond their volumes."""
    if runs_of(scene, pod) and not starting(scene, pod):
        return True
    events = scene.events_about(pod)
    failed = next((e for e in events if e.reason in VOLUME_EVENTS), None)
    return failed is not None and any(e.reason in _AFTER_VOLUMES and newer(e, failed) for e in events)


def known_errors(scene: Scene, pod: Subject) -> list[MountError]:
    """Failed attempts whose error is known, newest first; a time-out beside them says nothing more"""
    return [error for error in scene.derive(mount_errors, pod) if error.problem is not None]


def _attached_since(scene: Scene, pod: Subject, error: MountError) -> bool:
    """Whether the volume was attached after the attempt to attach it failed."""
    if error.problem not in (Problem.ATTACHED_ELSEWHERE, Problem.ATTACHER_SILENT):
        return False
    for event in scene.events_about(pod):
        if event.reason == "SuccessfulAttachVolume" and f'"{error.volume}"' in event.message:
            failed = [e for e in scene.events_about(pod) if _on_one_line(statement_of(e)) == error.said]
            return not failed or newer(event, failed[0])
    return False


# Successfully assigned shop/web-0 to node-a (pkg/scheduler/schedule_one.go, bind)
_ASSIGNED = expression(r"^Successfully assigned \S{1,320} to (?P<node>\S{1,253})$")


def node_of(scene: Scene, pod: Subject) -> Subject | None:
    """The pod's node: by its specification, else by the scheduler's word, else by the kubelet that reports."""
    bound = node_of_pod(scene, pod)
    if bound:
        return bound[0]
    events = scene.events_about(pod)
    assigned = next((m for e in events if e.reason == "Scheduled" and (m := _ASSIGNED.match(e.message))), None)
    if assigned is not None:
        return Subject("Node", assigned["node"])
    host = next((e.host for e in events if e.component == "kubelet" and e.host), None)
    return Subject("Node", host) if host else None


def judged(pod: PodView, errors: list[MountError], problem: Problem, **values: object) -> Verdict:
    """Whether one of the pod's volumes does not come for this reason. What is to be mended is what names the volume."""
    found = [error for error in errors if error.problem is problem]
    if not found:
        if errors:
            first = errors[0]
            assert first.problem is not None
            return Absent((first.said.evidence,))
        return unsure(f"why volumes of {pod.subject} are not mounted", ask(pod))
    error = found[0]
    filled = {"volume": error.volume, **error.details, **values}
    blames = volume_object(pod.scene, pod.subject, error.volume)
    return Present((error.said.evidence,), filled, since=error.said.since, blames=blames)


def volume_object(scene: Scene, pod: Subject, volume: str) -> Subject | None:
    """The PersistentVolume that a message names; None where the pod's own specification describes the volume."""
    persistent = Subject("PersistentVolume", volume)
    for claim in claims_of_pod(scene, pod):
        for observation in scene.observations(claim):
            shown = observation.object
            if isinstance(shown, PersistentVolumeClaim) and shown.spec.volume_name == volume:
                return persistent
    for observation in scene.observations(pod):
        struct = observation.object
        volumes = struct.spec.volumes if isinstance(struct, Pod) else None
        if isinstance(volumes, list):
            own = {v.name for v in volumes if v.persistent_volume_claim is None and v.ephemeral is None}
            return None if volume in own else persistent
    return persistent if volume.startswith("pvc-") or scene.exists(persistent) else None
