"""Services whose workload was scaled to zero."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from kwhy.model.subject import Subject
from kwhy.scene.relations import selects
from kwhy.scene.scene import Scene


def scaled_to_zero(scene: Scene, service: Subject, selector: dict[str, str]) -> list[Subject]:
    """Workloads with zero replicas whose template the selector matches, where no other workload matches."""
    key, value = next(iter(selector.items()))
    workloads = scene.derive_once(_workloads_by_label).get((service.namespace or "", key, value), ())
    matching = [workload for workload in workloads if selects(selector, workload.labels)]
    return [w.subject for w in matching] if matching and all(w.replicas == 0 for w in matching) else []


class _Workload(NamedTuple):
    subject: Subject
    labels: dict[str, str]
    replicas: object


def _workloads_by_label(scene: Scene) -> dict[tuple[str, str, str], list[_Workload]]:
    """Workloads by namespace and every single label of their templates."""
    index: dict[tuple[str, str, str], list[_Workload]] = defaultdict(list)
    for kind in ("Deployment", "StatefulSet"):
        for struct in scene.structs(kind):
            spec = getattr(struct, "spec", None)
            labels = getattr(getattr(getattr(spec, "template", None), "metadata", None), "labels", None)
            if not isinstance(labels, dict):
                continue
            subject = Subject(kind, struct.metadata.name, struct.metadata.namespace or None)
            workload = _Workload(subject, labels, getattr(spec, "replicas", None))
            for key, value in labels.items():
                index[(struct.metadata.namespace, key, value)].append(workload)
    return index
