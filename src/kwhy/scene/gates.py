"""Cheap looks over all objects of a kind, so that healthy ones are never judged."""

from __future__ import annotations

from collections.abc import Collection

from kwhy.facts.objects import ApiObject, Observation
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene


def showing_condition(scene: Scene, kind: str, types: Collection[str], status: str) -> list[Subject]:
    """Subjects of a kind of which some document shows one of the condition types with this status.

    A row that shows no conditions speaks neither for nor against: its subject is kept, to be judged.
    """

    def quiet(struct: ApiObject) -> bool:
        conditions = _conditions(struct)
        return not isinstance(conditions, list) or not any(c.type in types and c.status == status for c in conditions)

    def quiet_row(observation: Observation) -> bool:
        return isinstance(_conditions(observation.object), list) and quiet(observation.object)

    return scene.suspicious(kind, quiet, quiet_row)


def _conditions(struct: ApiObject) -> object:
    return getattr(getattr(struct, "status", None), "conditions", None)
