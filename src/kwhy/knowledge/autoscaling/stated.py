"""What an autoscaler says about itself: conditions that are False, and its events."""

from __future__ import annotations

from kwhy.knowledge.autoscaling.not_scaling import WORKING
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.events import MergedEvent
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView, condition_text


def complaints(scene: Scene, autoscaler: Subject) -> list[Evidence]:
    """Conditions of the autoscaler that are False and its warnings of now, as their messages"""
    view = ObjectView(scene, autoscaler)
    found = []
    for kind in WORKING:
        condition = view.condition(kind)
        if condition.observed and condition.value is not None and condition.value.status == "False":
            found.append(Evidence(condition.place, condition.value.message or condition_text(condition.value)))
    if not found:
        return []
    warnings = [event for event in scene.events_about(autoscaler) if event.warning]
    return found + [Evidence(e.at, e.message) for e in warnings if not _superseded(e, warnings[0])]


#: The controller looks at every autoscaler each 15 s (--horizontal-pod-autoscaler-sync-period) and repeats what holds.
_REPEATED_WITHIN = 60.0


def _superseded(event: MergedEvent, newest: MergedEvent) -> bool:
    """Whether the controller has gone on complaining, but no longer of this."""
    if event.last.latest is not None and newest.last.latest is not None:
        return newest.last.latest - event.last.latest > _REPEATED_WITHIN
    return event.age is not None and newest.age is not None and event.age - newest.age > _REPEATED_WITHIN
