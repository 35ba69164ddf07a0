"""Node."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from kwhy.facts.api.meta import ApiStruct, Condition, Maybe, ObjectMeta, Quantity, Timestamp


class Taint(ApiStruct, frozen=True):
    key: str = ""
    value: str = ""
    effect: str = ""
    time_added: Maybe[Timestamp] = UNSET


class NodeAddress(ApiStruct, frozen=True):
    type: str = ""
    address: str = ""


class NodeSystemInfo(ApiStruct, frozen=True):
    kubelet_version: Maybe[str] = UNSET
    container_runtime_version: Maybe[str] = UNSET
    kernel_version: Maybe[str] = UNSET
    os_image: Maybe[str] = UNSET
    boot_id: Maybe[str] = msgspec.field(default=UNSET, name="bootID")
    machine_id: Maybe[str] = msgspec.field(default=UNSET, name="machineID")


class NodeSpec(ApiStruct, frozen=True):
    unschedulable: Maybe[bool] = UNSET
    taints: Maybe[list[Taint]] = UNSET
    pod_cidr: Maybe[str] = msgspec.field(default=UNSET, name="podCIDR")


class NodeStatus(ApiStruct, frozen=True):
    conditions: Maybe[list[Condition]] = UNSET
    addresses: Maybe[list[NodeAddress]] = UNSET
    capacity: Maybe[dict[str, Quantity]] = UNSET
    allocatable: Maybe[dict[str, Quantity]] = UNSET
    node_info: Maybe[NodeSystemInfo] = UNSET


class Node(ApiStruct, frozen=True, tag_field="kind", tag="Node"):
    metadata: ObjectMeta
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()
