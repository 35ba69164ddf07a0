"""PersistentVolumeClaim, PersistentVolume, StorageClass, VolumeAttachment, CSINode."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET

from kwhy.facts.api.meta import (
    ApiStruct,
    Condition,
    LabelSelector,
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
    selector: Maybe[LabelSelector] = UNSET
    volume_mode: Maybe[str] = UNSET


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
    reclaim_policy: Maybe[str] = msgspec.field(default=UNSET, name="persistentVolumeReclaimPolicy")
    csi: Maybe[dict[str, Any]] = UNSET
    nfs: Maybe[dict[str, Any]] = UNSET
    local: Maybe[dict[str, Any]] = UNSET
    host_path: Maybe[dict[str, Any]] = UNSET
    volume_mode: Maybe[str] = UNSET


class PersistentVolume(ApiStruct, frozen=True, tag_field="kind", tag="PersistentVolume"):
    metadata: ObjectMeta
    spec: PersistentVolumeSpec = PersistentVolumeSpec()
    status: ClaimStatus = ClaimStatus()


class StorageClass(ApiStruct, frozen=True, tag_field="kind", tag="StorageClass"):
    metadata: ObjectMeta
    provisioner: Maybe[str] = UNSET
    volume_binding_mode: Maybe[str] = UNSET


class AttachmentSource(ApiStruct, frozen=True):
    persistent_volume_name: str | None = None


class AttachmentSpec(ApiStruct, frozen=True):
    attacher: str = ""
    node_name: str = ""
    source: AttachmentSource = AttachmentSource()


class AttachmentError(ApiStruct, frozen=True):
    message: str = ""


class AttachmentStatus(ApiStruct, frozen=True):
    attached: bool = False
    attach_error: AttachmentError | None = None
    detach_error: AttachmentError | None = None


class VolumeAttachment(ApiStruct, frozen=True, tag_field="kind", tag="VolumeAttachment"):
    metadata: ObjectMeta
    spec: AttachmentSpec = AttachmentSpec()
    status: AttachmentStatus = AttachmentStatus()


class NodeDriver(ApiStruct, frozen=True):
    name: str = ""


class CSINodeSpec(ApiStruct, frozen=True):
    """``drivers`` are the CSI drivers that have registered with the node's kubelet."""

    drivers: Maybe[list[NodeDriver]] = UNSET


class CSINode(ApiStruct, frozen=True, tag_field="kind", tag="CSINode"):
    metadata: ObjectMeta
    spec: CSINodeSpec = CSINodeSpec()
