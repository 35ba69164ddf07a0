"""An object was deleted and is still there. A generic symptom: it knows no causes."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.objects import ApiObject, Namespace, Observation
from kwhy.knowledge.deletion.deleted import Deleted, deleted_object, overdue_by, overdue_objects
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.time import at
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

DELETION_STUCK = Condition(
    code="deletion.stuck",
    kind="Namespace",
    nature=Nature.EFFECT,
    title="{subject} was deleted{since} and is still there",
    summary="The object is marked as deleted, and something keeps it from going.",
)

#: Conditions of a namespace that say why it is still there (k8s.io/api v0.34 core/v1 types.go).
REMAINING = (
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
    "NamespaceDeletionContentFailure",
    "NamespaceContentRemaining",
    "NamespaceFinalizersRemaining",
)


def _quiet(struct: ApiObject) -> bool:
    if not isinstance(struct, Namespace):
        return True
    conditions = struct.status.conditions
    return not isinstance(conditions, list) or not any(c.type in REMAINING and c.status == "True" for c in conditions)


def _quiet_row(observation: Observation) -> bool:
    return _quiet(observation.object)


def _candidates(scene: Scene) -> Iterable[Subject]:
    return dict.fromkeys([*overdue_objects(scene), *scene.suspicious("Namespace", _quiet, _quiet_row)])


@rule(DELETION_STUCK, rows=("C9",), among=_candidates, symptom=True)
def deletion_stuck(thing: ObjectView, deleted: Deleted | None = given(deleted_object)) -> Verdict:
    """The object was deleted and does not go.

    What it means: Nothing of the same name can be made anew, and what waits for its end waits on.
    How it shows: metadata.deletionTimestamp is set for more than forty seconds; a namespace is Terminating and its
    conditions say what remains.
    What looks like it: A deletion of this very moment; workloads that are deleted in the foreground wait for their
    pods, which are judged themselves.
    Source: Kubernetes v1.34 pkg/controller/namespace/deletion/namespaced_resources_deleter.go; apimachinery v0.34
    meta/v1 types.go (deletionTimestamp, finalizers).
    """
    if deleted is not None:
        lasts = overdue_by(thing.scene, deleted)
        says = f"deleted at {deleted.since_text}"
        if lasts <= 0:
            return Absent((Evidence(deleted.at, f"{says}, just now"),))
        since = f" {int(lasts)} s ago" if lasts < 7200 else f" at {deleted.since_text}"
        return Present((Evidence(deleted.at, says),), {"since": since}, since=at(deleted.since))
    for kind in REMAINING if thing.subject.kind == "Namespace" else ():
        condition = thing.condition(kind)
        if condition.observed and condition.value is not None and condition.value.status == "True":
            return Present((Evidence(condition.place, condition.value.message or kind),), {"since": ""})
    return unsure(f"since when {thing.subject} is being deleted", *thing.probes())
