"""A snapshot of a large cluster as `kubectl get KIND -A -o json` writes it, with recorded faults planted into it.

The healthy part repeats the objects and events of a recorded healthy namespace: Deployments behind a Service, half of
them rolled out within the last hour (events do not live longer).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec
from bench._planted import (
    FAULTS,
    HEALTHY,
    RECORDED_NODE,
    UID,
    Fault,
    Fleet,
    Item,
    Place,
    Plant,
    Recording,
    plant,
    recording_of,
    shifted,
)

#: A DaemonSet and a StatefulSet that are well, and a pod of each.
WORKLOADS = Path(__file__).parent / "recorded" / "workloads.json"
#: The recorded Deployment behind a Service, its two pods, and the Service.
APP, SPACE = "web", "homepage"
APPS_PER_NAMESPACE = 20
#: Kinds of which the recorded cluster's objects are taken as they are.
CLUSTER_WIDE = (
    "apiservices.apiregistration.k8s.io",
    "clusterrolebindings",
    "clusterroles",
    "priorityclasses.scheduling.k8s.io",
    "servicecidrs",
)
CONTROL_PLANE = 3
#: Label disktype of the nodes in turn; the recorded node's is the first.
DISKS = ("ssd", "hdd")
#: So many Deployments of seven were rolled out within the hour for which events are kept.
ROLLED_OUT_OF_SEVEN = 3


class Size(msgspec.Struct, frozen=True):
    """How much of everything there is; ``per_fault`` plants of each recorded fault."""

    nodes: int
    apps: int
    pods_per_app: int
    per_fault: int

    @property
    def stateful(self) -> int:
        """StatefulSets, of three pods each."""
        return self.apps // 6

    @property
    def pods(self) -> int:
        """Of workloads that are well: Deployments, StatefulSets, and a DaemonSet on every node."""
        return self.apps * self.pods_per_app + self.stateful * 3 + self.nodes


#: 5 000 nodes, 150 000 pods behind 10 000 Services, 200 faults of 40 kinds.
FULL = Size(nodes=5000, apps=10_000, pods_per_app=14, per_fault=5)


def scaled(scale: float) -> Size:
    """The full size by a factor; every fault at least once."""
    return Size(
        nodes=max(round(FULL.nodes * scale), 12),
        apps=max(round(FULL.apps * scale), 3 * APPS_PER_NAMESPACE),
        pods_per_app=FULL.pods_per_app,
        per_fault=max(round(FULL.per_fault * scale), 1),
    )


def node_name(number: int) -> str:
    return f"node-{number:04d}"


def node_address(number: int) -> str:
    return f"10.16.{number // 250}.{number % 250 + 1}"


def write_snapshot(folder: Path, size: Size, faults: Sequence[Fault] = FAULTS) -> list[Plant]:
    """Write the files into ``folder``. Returns what was planted."""
    plants = _plants(size, faults)
    with _Lists(folder) as lists:
        for planted in plants:
            for kind, items in planted.objects.items():
                for item in items:
                    lists.add(kind, item)
            for path, text in planted.files.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(text)
        _write_cluster(lists, size, {node["metadata"]["name"] for p in plants for node in p.objects.get("nodes", ())})
    return plants


def _plants(size: Size, faults: Sequence[Fault]) -> list[Plant]:
    """The planted faults. Two passes: the scheduler's messages count the nodes that other faults taint or cordon."""
    numbered = [(number, fault) for number, fault in enumerate([*faults] * size.per_fault, start=1)]
    own = [number for number, fault in numbered if fault.on_node]
    names = {number: CONTROL_PLANE + position for position, number in enumerate(own)}
    first_plain = CONTROL_PLANE + len(own)
    total = first_plain + size.nodes
    fleet = Fleet(total, CONTROL_PLANE, 0)
    plants: list[Plant] = []
    for _ in range(2):
        plants.clear()
        for number, fault in numbered:
            at = names.get(number, first_plain + number % size.nodes)
            others = tuple(node_name(first_plain + (number + step) % size.nodes) for step in (1, 2, 3, 4))
            plants.append(plant(fault, Place(number, node_name(at), node_address(at), others), fleet))
        specs = [node["spec"] for planted in plants for node in planted.objects.get("nodes", ())]
        cordoned = sum(bool(spec.get("unschedulable")) for spec in specs)
        tainted = sum(bool(spec.get("taints")) and not spec.get("unschedulable") for spec in specs)
        fleet = Fleet(total, CONTROL_PLANE + tainted, cordoned)
    return plants


