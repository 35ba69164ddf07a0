"""`kubectl describe pod`, and the pod template of workloads.

Source: describePod, DescribePodTemplate (k8s.io/kubectl v0.34.4 pkg/describe/describe.go). Annotations are not read:
describe leaves some out and shortens others.
"""

from __future__ import annotations

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kwhy.facts import objects as api
from kwhy.facts.objects import Maybe, ObjectMeta
from kwhy.ingest.kubectl.describe_container import read_containers, read_volumes
from kwhy.ingest.kubectl.tree import Entries, Entry, read_entries, read_rows
from kwhy.ingest.kubectl.words import EMPTY, labels, selector, timestamp, tolerations, whole
from kwhy.model.expressions import expression

#: printController: "ReplicaSet/web-66746cbb66".
_CONTROLLER = expression(r"(?P<kind>[A-Z]\w*)/(?P<name>\S+)")
#: "Terminating (lasts 5m)"; "(expires <RFC1123Z>)" before v1.10.
_TERMINATING = expression(r"Terminating(?: \((?:lasts (?P<lasts>[^()]*)|expires (?P<expires>[^()]*))\))?")


def read_pod(metadata: ObjectMeta, entries: Entries, lines: dict[str, int], printed: dict[str, str]) -> api.Pod:
    """The pod that ``entries`` describe."""
    for key, field in _FIELDS:
        if (entry := entries.get(key)) is not None:
            lines[field] = entry.line
    first = read_containers(
        entries.get("Init Containers"), "spec.initContainers", "status.initContainerStatuses", lines
    )
    main = read_containers(entries.get("Containers"), "spec.containers", "status.containerStatuses", lines)
    entire = "Containers" in entries
    return api.Pod(
        _deletion(metadata, entries, printed),
        api.PodSpec(
            node_name=_node(entries)[0],
            node_selector=_labels(entries.get("Node-Selectors")),
            tolerations=_tolerations(entries.get("Tolerations")),
            topology_spread_constraints=_spread(entries.get("Topology Spread Constraints"), "Events" in entries),
            containers=main.containers if entire else UNSET,
            init_containers=first.containers if entire else UNSET,
            volumes=read_volumes(entries.get("Volumes"), "spec.volumes", lines),
            priority=_whole(entries, "Priority"),
            priority_class_name=_text(entries, "Priority Class Name", "PriorityClassName"),
            service_account_name=_text(entries, "Service Account"),
        ),
        api.PodStatus(
            phase=_phase(entries),
            reason=_if_printed(entries, "Reason", entire),
            message=_if_printed(entries, "Message", entire),
            conditions=_conditions(entries, entire, lines),
            container_statuses=main.statuses if entire else UNSET,
            init_container_statuses=first.statuses if entire else UNSET,
            pod_ip=_text(entries, "IP"),
            host_ip=_node(entries)[1],
            nominated_node_name=_text(entries, "NominatedNodeName"),
            start_time=timestamp(entries.value("Start Time") or "") if "Start Time" in entries else UNSET,
            qos_class=_text(entries, "QoS Class"),
        ),
    )


_FIELDS = (
    ("Node", "spec.nodeName"), ("Status", "status.phase"), ("Reason", "status.reason"), ("Message", "status.message"),
    ("IP", "status.podIP"), ("Node-Selectors", "spec.nodeSelector"), ("Tolerations", "spec.tolerations"),
    ("QoS Class", "status.qosClass"),
    ("Priority", "spec.priority"), ("Topology Spread Constraints", "spec.topologySpreadConstraints"),
    ("Start Time", "status.startTime"), ("NominatedNodeName", "status.nominatedNodeName"),
    ("Service Account", "spec.serviceAccountName"),
)  # fmt: skip


def _text(entries: Entries, *keys: str) -> Maybe[str]:
    value = entries.value(*keys)
    return UNSET if value is None else "" if value in EMPTY else value


def _whole(entries: Entries, key: str) -> Maybe[int]:
    value = entries.value(key)
    return UNSET if value is None else whole(value)


def _labels(entry: Entry | None) -> Maybe[dict[str, str]]:
    return UNSET if entry is None else labels(list(entry.values))


def _tolerations(entry: Entry | None) -> Maybe[list[api.Toleration]]:
    return UNSET if entry is None else tolerations(list(entry.values))


