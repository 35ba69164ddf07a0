"""Which struct a (group, kind) decodes into, and the parts of API answers that are no objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from kwhy.facts import objects
from kwhy.facts.objects import ApiStruct, Maybe, ObjectMeta, ObjectReference, Timestamp

#: The groups whose kind of this name the struct describes. Other groups use the same words for other things
#: (serving.knative.dev Service, batch.volcano.sh Job, audit.k8s.io Event): their objects are Generic.
_GROUPS: dict[str, tuple[str, ...]] = {
    "Node": ("",),
    "Pod": ("",),
    "Deployment": ("apps", "extensions"),
    "ReplicaSet": ("apps", "extensions"),
    "StatefulSet": ("apps",),
    "DaemonSet": ("apps", "extensions"),
    "Job": ("batch",),
    "CronJob": ("batch",),
    "ReplicationController": ("",),
    "LimitRange": ("",),
    "Service": ("",),
    "Endpoints": ("",),
    "EndpointSlice": ("discovery.k8s.io",),
    "Ingress": ("networking.k8s.io", "extensions"),
    "IngressClass": ("networking.k8s.io",),
    "NetworkPolicy": ("networking.k8s.io", "extensions"),
    "HTTPRoute": ("gateway.networking.k8s.io",),
    "GRPCRoute": ("gateway.networking.k8s.io",),
    "Gateway": ("gateway.networking.k8s.io",),
    "PersistentVolumeClaim": ("",),
    "PersistentVolume": ("",),
    "StorageClass": ("storage.k8s.io",),
    "VolumeAttachment": ("storage.k8s.io",),
    "CSINode": ("storage.k8s.io",),
    "ResourceQuota": ("",),
    "PodDisruptionBudget": ("policy",),
    "HorizontalPodAutoscaler": ("autoscaling",),
    "Lease": ("coordination.k8s.io",),
    "APIService": ("apiregistration.k8s.io",),
    "ValidatingWebhookConfiguration": ("admissionregistration.k8s.io",),
    "MutatingWebhookConfiguration": ("admissionregistration.k8s.io",),
    "ConfigMap": ("",),
    "Secret": ("",),
    "Namespace": ("",),
    "ServiceAccount": ("",),
    "Role": ("rbac.authorization.k8s.io",),
    "ClusterRole": ("rbac.authorization.k8s.io",),
    "RoleBinding": ("rbac.authorization.k8s.io",),
    "ClusterRoleBinding": ("rbac.authorization.k8s.io",),
    "Event": ("", "events.k8s.io"),
}
#: Spellings of a foreign group inside a list that would make its other items' struct wrong.
FOREIGN_TWINS: dict[str, tuple[bytes, ...]] = {
    "Service": (b'"serving.knative.dev/',),
    "Job": (b'"batch.volcano.sh/',),
}


class EventSource(ApiStruct, frozen=True):
    component: str | None = ""
    host: str | None = ""


class EventSeries(ApiStruct, frozen=True):
    count: int | None = None
    last_observed_time: Maybe[Timestamp] = UNSET


class ApiEvent(ApiStruct, frozen=True, tag_field="kind", tag="Event"):
    """core/v1 Event and events.k8s.io/v1 Event: the same object under two sets of names (k8s.io/api v0.34)."""

    metadata: ObjectMeta = ObjectMeta()
    involved_object: ObjectReference | None = None
    regarding: ObjectReference | None = None
    reason: str | None = ""
    message: str | None = ""
    note: str | None = ""
    type: str | None = ""
    source: EventSource | None = None
    deprecated_source: EventSource | None = None
    first_timestamp: Maybe[Timestamp] = UNSET
    last_timestamp: Maybe[Timestamp] = UNSET
    deprecated_first_timestamp: Maybe[Timestamp] = UNSET
    deprecated_last_timestamp: Maybe[Timestamp] = UNSET
    event_time: Maybe[Timestamp] = UNSET
    count: int | None = None
    deprecated_count: int | None = None
    series: EventSeries | None = None
    reporting_component: str | None = ""
    reporting_controller: str | None = ""


class SecretKeys(ApiStruct, frozen=True, tag_field="kind", tag="Secret"):
    """A Secret on its way in: values are looked at by nobody and dropped with the buffer."""

    metadata: ObjectMeta
    type: Maybe[str] = UNSET
    data: Maybe[dict[str, Any]] = UNSET


class ListMeta(ApiStruct, frozen=True):
    """``continue_``: the list is one page of several."""

    continue_: Maybe[str] = msgspec.field(default=UNSET, name="continue")
    remaining_item_count: Maybe[int] = UNSET


class Envelope(ApiStruct, frozen=True):
    """What any answer of the API server has, undecoded where it may be large."""

    kind: str = ""
    api_version: str = ""
    metadata: msgspec.Raw | UnsetType = UNSET
    items: list[msgspec.Raw] | UnsetType | None = UNSET
    object: msgspec.Raw | UnsetType = UNSET
    message: Maybe[str] = UNSET


class ListTail(ApiStruct, frozen=True):
    """The fields of a list that may stand after its items."""

    kind: str = ""
    api_version: str = ""
    metadata: ListMeta | None = None


def struct_for(kind: str, api_version: str) -> type[ApiStruct]:
    """The struct that an object decodes into; Generic for every kind without one. An unstated version is believed."""
    group = api_version.rpartition("/")[0]
    if kind not in _GROUPS or (api_version and group not in _GROUPS[kind]):
        return objects.Generic
    if kind == "Event":
        return ApiEvent
    if kind == "Secret":
        return SecretKeys
    struct: type[ApiStruct] = getattr(objects, kind)
    return struct


def has_struct(kind: str) -> bool:
    """Whether objects of ``kind``, of some group, have a struct of their own."""
    return kind in _GROUPS


def groups_by_kind() -> Mapping[str, tuple[str, ...]]:
    """The kinds that have a struct, with the API groups that serve them; the group of today's Kubernetes first."""
    return _GROUPS


def item_kind(list_kind: str) -> str:
    """ "Pod" for "PodList"; "" for "List" and for what is no list."""
    return list_kind.removesuffix("List") if list_kind.endswith("List") else ""
