"""Equal parts of neighbouring pods held once.

Pods of one workload stand side by side in a list and differ in little; half of a decoded pod is what its neighbour has
too. Each part is compared with the last one seen only, which costs a fraction of decoding it.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from msgspec.structs import force_setattr

from kwhy.facts.objects import ApiStruct, Condition, Pod, PodSpec, Volume

_EMPTY_SPEC = PodSpec()
_META_PARTS = ("namespace", "labels", "owner_references", "annotations")
_SPEC_PARTS = (
    "tolerations",
    "scheduler_name",
    "dns_policy",
    "restart_policy",
    "preemption_policy",
    "service_account_name",
    "node_selector",
    "affinity",
    "priority_class_name",
)
_CONTAINER_PARTS = (
    "name",
    "image",
    "args",
    "command",
    "ports",
    "env",
    "resources",
    "liveness_probe",
    "readiness_probe",
    "startup_probe",
)


class Neighbour:
    """The pod before, whose parts the next one shares where they are equal."""

    def __init__(self) -> None:
        self._meta = _Parts(*_META_PARTS)
        self._spec = _Parts(*_SPEC_PARTS)
        self._container = _Parts(*_CONTAINER_PARTS)
        self._projected: object = None
        self._conditions: list[Condition] = []

    def share(self, pods: Sequence[Pod]) -> None:
        share_meta, share_spec, share_container = self._meta.share, self._spec.share, self._container.share
        for pod in pods:
            share_meta(pod.metadata)
            spec, status = pod.spec, pod.status
            if spec is not _EMPTY_SPEC:
                share_spec(spec)
                for container in spec.containers or ():
                    share_container(container)
                for volume in spec.volumes or ():
                    if volume.projected is not None:
                        self._share_projected(volume)
            conditions = status.conditions
            if conditions and conditions == self._conditions:
                force_setattr(status, "conditions", self._conditions)
            elif conditions:
                for condition, last in zip(conditions, self._conditions, strict=False):
                    if condition.type == last.type:
                        force_setattr(condition, "type", last.type)
                    if condition.status == last.status:
                        force_setattr(condition, "status", last.status)
                self._conditions = conditions

    def _share_projected(self, volume: Volume) -> None:
        if volume.projected == self._projected:
            force_setattr(volume, "projected", self._projected)
        else:
            self._projected = volume.projected


class _Parts:
    """Some fields of the struct before: shared all at once, since one workload's pods have all of them equal."""

    def __init__(self, *fields: str) -> None:
        self._fields = fields
        self._read = attrgetter(*fields)
        self._last: tuple[object, ...] = ()
        self._shown: tuple[tuple[str, object], ...] = ()

    def share(self, struct: ApiStruct) -> None:
        parts = self._read(struct)
        if parts == self._last:
            for field, part in self._shown:
                force_setattr(struct, field, part)
            return
        self._last = parts
        self._shown = tuple((field, part) for field, part in zip(self._fields, parts, strict=True) if part)
