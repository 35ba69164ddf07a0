"""What an autoscaler says about itself: conditions that are False, and its events."""

from __future__ import annotations

from kwhy.knowledge.autoscaling.not_scaling import WORKING
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView, condition_text


def complaints(scene: Scene, autoscaler: Subject) -> list[Evidence]:
    """Conditions of the autoscaler that are False and its warnings, as their messages"""
    view = ObjectView(scene, autoscaler)
    found = []
    for kind in WORKING:
        condition = view.condition(kind)
        if condition.observed and condition.value is not None and condition.value.status == "False":
            found.append(Evidence(condition.place, condition.value.message or condition_text(condition.value)))
    if not found:
        return []
    return found + [Evidence(e.at, e.message) for e in scene.events_about(autoscaler) if e.warning]
