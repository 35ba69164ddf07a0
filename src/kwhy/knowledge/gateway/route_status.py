"""What the controllers of Gateways report about routes.

Source: sigs.k8s.io/gateway-api v1.2 apis/v1/shared_types.go (RouteParentStatus, RouteConditionAccepted,
RouteConditionResolvedRefs and their reasons).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from kwhy.facts.objects import Condition, GRPCRoute, HTTPRoute
from kwhy.model.document import Locator
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene

KINDS = ("HTTPRoute", "GRPCRoute")
ACCEPTED, RESOLVED = "Accepted", "ResolvedRefs"


class Reported(msgspec.Struct, frozen=True):
    """A condition of a route on one of its parents."""

    parent: str
    condition: Condition
    at: Locator

    @property
    def says(self) -> str:
        one = self.condition
        return f"{self.parent}: {one.type}={one.status} {one.reason or ''} {one.message or ''}".rstrip()


def reported(scene: Scene, route: Subject) -> list[Reported]:
    """The status of the route on its parents"""
    return list(_reported(scene, route))


def _reported(scene: Scene, route: Subject) -> Iterator[Reported]:
    for observation in scene.observations(route):
        struct = observation.object
        if not isinstance(struct, HTTPRoute | GRPCRoute) or not isinstance(struct.status.parents, list):
            continue
        for index, parent in enumerate(struct.status.parents):
            name = f"{parent.parent_ref.kind} {parent.parent_ref.name}"
            for number, condition in enumerate(parent.conditions or ()):
                path = f"status.parents[{index}].conditions[{number}]"
                text = f"{condition.type}={condition.status} {condition.reason}: {condition.message}"
                yield Reported(name, condition, observation.field_at(path, text))
        return


def failing(found: list[Reported], *types: str) -> list[Reported]:
    return [one for one in found if one.condition.type in types and one.condition.status == "False"]
