"""Recorded faults planted into a large cluster: the objects, events and logs of a case, renamed.

A fault keeps the shapes and words of its recording. Changed are names (namespace, node, cluster-wide objects), uids,
addresses and times, and the counts of the scheduler's message, which depend on the number of nodes.
"""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import yaml

CASES = Path(__file__).resolve().parent.parent / "tests" / "cases"
HEALTHY = "healthy/nothing_wrong/single_node"
#: The recorded cluster's only node, and what it calls it.
RECORDED_NODE = "node-a"
#: The moment at which the snapshot is taken; every recording is moved to it.
TAKEN = datetime.fromisoformat("2026-11-22T09:00:00Z")

Item: TypeAlias = dict[str, Any]
Objects: TypeAlias = dict[str, list[Item]]


class Fault(msgspec.Struct, frozen=True):
    """A recorded case to plant.

    ``on_node``: the fault is one of a node, whose object, Lease, events and files are planted too. ``own_pool``: the
    recorded cluster had this one node, so that its pods could go nowhere else; here a label and a nodeSelector say so.
    ``keeps``: cluster-wide kinds that belong to the fault.
    """

    case: str
    on_node: bool = False
    own_pool: bool = False
    faulty_node: str = RECORDED_NODE
    keeps: tuple[str, ...] = ()
    node_files: tuple[str, ...] = ()
    logs: bool = False

    @property
    def name(self) -> str:
        return self.case.replace("/", ".")


_VOLUMES = ("persistentvolumes", "storageclasses")

FAULTS = (
    Fault("access/not_granted/list_secrets", logs=True),
    Fault(
        "admission/webhook_without_backend/service_without_endpoints",
        keeps=("validatingwebhookconfigurations.admissionregistration.k8s.io",),
    ),
    Fault("autoscaling/metrics_api_missing/no_metrics_server"),
    Fault("cni/addresses_exhausted/leaked_reservations", on_node=True),
    Fault("cni/config_missing/node_not_ready", on_node=True, own_pool=True, node_files=("containerd.log",)),
    Fault("cni/plugin_missing/bridge_removed", on_node=True),
    Fault("config/configmap_missing/mounted"),
    Fault("config/key_missing/misspelt_key"),
    Fault("config/secret_missing/api_key"),
    Fault("container/command_not_found/crash_loop", logs=True),
    Fault("container/out_of_memory/limit_below_need", logs=True),
    Fault("dependency/service_without_endpoints/init_container", logs=True),
    Fault("eviction/own_limit_exceeded/ephemeral_storage", on_node=True, own_pool=True),
    Fault("image/not_found/tag"),
    Fault("image/pull_denied/private_registry"),
    Fault("kubelet/not_running/stopped", on_node=True, node_files=("ps.txt",)),
    Fault("node/cordoned/only_large_worker", on_node=True, own_pool=True, faulty_node="w-1"),
    Fault("node/taint_not_tolerated/maintenance", on_node=True, own_pool=True),
    Fault("node/taint_not_tolerated/no_execute", on_node=True, own_pool=True),
    Fault("probe/wrong_path/not_served"),
    Fault("probe/wrong_port/liveness", logs=True),
    Fault("quota/exceeded/number_of_pods"),
    Fault("scheduling/affinity_finds_no_pod/no_such_pods"),
    Fault("scheduling/anti_affinity_leaves_no_node/three_on_one_node", on_node=True, own_pool=True),
    Fault("scheduling/gated/quota_review"),
    Fault("scheduling/host_port_taken/canary_beside_gateway", on_node=True, own_pool=True),
    Fault("scheduling/not_enough_room/memory_reserved", on_node=True, own_pool=True),
    Fault("scheduling/request_exceeds_every_node/no_gpu"),
    Fault("scheduling/request_exceeds_every_node/sixty_four_cores"),
    Fault("scheduling/selector_matches_no_node/misspelt_affinity_key"),
    Fault("scheduling/selector_matches_no_node/other_disk_type"),
    Fault("scheduling/selector_matches_no_node/selector_and_size"),
    Fault("scheduling/topology_spread_leaves_no_node/no_rack_label"),
    Fault("scheduling/volume_bound_elsewhere/zone_without_nodes", keeps=_VOLUMES),
    Fault("service/selector_misses/misspelt_label"),
    Fault("service/wrong_target_port/nothing_listens", logs=True),
    Fault("storage/claim_missing/no_such_claim"),
    Fault("storage/class_missing/misnamed_class"),
    Fault("storage/no_volume_fits/held_by_another", keeps=_VOLUMES),
    Fault("storage/no_volume_fits/too_small", keeps=_VOLUMES),
)


