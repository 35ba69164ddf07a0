"""What objects of all kinds share: metadata, conditions, selectors, references."""

from __future__ import annotations

from typing import TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

T = TypeVar("T")

Maybe: TypeAlias = T | UnsetType | None

#: metav1.Time as the API writes it, RFC 3339; kept as text and parsed where a rule reads it.
Timestamp: TypeAlias = str

#: resource.Quantity as written ("100m", "1Gi", 2); kept as given.
Quantity: TypeAlias = str | int | float


class ApiStruct(msgspec.Struct, frozen=True, gc=False, rename="camel", omit_defaults=True):
    """Decoding settings shared by all API structs; holds no fields and no behaviour."""


class OwnerReference(ApiStruct, frozen=True):
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


class ObjectMeta(ApiStruct, frozen=True):
    name: str = ""
    namespace: str = ""
    uid: Maybe[str] = UNSET
    labels: Maybe[dict[str, str]] = UNSET
    annotations: Maybe[dict[str, str]] = UNSET
    creation_timestamp: Maybe[Timestamp] = UNSET
    deletion_timestamp: Maybe[Timestamp] = UNSET
    deletion_grace_period_seconds: Maybe[int] = UNSET
    finalizers: Maybe[list[str]] = UNSET
    owner_references: Maybe[list[OwnerReference]] = UNSET
    generation: Maybe[int] = UNSET


class Condition(ApiStruct, frozen=True):
    """A status condition of any kind (NodeCondition, PodCondition, DeploymentCondition …).

    ``reason`` and ``message`` are None where a partial view does not show them (describe pod: type and status only).
    """

    type: str = ""
    status: str = ""
    reason: str | None = ""
    message: str | None = ""
    last_heartbeat_time: Maybe[Timestamp] = UNSET
    last_transition_time: Maybe[Timestamp] = UNSET
    last_update_time: Maybe[Timestamp] = UNSET


class LabelSelectorRequirement(ApiStruct, frozen=True):
    key: str = ""
    operator: str = ""
    values: list[str] | None = None


class LabelSelector(ApiStruct, frozen=True):
    match_labels: dict[str, str] | None = None
    match_expressions: list[LabelSelectorRequirement] | None = None


class ResourceRequirements(ApiStruct, frozen=True):
    requests: Maybe[dict[str, Quantity]] = UNSET
    limits: Maybe[dict[str, Quantity]] = UNSET


class NodeSelectorRequirement(ApiStruct, frozen=True):
    key: str = ""
    operator: str = ""
    values: list[str] | None = None


class NodeSelectorTerm(ApiStruct, frozen=True):
    match_expressions: list[NodeSelectorRequirement] | None = None
    match_fields: list[NodeSelectorRequirement] | None = None


class NodeSelector(ApiStruct, frozen=True):
    node_selector_terms: list[NodeSelectorTerm] | None = None


class LocalObjectReference(ApiStruct, frozen=True):
    name: str = ""


class ObjectReference(ApiStruct, frozen=True):
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    field_path: str = ""


class ConditionsStatus(ApiStruct, frozen=True):
    phase: Maybe[str] = UNSET
    conditions: Maybe[list[Condition]] = UNSET


class Generic(ApiStruct, frozen=True):
    """Any other kind, custom resources included: its identity and its conditions."""

    kind: str = ""
    metadata: ObjectMeta = ObjectMeta()
    status: ConditionsStatus = ConditionsStatus()
