"""How much of a node's disk its pods use, and how much the kubelet lacks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from kwhy.facts.disk import DirectorySize, FileSystem, KubeletFileSystem, PodStorage
from kwhy.facts.objects import Pod, ResourceRequirements
from kwhy.knowledge.eviction.evicted import evictions_of
from kwhy.knowledge.eviction.shortage import read_shortage
from kwhy.knowledge.node.pressure import hard_thresholds
from kwhy.knowledge.node.reclaim_fails import failures_of
from kwhy.model.expressions import expression
from kwhy.model.quantity import in_words, parse_quantity
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.relations import node_of_pod, pods_on
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

STORAGE = "ephemeral-storage"
#: Where the kubelet keeps what it calls nodefs, unless --root-dir says otherwise.
KUBELET_DIRECTORY = "/var/lib/kubelet"
#: What the kubelet measured of a pod is up to a minute old when it decides (Kubernetes v1.34 pkg/kubelet/apis/config
#: volumeStatsAggPeriod 1m; the runtime's figures 10 s), and a program writes on meanwhile: half of it must do.
BEHIND = Decimal("0.5")
# failed to garbage collect required amount of images. Wanted to free 5182058496 bytes, but freed 0 bytes (v1.18)
# Failed to garbage collect required amount of images. Attempted to free 5182058496 bytes, but only found 0 bytes
# eligible to free. (v1.30, v1.34; Kubernetes pkg/kubelet/images/image_gc_manager.go GarbageCollect)
_WANTED = expression(
    r"(?:Wanted|Attempted) to free (?P<wanted>\d{1,18}) bytes,? but (?:only found|freed) (?P<freed>\d{1,18}) bytes"
)
# /var/lib/kubelet/pods/7264dc21-f6da-4a96-b21d-c5306cffdf5a/volumes/…; /var/log/pods/shop_web-1_7264dc21-…/web
_POD_PATH = expression(
    r"/(?:kubelet/pods/|log/pods/[^/]{1,300}_)(?P<uid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:/|$)"
)


class Written(msgspec.Struct, frozen=True):
    """What a pod has, or had, on its node's disk: bytes in all and above what it requested, and where they lie."""

    used: Decimal
    excess: Decimal
    what: str
    evidence: Evidence


class Lacking(msgspec.Struct, frozen=True):
    """What must be freed, in bytes."""

    amount: Decimal
    evidence: Evidence


def written_by(scene: Scene, pod: Subject) -> Written | None:
    """What the pod wrote to its node's disk, by the kubelet's message, its summary, or du: the largest figure"""
    found = [*_evicted_with(scene, pod), *_measured(scene, pod), *_in_directories(scene, pod)]
    return max(found, key=lambda written: written.used, default=None)


#: What a pod had when it was evicted so long ago (seconds) is gone with it.
LONG_AGO = 3600.0


def _gone_long_ago(scene: Scene, pod: Subject) -> bool:
    """Whether the kubelet says since when it disrupts the pod, and that is more than an hour (v1.26 and later)."""
    target = PodView(scene, pod).condition("DisruptionTarget")
    began = parse_timestamp(target.value.last_transition_time) if target.observed and target.value else None
    return began is not None and scene.as_of is not None and scene.as_of - began > LONG_AGO


def _evicted_with(scene: Scene, pod: Subject) -> list[Written]:
    if _gone_long_ago(scene, pod):
        return []
    found = []
    for eviction in evictions_of(scene, pod):
        shortage = read_shortage(eviction.text)
        if shortage is not None and shortage.resource == STORAGE and shortage.users:
            used = sum((user.used for user in shortage.users), Decimal(0))
            names = " and ".join(user.container for user in shortage.users)
            what = f"logs and writable layer of container {names}"
            found.append(Written(used, shortage.excess, what, Evidence(eviction.at, shortage.explained())))
    return found


def _measured(scene: Scene, pod: Subject) -> list[Written]:
    found = []
    for storage in scene.derive_once(_storage_by_pod).get(pod, ()):
        used = Decimal(storage.used)
        what = storage.parts[0][0] if storage.parts else "its containers and volumes"
        says = f"it has {in_words(STORAGE, used)} on the node's disk, most of it in the {what}"
        found.append(Written(used, used - _requested(scene, pod), what, Evidence(storage.at, says)))
    return found


def _in_directories(scene: Scene, pod: Subject) -> list[Written]:
    index = scene.derive_once(_sizes_by_uid)
    if not index:
        return []
    uids = {o.object.metadata.uid for o in scene.observations(pod)}
    found = []
    for uid in uids:
        for size in index.get(uid, ()) if isinstance(uid, str) else ():
            used = Decimal(size.size)
            says = f"{size.path} holds {in_words(STORAGE, used)}"
            found.append(Written(used, used - _requested(scene, pod), size.path, Evidence(size.at, says)))
    return found


def _storage_by_pod(scene: Scene) -> dict[Subject, list[PodStorage]]:
    index: dict[Subject, list[PodStorage]] = defaultdict(list)
    for storage in scene.facts(PodStorage):
        index[storage.pod].append(storage)
    return index