class Truth(msgspec.Struct, frozen=True, order=True):
    """What a diagnosis must name: condition and subject ("Deployment/team/web")."""

    condition: str
    subject: str


class Plant(msgspec.Struct, frozen=True):
    """One planted fault. ``objects`` by file name as kubectl names the kind; ``files`` are logs by path."""

    fault: Fault
    truth: Truth
    objects: Objects
    files: dict[str, str]


class Recording(msgspec.Struct, frozen=True):
    objects: Mapping[str, list[Item]]
    files: Mapping[str, str]
    taken: datetime


@cache
def recording_of(case: str) -> Recording:
    """The recorded files of a case."""
    objects, files = {}, {}
    with tarfile.open(CASES / case / "evidence.tar.xz") as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is None:
                continue
            folder, _, name = member.name.removeprefix("./").partition("/")
            text = content.read().decode(errors="replace")
            if folder == "objects":
                objects[name.removesuffix(".json")] = json.loads(text)["items"]
            elif folder in ("logs", "node"):
                files[f"{folder}/{name}"] = text
    return Recording(objects, files, _newest(json.dumps(objects)))


def truth_of(case: str) -> Truth:
    """The root cause that the case claims."""
    root = yaml.safe_load((CASES / case / "case.yaml").read_text())["root"]
    return Truth(root["condition"], root["subject"])


_STAMP = re.compile(r"\b(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?Z")
# "I1121 21:50:33.123456": klog (k8s.io/klog v2, formatHeader)
_KLOG = re.compile(r"\b([IWEF])(\d{4} \d\d:\d\d:\d\d)(\.\d{6})")
UID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b")
_POD_ADDRESS = re.compile(r"\b10\.244\.0\.(\d{1,3})\b")
_CLUSTER_ADDRESS = re.compile(r"\b10\.96\.(\d{1,3})\.(\d{1,3})\b")
_NODE_ADDRESS = re.compile(r"\b10\.55\.0\.10\b")
#: kubectl keeps the applied object here; the certificate stands in every namespace. Neither is part of a fault.
_STATED = re.compile(r"0/\d+ nodes are available: (?P<why>.*?)\. (?P<rest>no new claims to deallocate, .*|not found.*)")
_SYSTEM = frozenset({"kube-system", "kube-public", "kube-node-lease", "default"})


def _newest(text: str) -> datetime:
    """The recording's end. Certificates and fixed dates of the far future do not count."""
    stamps = {match[1] for match in _STAMP.finditer(text)}
    return datetime.fromisoformat(max(stamps) + "Z")


def shifted(recorded: Recording, item: Item) -> Item:
    """The item with its times moved to the snapshot's."""
    delta = _shift(recorded)
    found: Item = json.loads(_STAMP.sub(lambda match: _moved(match, delta), json.dumps(item)))
    return found


def _shift(recorded: Recording) -> timedelta:
    return timedelta(seconds=int((TAKEN - recorded.taken).total_seconds()))


def _moved(match: re.Match[str], delta: timedelta) -> str:
    moment = datetime.fromisoformat(match[1]) + delta
    return f"{moment.isoformat()}{match[2] or ''}Z"


class Place(msgspec.Struct, frozen=True):
    """Where a fault is planted: its number, its node's name and address, and other nodes that its pods run on."""

    number: int
    node: str
    address: str
    others: tuple[str, ...] = ()


class Fleet(msgspec.Struct, frozen=True):
    """What the scheduler's messages count: all nodes, those with a taint, and those that are cordoned."""

    nodes: int
    tainted: int
    cordoned: int


def plant(fault: Fault, place: Place, fleet: Fleet) -> Plant:
    """The fault as it would look in the large cluster."""
    recorded = recording_of(fault.case)
    renamed = _Renamed(fault, recorded, place)
    objects: Objects = {}
    for kind, items in recorded.objects.items():
        for item in items:
            if _belongs(fault, kind, item):
                objects.setdefault(kind, []).append(renamed.item(item))
    if "configmaps" not in objects:  # not recorded, yet every namespace has this one
        objects["configmaps"] = [_root_certificate(item["metadata"]["name"]) for item in objects.get("namespaces", ())]
    if fault.own_pool:
        _into_own_pool(objects, f"pool-{place.number}")
    for kind in ("pods", "events"):
        for item in objects.get(kind, ()):
            _recount(item, fault, fleet)
    files = dict(renamed.files())
    truth = truth_of(fault.case)
    return Plant(fault, Truth(truth.condition, renamed.text(truth.subject)), objects, files)


