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
        self._meta.share([pod.metadata for pod in pods])
        specs = [pod.spec for pod in pods if pod.spec is not _EMPTY_SPEC]
        self._spec.share(specs)
        self._container.share([container for spec in specs for container in spec.containers or ()])
        for spec in specs:
            for volume in spec.volumes or ():
                if volume.projected is not None:
                    self._share_projected(volume)
        last = self._conditions
        for pod in pods:
            conditions = pod.status.conditions
            if conditions and conditions == last:
                force_setattr(pod.status, "conditions", last)
            elif conditions:
                for condition, before in zip(conditions, last, strict=False):
                    if condition.type == before.type:
                        force_setattr(condition, "type", before.type)
                    if condition.status == before.status:
                        force_setattr(condition, "status", before.status)
                last = self._conditions = conditions

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

    def share(self, structs: Sequence[ApiStruct]) -> None:
        last, shown = self._last, self._shown
        for struct, parts in zip(structs, map(self._read, structs), strict=True):
            if parts == last:
                for field, part in shown:
                    force_setattr(struct, field, part)
            else:
                last = parts
                shown = tuple((field, part) for field, part in zip(self._fields, parts, strict=True) if part)
        self._last, self._shown = last, shown