def _sizes_by_uid(scene: Scene) -> dict[str, list[DirectorySize]]:
    index: dict[str, list[DirectorySize]] = defaultdict(list)
    for size in scene.facts(DirectorySize):
        match = _POD_PATH.search(size.path)
        if match is not None:
            index[match["uid"]].append(size)
    return index


def _requested(scene: Scene, pod: Subject) -> Decimal:
    """What the pod's containers request of the node's disk."""
    total = Decimal(0)
    for observation in scene.observations(pod):
        containers = observation.object.spec.containers if isinstance(observation.object, Pod) else None
        if not isinstance(containers, list):
            continue
        for container in containers:
            resources = container.resources if isinstance(container.resources, ResourceRequirements) else None
            requests = resources.requests if resources is not None else None
            asked = parse_quantity(requests.get(STORAGE, "")) if isinstance(requests, dict) else None
            total += asked or Decimal(0)
        break
    return total


def largest_writer(scene: Scene, node: Subject) -> Subject | None:
    """Of the pods bound to the node, the one with most on its disk above what it requests."""
    writers = [(w.excess, pod) for pod in pods_on(scene, node) if (w := scene.derive(written_by, pod)) is not None]
    return max(writers, key=lambda writer: (writer[0], writer[1].name))[1] if writers else None


def _filling(scene: Scene, node: Subject) -> Iterable[Subject]:
    writer = scene.derive(largest_writer, node)
    if writer is not None:
        yield writer


def _filling_beside(scene: Scene, pod: Subject) -> Iterable[Subject]:
    """Who fills the disk for whose sake the pod had to go."""
    shortages = [read_shortage(eviction.text) for eviction in evictions_of(scene, pod)]
    if any(shortage is not None and shortage.resource == STORAGE for shortage in shortages):
        for node in node_of_pod(scene, pod):
            yield from _filling(scene, node)


#: From a node, and from a pod that it evicted for its disk, to the pod that wrote most there.
FILLED_BY = Relation("has its disk filled by", _filling)
EVICTED_FOR = Relation("had to go for what was written by", _filling_beside)


def lacking_on(scene: Scene, node: Subject) -> Lacking | None:
    """How much the kubelet wants to free on the node, by its events, its evictions, or its summary and thresholds"""
    for event in failures_of(scene, node):
        match = _WANTED.search(event.message)
        if match is not None:
            amount = Decimal(match["wanted"]) - Decimal(match["freed"])
            says = f"it wants {in_words(STORAGE, amount)} more than images can give: {event.message}"
            return Lacking(amount, Evidence(event.at, says))
    return min(_stated(scene, node), key=lambda lacking: lacking.amount, default=None) or _below_threshold(scene, node)


def _stated(scene: Scene, node: Subject) -> Iterable[Lacking]:
    """What evictions say; the least of it stood at the beginning, before more was written."""
    for pod in pods_on(scene, node):
        for eviction in evictions_of(scene, pod):
            shortage = read_shortage(eviction.text)
            if shortage is not None and shortage.resource == STORAGE and shortage.missing is not None:
                says = f"available space was {in_words(STORAGE, shortage.missing)} below the threshold"
                yield Lacking(shortage.missing, Evidence(eviction.at, says))


def _below_threshold(scene: Scene, node: Subject) -> Lacking | None:
    for system in scene.facts(KubeletFileSystem):
        if system.node != node.name or system.capacity is None or system.available is None:
            continue
        wanted = Decimal(system.capacity) * _share(scene, node, system.name, system.capacity)
        if wanted > system.available:
            amount = wanted - Decimal(system.available)
            says = f"{system.name} has {in_words(STORAGE, amount)} less available than its threshold"
            return Lacking(amount, Evidence(system.at, says))
    return _short_by_df(scene, node)


def _short_by_df(scene: Scene, node: Subject) -> Lacking | None:
    """By df: the file system that holds the kubelet's directory."""
    mounted = [
        system
        for system in scene.facts_on(node, FileSystem)
        if system.of == "bytes" and (KUBELET_DIRECTORY + "/").startswith(system.mounted.rstrip("/") + "/")
    ]
    for system in sorted(mounted, key=lambda each: -len(each.mounted))[:1]:
        wanted = Decimal(system.size) * _share(scene, node, "nodefs", system.size)
        if wanted > system.available:
            amount = wanted - Decimal(system.available)
            says = f"{system.mounted} has {in_words(STORAGE, amount)} less available than the threshold of nodefs"
            return Lacking(amount, Evidence(system.at, says))
    return None


#: The kubelet's own (Kubernetes v1.34 pkg/kubelet/eviction/defaults_linux.go, DefaultEvictionHard).
_DEFAULTS = {"nodefs": Decimal("0.10"), "imagefs": Decimal("0.15"), "containerfs": Decimal("0.10")}


def _share(scene: Scene, node: Subject, name: str, capacity: int) -> Decimal:
    """The threshold as a part of the capacity."""
    signal = f"{name}.available"
    for texts in hard_thresholds(scene, node, (signal,)).values():
        written = texts[0].partition("=")[2]
        if written.endswith("%"):
            percent = parse_quantity(written.removesuffix("%"))
            return percent / 100 if percent is not None else _DEFAULTS[name]
        amount = parse_quantity(written)
        if amount is not None and capacity:
            return amount / capacity
    return _DEFAULTS[name]