def _root_certificate(namespace: str) -> Item:
    recorded = recording_of(HEALTHY)
    found = shifted(recorded, recorded.objects["configmaps"][0])
    found["metadata"]["namespace"] = namespace
    return found


def _belongs(fault: Fault, kind: str, item: Item) -> bool:
    namespace, name = item["metadata"].get("namespace"), item["metadata"]["name"]
    if kind == "nodes":
        return fault.on_node and name == fault.faulty_node
    if namespace is None:
        return kind in fault.keeps or (kind == "namespaces" and name not in _SYSTEM)
    if kind == "leases.coordination.k8s.io":
        return fault.on_node and namespace == "kube-node-lease" and name == fault.faulty_node
    if kind == "events" and namespace == "default":
        about = item["involvedObject"]
        return fault.on_node and about["kind"] == "Node" and about["name"] == fault.faulty_node
    return namespace not in _SYSTEM


class _Renamed:
    """One recording's texts with the names, uids, addresses and times of a place."""

    def __init__(self, fault: Fault, recorded: Recording, place: Place) -> None:
        self.fault, self.recorded, self.place = fault, recorded, place
        self.shift = _shift(recorded)
        spaces = {
            item["metadata"]["namespace"]
            for items in recorded.objects.values()
            for item in items
            if item["metadata"].get("namespace", "default") not in _SYSTEM
        }
        self.words = [(space, f"{space}-{place.number}", _namespace_word(space)) for space in sorted(spaces)]
        lone = [item["metadata"]["name"] for kind in fault.keeps for item in recorded.objects.get(kind, ())]
        self.words += [(name, f"{name}-{place.number}", _object_word(name)) for name in lone]
        nodes = {item["metadata"]["name"] for item in recorded.objects["nodes"]} - {fault.faulty_node}
        self.nodes = {fault.faulty_node: place.node} | dict(zip(sorted(nodes), place.others, strict=False))

    def item(self, item: Item) -> Item:
        found: Item = json.loads(self.text(json.dumps(item)))
        meta = found["metadata"]
        if meta.get("namespace") in ("default", None) and "involvedObject" in found:
            meta["name"] = f"{meta['name']}{self.place.number:04x}"
        if (meta.get("annotations") or {}).pop("kubectl.kubernetes.io/last-applied-configuration", None):
            pass  # the recording's, with the old names quoted inside
        return found

    def text(self, text: str) -> str:
        for _, new, pattern in self.words:
            text = pattern.sub(new, text)
        for old, new in self.nodes.items():
            text = re.sub(rf"(?<![\w.-]){re.escape(old)}(?![\w-])", new, text)
        number = self.place.number
        text = UID.sub(lambda match: f"{number:08x}{match[1]}", text)
        text = _POD_ADDRESS.sub(lambda match: f"10.{200 + number // 250}.{number % 250}.{match[1]}", text)
        text = _CLUSTER_ADDRESS.sub(lambda match: f"10.98.{number % 250}.{(int(match[1]) + int(match[2])) % 256}", text)
        text = _NODE_ADDRESS.sub(self.place.address, text)
        text = _STAMP.sub(lambda match: _moved(match, self.shift), text)
        return _KLOG.sub(self._moved_klog, text)

    def _moved_klog(self, match: re.Match[str]) -> str:
        moment = datetime.strptime(f"{self.recorded.taken.year}{match[2]}", "%Y%m%d %H:%M:%S") + self.shift
        return f"{match[1]}{moment:%m%d %H:%M:%S}{match[3]}"

    def files(self) -> Iterator[tuple[str, str]]:
        for path, text in self.recorded.files.items():
            folder, _, name = path.partition("/")
            if folder == "logs" and self.fault.logs and not name.startswith("kube-system_"):
                space, _, rest = name.partition("_")
                yield f"logs/{space}-{self.place.number}_{rest}", self.text(text)
            elif name in self.fault.node_files:
                yield f"nodes/{self.place.node}/{name}", self.text(text)


