"""`kubectl describe node`: the Node, its Lease, and what its pods request.

Source: describeNode, describeNodeResource, describeNodeLease (k8s.io/kubectl v0.34.4 pkg/describe/describe.go).
Before v1.12 "Allocated resources" was one row: "CPU Requests, CPU Limits, Memory Requests, Memory Limits".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import UNSET
from msgspec.structs import replace

from kwhy.facts import objects as api
from kwhy.facts.kubectl import NodeAllocation, PodOnNode, Share
from kwhy.facts.objects import Maybe, ObjectMeta, Observation
from kwhy.ingest.kubectl.describe_container import quantities
from kwhy.ingest.kubectl.tree import Entries, Entry, TableRow, read_entries, read_rows
from kwhy.ingest.kubectl.words import EMPTY, taints, timestamp, yes
from kwhy.model.document import Document
from kwhy.model.expressions import expression

CONDITION_TITLES = (
    "Type", "Status", "LastHeartbeatTime", "LastTransitionTime", "Reason", "Message", "LastProbeTime", "LastUpdateTime",
)  # fmt: skip
#: Column titles of "Non-terminated Pods" and "Allocated resources".
_POD_TITLES = ("Namespace", "Name", "CPU Requests", "CPU Limits", "Memory Requests", "Memory Limits", "Age", "AGE")
_RESOURCE_TITLES = ("Resource", "Requests", "Limits", "CPU Requests", "CPU Limits", "Memory Requests", "Memory Limits")


def read_node(metadata: ObjectMeta, entries: Entries, lines: dict[str, int], printed: dict[str, str]) -> api.Node:
    """The node that ``entries`` describe."""
    for key, field in _FIELDS:
        if (entry := entries.get(key)) is not None:
            lines[field] = entry.line
    if (roles := entries.value("Roles", "Role")) is not None:
        printed["Roles"] = roles
    tainted = entries.get("Taints")
    return api.Node(
        metadata,
        api.NodeSpec(
            unschedulable=yes(entries.value("Unschedulable") or ""),
            taints=UNSET if tainted is None else taints(list(tainted.values)),
            pod_cidr=entries.value("PodCIDR") or UNSET,
        ),
        api.NodeStatus(
            conditions=read_conditions(entries.get("Conditions"), lines),
            addresses=_addresses(entries.get("Addresses")),
            capacity=_quantities(entries.get("Capacity")),
            allocatable=_quantities(entries.get("Allocatable")),
            node_info=_info(entries.get("System Info")),
        ),
    )


_FIELDS = (
    ("Taints", "spec.taints"), ("Unschedulable", "spec.unschedulable"), ("Addresses", "status.addresses"),
    ("Capacity", "status.capacity"), ("Allocatable", "status.allocatable"), ("System Info", "status.nodeInfo"),
    ("PodCIDR", "spec.podCIDR"),
)  # fmt: skip


def read_conditions(entry: Entry | None, lines: dict[str, int]) -> Maybe[list[api.Condition]]:
    """A table of conditions with whatever columns its kind has; a column that is not printed stays None or UNSET."""
    if entry is None:
        return UNSET
    found: list[api.Condition] = []
    for row in read_rows(entry.below, CONDITION_TITLES):
        if row.get("Status") in _STATUSES:
            lines[f"status.conditions[{len(found)}]"] = row.line
            found.append(condition_of(row))
        elif found and found[-1].message is not None:  # a message with line ends of its own
            more = " ".join(cell for cell in row.cells.values() if cell)
            found[-1] = replace(found[-1], message=f"{found[-1].message}\n{more}")
    if not found:
        return UNSET
    lines["status.conditions"] = entry.line
    return found


_STATUSES = frozenset({"True", "False", "Unknown"})


def condition_of(row: TableRow) -> api.Condition:
    return api.Condition(
        type=row.get("Type"),
        status=row.get("Status"),
        reason=row.cells.get("Reason"),
        message=row.cells.get("Message"),
        last_heartbeat_time=_time(row, "LastHeartbeatTime"),
        last_transition_time=_time(row, "LastTransitionTime"),
        last_update_time=_time(row, "LastUpdateTime"),
    )


def _time(row: TableRow, title: str) -> Maybe[str]:
    return timestamp(row.cells[title]) if title in row.cells else UNSET


def _addresses(entry: Entry | None) -> Maybe[list[api.NodeAddress]]:
    if entry is None:
        return UNSET
    if entry.value:  # "Addresses:  10.0.0.5,node-a" before v1.8
        return UNSET
    return [api.NodeAddress(address.key, address.value) for address in read_entries(entry.below)]


def _quantities(entry: Entry | None) -> Maybe[dict[str, api.Quantity]]:
    return UNSET if entry is None else quantities(entry)


def _info(entry: Entry | None) -> Maybe[api.NodeSystemInfo]:
    if entry is None:
        return UNSET
    entries = read_entries(entry.below)

    def field(key: str) -> Maybe[str]:
        value = entries.value(key)
        return UNSET if value is None else "" if value in EMPTY else value

    return api.NodeSystemInfo(
        kubelet_version=field("Kubelet Version"),
        container_runtime_version=field("Container Runtime Version"),
        kernel_version=field("Kernel Version"),
        os_image=field("OS Image"),
        boot_id=field("Boot ID"),
        machine_id=field("Machine ID"),
    )


def read_lease(node: str, entry: Entry | None, document: Document) -> Iterator[Observation]:
    """The node's heartbeat; kubectl reads it from namespace kube-node-lease."""
    if entry is None or not entry.below:
        return
    entries = read_entries(entry.below)
    holder, renewed = entries.get("HolderIdentity"), entries.get("RenewTime")
    spec = api.LeaseSpec(
        holder_identity=UNSET if holder is None else None if holder.value in EMPTY else holder.value,
        renew_time=UNSET if renewed is None else timestamp(renewed.value),
    )
    yield Observation(
        api.Lease(ObjectMeta(name=node, namespace="kube-node-lease"), spec),
        document,
        whole=False,
        line=entry.line,
        lines={} if renewed is None else {"spec.renewTime": renewed.line},
        observed=document.captured,
    )