def _write_cluster(lists: _Lists, size: Size, planted_nodes: set[str]) -> None:
    healthy = recording_of(HEALTHY)
    node = shifted(healthy, next(i for i in healthy.objects["nodes"] if i["metadata"]["name"] == RECORDED_NODE))
    lease = shifted(recording_of("node/cordoned/only_node"), _lease())
    first_plain = CONTROL_PLANE + len(planted_nodes)
    plain = []
    for number in range(first_plain + size.nodes):
        name = node_name(number)
        if name in planted_nodes:
            continue
        text = json.dumps(node).replace(RECORDED_NODE, name).replace("10.55.0.10", node_address(number))
        found = json.loads(_unique(text, f"1{number:07x}"))
        if number < CONTROL_PLANE:
            found["spec"]["taints"] = [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]
        else:
            plain.append(number)
            found["metadata"]["labels"]["disktype"] = DISKS[number % len(DISKS)]
        lists.add("nodes", found)
        lists.add("leases.coordination.k8s.io", json.loads(json.dumps(lease).replace(RECORDED_NODE, name)))
    for kind in CLUSTER_WIDE:
        for item in healthy.objects[kind]:
            lists.add(kind, shifted(healthy, item))
    apps = _Apps(healthy)
    for number in range(size.apps):
        if number % APPS_PER_NAMESPACE == 0:
            for kind, item in apps.namespace(number // APPS_PER_NAMESPACE):
                lists.add(kind, item)
        apps.write(lists, number, size.pods_per_app, plain)
    _write_others(lists, size, plain)


def _write_others(lists: _Lists, size: Size, nodes: Sequence[int]) -> None:
    """A DaemonSet on every node, and StatefulSets."""
    recorded = json.loads(WORKLOADS.read_text())
    recording = Recording(recorded, {}, datetime.fromisoformat(recorded["taken"]))
    daemon, stateful = (shifted(recording, recorded[kind][0]) for kind in ("daemonsets", "statefulsets"))
    daemon_pod, stateful_pod = (shifted(recording, pod) for pod in recorded["pods"])
    for part, disk in enumerate(DISKS):
        mark, space = f"6{part:07x}", f"{daemon['metadata']['namespace']}-{disk}"
        own = ((daemon["metadata"]["namespace"], space), ('"ssd"', f'"{disk}"'))
        mine = json.loads(_unique(_replaced(json.dumps(daemon), own), mark))
        placed = [at for at in nodes if at % len(DISKS) == part]
        for field in ("current", "desired", "updated"):
            mine["status"][f"{field}NumberScheduled"] = len(placed)
        mine["status"] |= {"numberReady": len(placed), "numberAvailable": len(placed)}
        lists.add("daemonsets", mine)
        pod_text = _indented(json.loads(_unique(_replaced(json.dumps(daemon_pod), own), mark)))
        for at in placed:
            words = (
                (daemon_pod["metadata"]["name"], f"{mine['metadata']['name']}-{_letters(at, 5)}"),
                *_whereabouts(daemon_pod, at, at, 180, "9", mark),
            )
            lists.add_text("pods", _replaced(pod_text, words))
    name = stateful["metadata"]["name"]
    for number in range(size.stateful):
        space, mark = _space(number % (size.apps // APPS_PER_NAMESPACE)), f"7{number:07x}"
        named = ((f'"{name}"', f'"{name}-{number}"'), (f'"{name}-', f'"{name}-{number}-'), ("ledgerdb", space))
        lists.add("statefulsets", json.loads(_unique(_replaced(json.dumps(stateful), named), mark)))
        pod_text = _indented(json.loads(_unique(_replaced(json.dumps(stateful_pod), named), mark)))
        for ordinal in range(3):
            serial = number * 3 + ordinal
            words = (
                (f'"{name}-{number}-0"', f'"{name}-{number}-{ordinal}"'),
                ('pod-index": "0"', f'pod-index": "{ordinal}"'),
                *_whereabouts(stateful_pod, serial, nodes[serial % len(nodes)], 190, "8", mark),
            )
            lists.add_text("pods", _replaced(pod_text, words))


def _whereabouts(pod: Item, serial: int, node: int, net: int, first: str, mark: str = "") -> list[tuple[str, str]]:
    """What differs between the pods of one workload: uid, addresses, node."""
    uid: str = pod["metadata"]["uid"]
    return [
        ((mark or uid[:8]) + uid[8:], f"{first}{serial:07x}{uid[8:]}"),
        (RECORDED_NODE, node_name(node)),
        (pod["status"]["podIP"], pod_address(net, serial)),
        ("10.55.0.10", node_address(node)),
    ]


def pod_address(net: int, serial: int) -> str:
    return f"10.{net + serial // 62500}.{serial // 250 % 250}.{serial % 250 + 1}"


def _lease() -> Item:
    leases = recording_of("node/cordoned/only_node").objects["leases.coordination.k8s.io"]
    return next(item for item in leases if item["metadata"]["name"] == RECORDED_NODE)


def _unique(text: str, mark: str) -> str:
    """The text with every uid beginning with ``mark``."""
    return UID.sub(lambda match: mark + match[1], text)


class _Apps:
    """The recorded Deployment, made into thousands: names, addresses and nodes differ."""

    def __init__(self, healthy: Recording) -> None:
        self.objects = {kind: [shifted(healthy, item) for item in items] for kind, items in healthy.objects.items()}
        mine = self._mine
        (self.deployment,), (self.replica_set,) = mine("deployments", APP), mine("replicasets", f"{APP}-")
        self.pod = mine("pods", f"{APP}-")[0]
        self.old_pod = self.pod["metadata"]["name"]
        self.suffix = self.old_pod.rpartition("-")[2]
        events = self.objects["events"]
        self.pod_events = [e for e in events if e["involvedObject"]["name"] == self.old_pod]
        self.app_events = [
            e for e in events if e["involvedObject"]["name"] in (APP, self.replica_set["metadata"]["name"])
        ]
        made = next(e for e in self.app_events if e["reason"] == "SuccessfulCreate" and self.old_pod in e["message"])
        self.pod_events.append(made)
        self.app_events = [e for e in self.app_events if e["reason"] != "SuccessfulCreate"]
        (self.service,), (self.slice,) = mine("services", APP), mine("endpointslices.discovery.k8s.io", f"{APP}-")
        self.endpoints = mine("endpoints", APP)[0]

    def _mine(self, kind: str, start: str) -> list[Item]:
        found = [i for i in self.objects[kind] if i["metadata"]["name"].startswith(start)]
        for item in found:
            (item["metadata"].get("annotations") or {}).pop("kubectl.kubernetes.io/last-applied-configuration", None)
        return found

    def namespace(self, number: int) -> Iterator[tuple[str, Item]]:
        name = _space(number)
        for kind in ("namespaces", "serviceaccounts", "configmaps"):
            for item in self.objects[kind]:
                if SPACE in (item["metadata"]["name"], item["metadata"].get("namespace")):
                    text = json.dumps(item).replace(f'"{SPACE}"', f'"{name}"')
                    yield kind, json.loads(_unique(text, f"2{number:07x}"))

    def write(self, lists: _Lists, number: int, pods: int, nodes: Sequence[int]) -> None:
        app, space = f"app-{number:05d}", _space(number // APPS_PER_NAMESPACE)
        mark = f"3{number:07x}"
        hash_new = _letters(number, 10)
        hash_old = self.replica_set["metadata"]["labels"]["pod-template-hash"]

        def own(item: Item) -> str:
            text = json.dumps(item)
            text = text.replace(f'"{APP}"', f'"{app}"').replace(f"{APP}-{hash_old}", f"{app}-{hash_new}")
            text = text.replace(f'"{hash_old}"', f'"{hash_new}"').replace(f'"{SPACE}"', f'"{space}"')
            text = text.replace(f"{SPACE}/{APP}", f"{space}/{app}").replace(f'"{APP}.', f'"{app}.')
            text = text.replace(f'"{APP}-', f'"{app}-').replace("shop/app:", f"team/{app}:")
            return _unique(text, mark)

        recent = number % 7 < ROLLED_OUT_OF_SEVEN
        deployment, replica_set = json.loads(own(self.deployment)), json.loads(own(self.replica_set))
        for item, fields in (
            (deployment, ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")),
            (replica_set, ("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas")),
        ):
            item["spec"]["replicas"] = pods
            item["status"].update(dict.fromkeys(fields, pods))
        lists.add("deployments", deployment)
        lists.add("replicasets", replica_set)
        if recent:
            for event in self.app_events:
                lists.add("events", json.loads(own(event).replace("from 0 to 2", f"from 0 to {pods}")))
        pod_text, slice_item = _indented(json.loads(own(self.pod))), json.loads(own(self.slice))
        event_texts = [_indented(json.loads(own(event))) for event in self.pod_events] if recent else []
        endpoint_text = json.dumps(slice_item["endpoints"][0])
        old_name = f"{app}-{hash_new}-{self.suffix}"
        old_uid = self.pod["metadata"]["uid"]
        ready = []
        for position in range(pods):
            serial = number * pods + position
            at = nodes[serial % len(nodes)]
            name, address = f"{app}-{hash_new}-{_letters(serial, 5)}", pod_address(32, serial)
            words = ((old_name, name), *_whereabouts(self.pod, serial, at, 32, "4", mark))
            lists.add_text("pods", _replaced(pod_text, words))
            for count, event_text in enumerate(event_texts):
                shown = _replaced(event_text, words)
                lists.add_text("events", shown.replace('"uid": "3', f'"uid": "{5 + count:x}'))
            endpoint = json.loads(_replaced(endpoint_text, words))
            endpoint["addresses"], endpoint["nodeName"] = [address], node_name(at)
            endpoint["targetRef"].update(name=name, uid=f"4{serial:07x}{old_uid[8:]}")
            ready.append(endpoint)
        slice_item["endpoints"] = ready
        lists.add("endpointslices.discovery.k8s.io", slice_item)
        cluster = f"10.96.{number // 250}.{number % 250 + 1}"
        lists.add("services", json.loads(own(self.service).replace(self.service["spec"]["clusterIP"], cluster)))


def _space(number: int) -> str:
    return f"team-{number:03d}"


#: Suffixes as controllers draw them (k8s.io/apimachinery v0.34 pkg/util/rand/rand.go, alphanums).
_SAFE = "bcdfghjklmnpqrstvwxz2456789"


def _letters(number: int, length: int) -> str:
    """The number in the alphabet of generated names, with the digits that differ last."""
    found = ""
    for _ in range(length):
        number, digit = divmod(number, len(_SAFE))
        found = _SAFE[digit] + found
    return found


def _replaced(text: str, words: Iterable[tuple[str, str]]) -> str:
    for old, new in words:
        text = text.replace(old, new)
    return text


def _indented(item: Item) -> str:
    """As kubectl prints an item of a list: keys sorted, four spaces, eight deep (cli-runtime printers/json.go)."""
    return json.dumps(item, indent=4, sort_keys=True).replace("\n", "\n        ")


class _Lists:
    """One file per kind, as `kubectl get KIND -A -o json` prints it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, IO[str]] = {}
        self.counts: dict[str, int] = defaultdict(int)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def add(self, kind: str, item: Item) -> None:
        self.add_text(kind, _indented(item))

    def add_text(self, kind: str, text: str) -> None:
        file = self.files.get(kind)
        if file is None:
            file = self.files[kind] = (self.folder / f"{kind}.json").open("w", encoding="utf-8")
            file.write('{\n    "apiVersion": "v1",\n    "items": [\n        ')
        else:
            file.write(",\n        ")
        file.write(text)
        self.counts[kind] += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for file in self.files.values():
            file.write('\n    ],\n    "kind": "List",\n    "metadata": {\n        "resourceVersion": ""\n    }\n}\n')
            file.close()
