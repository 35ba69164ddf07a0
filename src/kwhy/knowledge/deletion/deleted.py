"""Objects that somebody deleted and that are still there, and what keeps them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.objects import ApiObject, ObjectBatch, Observation, Pod
from kwhy.knowledge.workload.cron_runs import collected
from kwhy.model.document import Locator
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.scene import Scene

#: Deleting an object without running pods takes seconds; a namespace with its contents hardly longer.
OVERDUE = 40.0
#: Finalizers that Kubernetes itself removes once what they wait for is gone (k8s.io/api v0.34 core/v1, apimachinery
#: v0.34 meta/v1; Kubernetes v1.34 pkg/util/slice and the controllers of their names).
BUILT_IN = frozenset(
    {
        "kubernetes",
        "foregroundDeletion",
        "orphan",
        "kubernetes.io/pvc-protection",
        "kubernetes.io/pv-protection",
        "kubernetes.io/pv-controller",
        "batch.kubernetes.io/job-tracking",
        "service.kubernetes.io/load-balancer-cleanup",
        "customresourcecleanup.apiextensions.k8s.io",
        "resource.kubernetes.io/delete-protection",
    }
)
#: These wait for pods, whose own deletion is judged.
_WAITING_FOR_OTHERS = frozenset({"foregroundDeletion", "orphan"})


class Deleted(msgspec.Struct, frozen=True):
    """A deletion that has not come to an end. ``finalizers`` are those that nobody but their own controller removes."""

    subject: Subject
    since: float
    since_text: str
    finalizers: tuple[str, ...]
    at: Locator
    finalizers_at: Locator


def _marked(struct: ApiObject) -> bool:
    return isinstance(struct.metadata.deletion_timestamp, str)


def all_deleted(scene: Scene) -> dict[Subject, Deleted]:
    """Every object that is marked as deleted, pods aside."""
    marked: dict[Subject, None] = {}
    for batch in scene.facts(ObjectBatch):
        for position, struct in enumerate(batch.objects):
            if _marked(struct) and not isinstance(struct, Pod):
                marked[batch.observation(position).subject] = None
    for observation in scene.facts(Observation):
        if _marked(observation.object) and not isinstance(observation.object, Pod):
            marked[observation.subject] = None
    found = {}
    for subject in marked:
        deleted = deleted_object(scene, subject)
        if deleted is not None:
            found[subject] = deleted
    return found


def deleted_object(scene: Scene, subject: Subject) -> Deleted | None:
    """When the object was deleted, and the finalizers that keep it"""
    for observation in scene.observations(subject)[:1]:
        meta = observation.object.metadata
        since = parse_timestamp(meta.deletion_timestamp)
        if since is None or not isinstance(meta.deletion_timestamp, str):
            return None
        names = tuple(meta.finalizers) if isinstance(meta.finalizers, list) else ()
        if names and set(names) <= _WAITING_FOR_OTHERS:
            return None
        own = tuple(name for name in names if name not in BUILT_IN)
        text = meta.deletion_timestamp
        at = observation.field_at("metadata.deletionTimestamp", f"deletionTimestamp: {text}")
        named = observation.field_at("metadata.finalizers", f"finalizers: {', '.join(names)}")
        return Deleted(subject, since, text, own, at, named)
    return None


def overdue_by(scene: Scene, deleted: Deleted) -> float:
    """How long the deletion has taken when the objects were collected (seconds); 0 where that is not known."""
    now = collected(scene)
    return max(0.0, now - deleted.since) if now is not None else 0.0


def overdue_objects(scene: Scene) -> Iterable[Subject]:
    """Namespaces, and objects in them, whose deletion takes longer than it should.

    Of other objects without a namespace (volumes, definitions) the deletion waits for what is in one, or harms nobody.
    """
    found = scene.derive_once(all_deleted)
    harmful = (d for subject, d in found.items() if subject.namespace or subject.kind == "Namespace")
    return [deleted.subject for deleted in harmful if overdue_by(scene, deleted) > OVERDUE]


def _contents(scene: Scene, namespace: Subject) -> Iterable[Subject]:
    """The deleted objects of a namespace; the deleted instances of a custom resource."""
    found = scene.derive_once(all_deleted)
    if namespace.kind == "Namespace":
        return [subject for subject in found if subject.namespace == namespace.name]
    if namespace.kind == "CustomResourceDefinition":
        plural = namespace.name.partition(".")[0]
        return [subject for subject in found if plural in _plurals(subject.kind.lower())]
    return []


def _plurals(word: str) -> tuple[str, ...]:
    return f"{word}s", f"{word}es", f"{word[:-1]}ies", word


def _namespace_itself(scene: Scene, subject: Subject) -> Iterable[Subject]:
    return [subject] if subject.kind == "Namespace" else []


NAMESPACE_ITSELF = Relation("is the same object", _namespace_itself)
CONTAINS = Relation("contains", _contents)