def owners(entries: Entries) -> Maybe[list[api.OwnerReference]]:
    """The controller; other owners are not printed."""
    matched = _CONTROLLER.fullmatch(entries.value("Controlled By", "Controllers") or "")
    return [api.OwnerReference(matched["kind"], matched["name"], controller=True)] if matched else UNSET


def _deletion(metadata: ObjectMeta, entries: Entries, printed: dict[str, str]) -> ObjectMeta:
    """A pod is printed as terminating from its deletion until it ends; "lasts" does not tell when that began."""
    status = entries.value("Status") or ""
    matched = _TERMINATING.fullmatch(status)
    if matched is None:
        known: Maybe[str] = "" if status in ("Pending", "Running", "Unknown") else UNSET
    else:
        printed["Status"] = status
        known = timestamp(matched["expires"]) if matched["expires"] else UNSET
    return replace(metadata, deletion_timestamp=known)


def _phase(entries: Entries) -> Maybe[str]:
    status = _text(entries, "Status")
    return UNSET if isinstance(status, str) and status.startswith("Terminating") else status


def _node(entries: Entries) -> tuple[Maybe[str], Maybe[str]]:
    """ "node-a/10.55.0.10": the node and its address."""
    value = entries.value("Node")
    if value is None:
        return UNSET, UNSET
    if value in EMPTY:
        return "", UNSET
    name, slash, address = value.partition("/")
    return name, address if slash else UNSET


def _if_printed(entries: Entries, key: str, entire: bool) -> Maybe[str]:
    """Reason and Message stand above the containers if there are any."""
    entry = entries.get(key)
    return "" if entry is None and entire else UNSET if entry is None else entry.text


def _conditions(entries: Entries, entire: bool, lines: dict[str, int]) -> Maybe[list[api.Condition]]:
    entry = entries.get("Conditions")
    if entry is None:
        return [] if entire and "QoS Class" in entries else UNSET
    lines["status.conditions"] = entry.line
    found: list[api.Condition] = []
    for row in read_rows(entry.below, ("Type", "Status")):
        if row.get("Status") in ("True", "False", "Unknown"):
            lines[f"status.conditions[{len(found)}]"] = row.line
            found.append(api.Condition(row.get("Type"), row.get("Status"), reason=None, message=None))
    return found


#: "zone:DoNotSchedule when max skew 1 is exceeded for selector app=web" (describeTopologySpreadConstraints).
_SPREAD = expression(
    r"(?P<key>\S+):(?P<when>DoNotSchedule|ScheduleAnyway) when max skew (?P<skew>\d{1,9}) is exceeded"
    r"(?: for selector (?P<selector>.*))?"
)


def _spread(entry: Entry | None, entire: bool) -> Maybe[list[api.TopologySpreadConstraint]]:
    if entry is None:
        return [] if entire else UNSET
    found = []
    for text in entry.values:
        matched = _SPREAD.fullmatch(text.rstrip())
        if matched is None:
            return UNSET
        chosen = selector(matched["selector"]) if matched["selector"] else None
        if isinstance(chosen, UnsetType):
            return UNSET
        found.append(api.TopologySpreadConstraint(int(matched["skew"]), matched["key"], matched["when"], chosen))
    return found


def read_template(entry: Entry | None, lines: dict[str, int]) -> Maybe[api.PodTemplate]:
    """The pod template of a workload."""
    if entry is None or not entry.below:
        return UNSET
    entries = read_entries(entry.below)
    base = "spec.template"
    lines[base] = entry.line
    first = read_containers(entries.get("Init Containers"), f"{base}.spec.initContainers", "", lines)
    main = read_containers(entries.get("Containers"), f"{base}.spec.containers", "", lines)
    for key, field in (
        ("Labels", "metadata.labels"),
        ("Node-Selectors", "spec.nodeSelector"),
        ("Tolerations", "spec.tolerations"),
    ):
        if (shown := entries.get(key)) is not None:
            lines[f"{base}.{field}"] = shown.line
    entire = "Containers" in entries
    return api.PodTemplate(
        ObjectMeta(labels=_labels(entries.get("Labels"))),
        api.PodSpec(
            service_account_name=_text(entries, "Service Account"),
            containers=main.containers if entire else UNSET,
            init_containers=first.containers if entire else UNSET,
            volumes=read_volumes(entries.get("Volumes"), f"{base}.spec.volumes", lines),
            priority_class_name=_text(entries, "Priority Class Name"),
            node_selector=_labels(entries.get("Node-Selectors")),
            tolerations=_tolerations(entries.get("Tolerations")),
        ),
    )
