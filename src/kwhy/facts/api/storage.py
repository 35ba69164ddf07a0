"""PersistentVolumeClaim, PersistentVolume, StorageClass."""

from __future__ import annotations

from msgspec import UNSET

from kwhy.facts.api.meta import (
    ApiStruct,
    Condition,
    Maybe,
    NodeSelector,
    ObjectMeta,
    ObjectReference,
    Quantity,
    ResourceRequirements,
)


class ClaimSpec(ApiStruct, frozen=True):
    storage_class_name: Maybe[str] = UNSET
    volume_name: Maybe[str] = UNSET
    access_modes: Maybe[list[str]] = UNSET
    resources: Maybe[ResourceRequirements] = UNSET


class ClaimStatus(ApiStruct, frozen=True):
    phase: Maybe[str] = UNSET
    conditions: Maybe[list[Condition]] = UNSET


class PersistentVolumeClaim(ApiStruct, frozen=True, tag_field="kind", tag="PersistentVolumeClaim"):
    metadata: ObjectMeta
    spec: ClaimSpec = ClaimSpec()
    status: ClaimStatus = ClaimStatus()


class VolumeNodeAffinity(ApiStruct, frozen=True):
    required: NodeSelector | None = None


class PersistentVolumeSpec(ApiStruct, frozen=True):
    storage_class_name: Maybe[str] = UNSET
    capacity: Maybe[dict[str, Quantity]] = UNSET
    access_modes: Maybe[list[str]] = UNSET
    claim_ref: Maybe[ObjectReference] = UNSET
    node_affinity: Maybe[VolumeNodeAffinity] = UNSET


class PersistentVolume(ApiStruct, frozen=True, tag_field="kind", tag="PersistentVolume"):
    metadata: ObjectMeta
    spec: PersistentVolumeSpec = PersistentVolumeSpec()
    status: ClaimStatus = ClaimStatus()


class StorageClass(ApiStruct, frozen=True, tag_field="kind", tag="StorageClass"):
    metadata: ObjectMeta
    provisioner: Maybe[str] = UNSET
    volume_binding_mode: Maybe[str] = UNSET
