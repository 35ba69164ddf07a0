"""One described object to facts: its kind, its fields, its events.

Source: k8s.io/kubectl v0.34.4 pkg/describe/describe.go; layouts since v1.9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

from msgspec import UNSET
from msgspec.structs import replace

from kwhy.facts.kubectl import EventsShown, IngressBackendShown, NodeAllocation, ReadyEndpoints
from kwhy.facts.objects import (
    ApiObject,
    Condition,
    ConditionsStatus,
    Event,
    Generic,
    Maybe,
    ObjectMeta,
    Observation,
)
from kwhy.ingest.api.kinds import struct_for
from kwhy.ingest.kubectl import (
    describe_access,
    describe_network,
    describe_policy,
    describe_service,
    describe_storage,
    describe_workload,
)
from kwhy.ingest.kubectl.command import KubectlCommand
from kwhy.ingest.kubectl.describe_node import read_allocation, read_lease, read_node
from kwhy.ingest.kubectl.describe_pod import owners, read_pod
from kwhy.ingest.kubectl.events import described_events
from kwhy.ingest.kubectl.kinds import bare, is_known
from kwhy.ingest.kubectl.tree import Entries, Entry, Lines, read_entries
from kwhy.ingest.kubectl.words import EMPTY, labels, timestamp
from kwhy.model.document import Document, Unparsed
from kwhy.model.subject import Subject

DescribeFact = Observation | Event | NodeAllocation | ReadyEndpoints | IngressBackendShown | EventsShown | Unparsed
Reader = Callable[[ObjectMeta, Entries, dict[str, int], dict[str, str]], ApiObject]

_READERS: dict[str, Reader] = {
    "Node": read_node,
    "Pod": read_pod,
    "Deployment": describe_workload.read_deployment,
    "ReplicaSet": describe_workload.read_replica_set,
    "StatefulSet": describe_workload.read_stateful_set,
    "DaemonSet": describe_workload.read_daemon_set,
    "ReplicationController": describe_workload.read_replication_controller,
    "Job": describe_workload.read_job,
    "CronJob": describe_workload.read_cron_job,
    "Service": describe_service.read_service,
    "Endpoints": describe_service.read_endpoints,
    "EndpointSlice": describe_service.read_endpoint_slice,
    "Ingress": describe_network.read_ingress,
    "IngressClass": describe_network.read_ingress_class,
    "NetworkPolicy": describe_network.read_network_policy,
    "PersistentVolumeClaim": describe_storage.read_claim,
    "PersistentVolume": describe_storage.read_volume,
    "StorageClass": describe_storage.read_storage_class,
    "PodDisruptionBudget": describe_policy.read_budget,
    "HorizontalPodAutoscaler": describe_policy.read_autoscaler,
    "Namespace": describe_policy.read_namespace,
    "Role": describe_access.read_role,
    "ClusterRole": describe_access.read_cluster_role,
    "RoleBinding": describe_access.read_role_binding,
    "ClusterRoleBinding": describe_access.read_cluster_role_binding,
}

#: Keys (all of a set) that only one kind's describe has at its outermost level, most telling first.
_TELLING: tuple[tuple[str, frozenset[str]], ...] = (
    ("Node", frozenset({"Taints", "Unschedulable"})),
    ("Node", frozenset({"Allocated resources"})),
    ("Node", frozenset({"Non-terminated Pods"})),
    ("Node", frozenset({"System Info"})),
    ("Node", frozenset({"Allocatable", "Capacity"})),
    ("Deployment", frozenset({"StrategyType"})),
    ("Deployment", frozenset({"NewReplicaSet"})),
    ("DaemonSet", frozenset({"Desired Number of Nodes Scheduled"})),
    ("StatefulSet", frozenset({"Volume Claims"})),
    ("StatefulSet", frozenset({"Update Strategy", "Pod Template"})),
    ("CronJob", frozenset({"Concurrency Policy", "Schedule"})),
    ("Job", frozenset({"Pods Statuses", "Parallelism"})),
    ("Service", frozenset({"Session Affinity"})),
    ("Service", frozenset({"TargetPort", "Endpoints"})),
    ("Endpoints", frozenset({"Subsets"})),
    ("EndpointSlice", frozenset({"AddressType", "Endpoints"})),
    ("Ingress", frozenset({"Default backend", "Rules"})),
    ("IngressClass", frozenset({"Controller"})),
    ("PersistentVolume", frozenset({"Reclaim Policy", "Source"})),
    ("PersistentVolumeClaim", frozenset({"StorageClass", "Volume", "Access Modes"})),
    ("StorageClass", frozenset({"Provisioner", "IsDefaultClass"})),
    ("HorizontalPodAutoscaler", frozenset({"Reference", "Metrics"})),
    ("PodDisruptionBudget", frozenset({"Min available"})),
    ("PodDisruptionBudget", frozenset({"Max unavailable"})),
    ("Pod", frozenset({"QoS Class"})),
    ("Pod", frozenset({"Containers", "Status"})),
    ("Pod", frozenset({"Containers", "Node"})),
    ("Pod", frozenset({"Containers", "IP"})),
    ("Pod", frozenset({"Status", "Node", "IP"})),
    ("ServiceAccount", frozenset({"Mountable secrets", "Tokens"})),
)


def described_kind(entries: Entries, text: Lines) -> str | None:
    """The kind whose describe has these keys; None where several could."""
    stated = entries.value("Kind")
    if stated and "API Version" in entries:  # the generic describer prints the object's own kind
        return stated
    keys = {entry.key for entry in entries}
    for kind, telling in _TELLING:
        if telling <= keys:
            return kind
    chosen = entries.value("Selector") or ""
    if "Pod Template" in keys and "Replicas" in keys and ("pod-template-hash" in chosen or "Controlled By" in keys):
        return "ReplicaSet"
    return _kind_by_text(entries, text)


def _kind_by_text(entries: Entries, text: Lines) -> str | None:
    plain = {line.strip() for _, line in text}
    if "Data" in plain and "====" in plain:
        data = next(number for number, line in text if line.strip() == "Data")
        typed = entries.get("Type")
        return "Secret" if typed is not None and typed.line < data else "ConfigMap"
    if "Namespace" not in entries and {"No resource quota.", "Resource Quotas"} & plain:
        return "Namespace"
    if describe_policy.quota_rows(text):
        return "ResourceQuota"
    if describe_policy.limit_rows(text):
        return "LimitRange"
    spec = entries.get("Spec")
    if spec is not None and "PodSelector" in read_entries(spec.below):
        return "NetworkPolicy"
    return describe_access.binding_kind(entries)


def read_described(text: Lines, document: Document, command: KubectlCommand | None) -> Iterator[DescribeFact]:
    """The facts of one described object, from its "Name:" to its last event."""
    entries = read_entries(text)
    line = text[0][0]
    asked = command.kinds[0] if command is not None and command.verb == "describe" and len(command.kinds) == 1 else None
    told = described_kind(entries, text)
    kind = told if asked is None or (told is not None and (is_known(asked) or "API Version" in entries)) else asked
    if kind is None:
        yield Unparsed(
            document.at(line, excerpt=text[0][1].strip()), "a described object whose kind its keys do not tell"
        )
        return
    metadata = _metadata(entries, kind, command)
    lines = {field: entry.line for field, keys in _METADATA if (entry := entries.get(*keys)) is not None}
    printed: dict[str, str] = {}
    yield Observation(
        object=_object(kind, metadata, entries, text, lines, printed),
        document=document,
        whole=False,
        line=line,
        printed=printed or None,
        lines=lines,
        observed=document.captured,
    )
    subject = Subject(kind, metadata.name, metadata.namespace or None)
    yield from _besides(subject, entries, text, document)
    yield from _events(subject, entries, document)


_METADATA = (
    ("metadata.labels", ("Labels",)),
    ("metadata.creationTimestamp", ("CreationTimestamp",)),
    ("metadata.ownerReferences", ("Controlled By", "Controllers")),
)


def _metadata(entries: Entries, kind: str, command: KubectlCommand | None) -> ObjectMeta:
    namespace = entries.value("Namespace")
    if namespace is None:
        namespace = command.namespace_of(kind) if command is not None else ""
    labelled = entries.get("Labels")
    born = entries.value("CreationTimestamp")
    own = entries.get("Metadata")
    if own is not None:  # of a custom resource
        born = read_entries(own.below).value("Creation Timestamp")
    return ObjectMeta(
        name=entries.value("Name") or "",
        namespace="" if namespace in EMPTY else namespace,
        labels=UNSET if labelled is None else labels(list(labelled.values)),
        creation_timestamp=UNSET if born is None else timestamp(born),
        owner_references=owners(entries),
    )


def _object(
    kind: str, metadata: ObjectMeta, entries: Entries, text: Lines, lines: dict[str, int], printed: dict[str, str]
) -> ApiObject:
    if kind == "ResourceQuota":
        return describe_policy.read_quota(metadata, entries, lines, printed, text)
    if kind == "LimitRange":
        return describe_policy.read_limits(metadata, entries, lines, printed, text)
    if kind == "ConfigMap":
        return describe_policy.read_config_map(metadata, text, lines)
    if kind == "Secret":
        return describe_policy.read_secret(metadata, entries, lines, text)
    version = entries.value("API Version") if "Kind" in entries else None
    if version is not None:
        return _unstructured(kind, version, metadata, entries, lines)
    reader = _READERS.get(kind)
    return bare(kind, metadata) if reader is None else reader(metadata, entries, lines, printed)


def _unstructured(kind: str, version: str, metadata: ObjectMeta, entries: Entries, lines: dict[str, int]) -> ApiObject:
    """An object that kubectl describes field by field, as it does of kinds that it does not know itself."""
    struct = struct_for(kind, version)
    status = entries.get("Status")
    if struct is Generic and status is not None:
        return Generic(
            kind=kind, metadata=metadata, status=ConditionsStatus(conditions=_generic_conditions(status, lines))
        )
    if struct is Generic:
        return Generic(kind=kind, metadata=metadata)
    from kwhy.ingest.kubectl.unstructured import read_unstructured  # msgspec.inspect is rarely needed

    found = read_unstructured(entries, struct, lines)
    if found is None:
        return bare(kind, metadata)
    return cast("ApiObject", replace(found, metadata=metadata))


_CONDITION_FIELDS = {
    "Last Heartbeat Time": "last_heartbeat_time", "Last Transition Time": "last_transition_time",
    "Last Update Time": "last_update_time",
}  # fmt: skip


def _generic_conditions(status: Entry, lines: dict[str, int]) -> Maybe[list[Condition]]:
    """Conditions of a custom resource: printUnstructuredContent writes their fields one below the other, sorted."""
    section = read_entries(status.below).get("Conditions")
    if section is None:
        return UNSET
    groups: list[dict[str, Entry]] = []
    for entry in read_entries(section.below):
        if not groups or entry.key in groups[-1]:
            lines[f"status.conditions[{len(groups)}]"] = entry.line
            groups.append({})
        groups[-1][entry.key] = entry
    return [_generic_condition(group) for group in groups]


def _generic_condition(fields: dict[str, Entry]) -> Condition:
    times = {name: fields[key].value for key, name in _CONDITION_FIELDS.items() if key in fields}
    return Condition(
        type=fields["Type"].value if "Type" in fields else "",
        status=fields["Status"].value if "Status" in fields else "",
        reason=fields["Reason"].text if "Reason" in fields else None,
        message=fields["Message"].text if "Message" in fields else None,
        last_heartbeat_time=times.get("last_heartbeat_time", UNSET),
        last_transition_time=times.get("last_transition_time", UNSET),
        last_update_time=times.get("last_update_time", UNSET),
    )


def _besides(subject: Subject, entries: Entries, text: Lines, document: Document) -> Iterator[DescribeFact]:
    """What the describe of one object shows about others."""
    if subject.kind == "Node":
        lease = entries.get("Lease")
        if lease is not None and lease.value:
            yield Unparsed(document.at(lease.line, excerpt=lease.value), "kubectl could not read the node's lease")
        yield from read_lease(subject.name, lease, document)
        yield from read_allocation(subject.name, entries, document)
    elif subject.kind == "Service":
        yield from describe_service.read_ready_endpoints(subject, entries, document)
    elif subject.kind == "Ingress":
        yield from describe_network.backends_shown(subject, entries, document)
    elif subject.kind == "Namespace":
        for line, quota in describe_policy.quotas_of_namespace(subject.name, text):
            yield Observation(quota, document, whole=False, line=line, observed=document.captured)


def _events(subject: Subject, entries: Entries, document: Document) -> Iterator[DescribeFact]:
    shown = entries.get("Events")
    if shown is None:
        return
    none = shown.value in EMPTY and not any(line.strip() for _, line in shown.below)
    if none and not shown.value:
        return  # cut behind "Events:"
    yield EventsShown(subject, none, document.at(shown.line, excerpt=f"Events: {shown.value}".strip()))
    yield from described_events(shown.below, document, lambda *_: subject)