def read_allocation(node: str, entries: Entries, document: Document) -> Iterator[NodeAllocation | Observation]:
    """What the pods on the node request, and the pods themselves."""
    table, totals = entries.get("Non-terminated Pods"), entries.get("Allocated resources")
    shown = totals or table
    if shown is None:
        return
    pods = None if table is None else [pod for row in read_rows(table.below, _POD_TITLES) if (pod := _pod(row))]
    requests, limits = _totals(totals)
    stated = re.fullmatch(r"\((\d{1,6}) in total\)", table.value) if table is not None else None
    total = int(stated[1]) if stated else None
    at = document.at(shown.line, excerpt=f"{shown.key}: {shown.value}".strip())
    yield NodeAllocation(node, requests, limits, None if pods is None else tuple(pods), total, at)
    for pod in pods or ():
        yield Observation(
            api.Pod(ObjectMeta(name=pod.name, namespace=pod.namespace), api.PodSpec(node_name=node)),
            document,
            whole=False,
            line=pod.line,
            observed=document.captured,
        )


#: "20m (1%)", "0".
_SHARE = expression(r"(?P<amount>\S+)(?: \((?P<percent>-?\d{1,18})%\))?")


def _share(text: str) -> Share | None:
    matched = _SHARE.fullmatch(text)
    return (
        None if matched is None else Share(matched["amount"], int(matched["percent"]) if matched["percent"] else None)
    )


def _shares(row: TableRow, columns: Sequence[tuple[str, str]]) -> dict[str, Share]:
    return {resource: share for title, resource in columns if (share := _share(row.get(title))) is not None}


_REQUESTS = (("CPU Requests", "cpu"), ("Memory Requests", "memory"))
_LIMITS = (("CPU Limits", "cpu"), ("Memory Limits", "memory"))


def _pod(row: TableRow) -> PodOnNode | None:
    if not row.get("Namespace") or not row.get("Name"):
        return None
    return PodOnNode(row.get("Namespace"), row.get("Name"), _shares(row, _REQUESTS), _shares(row, _LIMITS), row.line)


def _totals(entry: Entry | None) -> tuple[dict[str, Share], dict[str, Share]]:
    requests: dict[str, Share] = {}
    limits: dict[str, Share] = {}
    for row in read_rows(entry.below, _RESOURCE_TITLES) if entry is not None else ():
        name = row.get("Resource")
        if not name:
            requests.update(_shares(row, _REQUESTS))
            limits.update(_shares(row, _LIMITS))
            continue
        requests.update(_shares(row, (("Requests", name),)))
        limits.update(_shares(row, (("Limits", name),)))
    return requests, limits