def _namespace_word(name: str) -> re.Pattern[str]:
    """A namespace's name where it stands for one: as a value of its own, before a slash, in a name of DNS, quoted."""
    word = re.escape(name)
    return re.compile(
        rf'(?<="namespace": "){word}(?=")|(?<="kubernetes.io/metadata.name": "){word}(?=")'
        rf'|(?<=namespace \\"){word}(?=\\")|(?<=[\s"(=]){word}(?=/[a-z])|(?<=^){word}(?=/[a-z])'
        rf"|(?<=[a-z0-9]\.){word}(?=\.svc\b|\.pod\b)|(?<=serviceaccount:){word}(?=:)|(?<=/namespaces/){word}(?=/)|(?<=/){word}(?=/[a-z][a-z0-9.-]*$)"
        rf'|(?<="name": "){word}(?=", "uid": "[^"]*", "resourceVersion": "[^"]*", "creationTimestamp": "[^"]*", '
        rf'"labels": {{"kubernetes.io/metadata.name")'
    )


def _object_word(name: str) -> re.Pattern[str]:
    """The name of a cluster-wide object, quoted or as a value of its own."""
    return re.compile(
        rf'(?<="){re.escape(name)}(?=\\?")|(?<=^){re.escape(name)}$|(?<=Configuration/){re.escape(name)}$'
    )


def _into_own_pool(objects: Objects, pool: str) -> None:
    """Bind the fault's pods to its node, as the recorded cluster's being alone did."""
    for node in objects["nodes"]:
        node["metadata"]["labels"]["pool"] = pool
    for kind in ("deployments", "replicasets", "pods"):
        for item in objects.get(kind, ()):
            spec = item["spec"] if kind == "pods" else item["spec"]["template"]["spec"]
            spec.setdefault("nodeSelector", {})["pool"] = pool


_TAINTED, _CORDONED = "node(s) had untolerated taint(s)", "node(s) were unschedulable"
_NOT_SELECTED = "node(s) didn't match Pod's node affinity/selector"
_COUNTED = re.compile(r"\d+ (?P<phrase>[^,]+)")


def _recount(item: Item, fault: Fault, fleet: Fleet) -> None:
    """The scheduler's message, with the counts of this cluster (pkg/scheduler/framework/types.go, FitError.Error)."""
    if isinstance(message := item.get("message"), str):
        item["message"] = _STATED.sub(lambda match: _recounted(match, fault, fleet), message)
    for condition in item.get("status", {}).get("conditions", ()):
        if isinstance(message := condition.get("message"), str):
            condition["message"] = _STATED.sub(lambda match: _recounted(match, fault, fleet), message)


def _recounted(match: re.Match[str], fault: Fault, fleet: Fleet) -> str:
    phrases = [counted["phrase"] for counted in _COUNTED.finditer(match["why"])]
    if not phrases:  # "pod has unbound immediate PersistentVolumeClaims": no node was looked at
        return match[0].replace(match[0].partition(" nodes")[0], f"0/{fleet.nodes}")
    counts = {_TAINTED: fleet.tainted, _CORDONED: fleet.cordoned}
    rest = fleet.nodes - fleet.tainted - fleet.cordoned
    own = next((phrase for phrase in phrases if phrase not in counts), _NOT_SELECTED)
    if not fault.own_pool or own == _NOT_SELECTED or fault.case.startswith("node/"):
        # The pool's only node is among the tainted or cordoned.
        counts[_NOT_SELECTED if fault.own_pool else own] = rest
    else:
        counts |= {own: 1, _NOT_SELECTED: rest - 1}
    why = ", ".join(sorted(f"{count} {phrase}" for phrase, count in counts.items() if count))
    victims = "No preemption victims found for incoming pod" in match["rest"]
    after = [f"{fleet.nodes} Preemption is not helpful for scheduling"]
    if victims:
        own_nodes = 1 if fault.own_pool else rest
        after = [f"{own_nodes} No preemption victims found for incoming pod"]
        after += [f"{fleet.nodes - own_nodes} Preemption is not helpful for scheduling"]
    preemption = f"preemption: 0/{fleet.nodes} nodes are available: {', '.join(sorted(after))}."
    return f"0/{fleet.nodes} nodes are available: {why}. no new claims to deallocate, {preemption}"
