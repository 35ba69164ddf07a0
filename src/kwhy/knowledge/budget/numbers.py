"""What a disruption budget asks for and has."""

from __future__ import annotations

import msgspec

from kwhy.facts.objects import PodDisruptionBudget
from kwhy.model.document import Locator
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene
from kwhy.scene.views import View


class Numbers(msgspec.Struct, frozen=True):
    """Status of a budget; fields are None where not shown. ``asks`` is the spec in words."""

    allowed: int | None
    healthy: int | None
    desired: int | None
    expected: int | None
    asks: str
    at: Locator | None

    @property
    def too_tight(self) -> bool | None:
        """Whether the budget would leave no room even with every pod healthy."""
        if self.desired is None or self.expected is None:
            return None
        return self.desired >= self.expected

    @property
    def sum(self) -> str:
        return f"{self.healthy} of {self.expected} pods healthy, {self.desired} needed, {self.allowed} may go"


class _BudgetView(View[PodDisruptionBudget]):
    """A budget's fields."""

    def numbers(self) -> Numbers:
        allowed = self.seen("status.disruptionsAllowed", lambda b: b.status.disruptions_allowed, 0)
        healthy = self.seen("status.currentHealthy", lambda b: b.status.current_healthy, 0)
        desired = self.seen("status.desiredHealthy", lambda b: b.status.desired_healthy, 0)
        expected = self.seen("status.expectedPods", lambda b: b.status.expected_pods, 0)
        return Numbers(
            allowed.value if allowed.observed else None,
            healthy.value if healthy.observed else None,
            desired.value if desired.observed else None,
            expected.value if expected.observed else None,
            self._asks(),
            allowed.place if allowed.observed else None,
        )

    def _asks(self) -> str:
        for field, word in (("minAvailable", "at least {} available"), ("maxUnavailable", "at most {} unavailable")):
            for observation in self.observations:
                struct = observation.object
                if not isinstance(struct, PodDisruptionBudget):
                    continue
                value = struct.spec.min_available if field == "minAvailable" else struct.spec.max_unavailable
                if isinstance(value, int | str):
                    return word.format(value)
        return "its share of pods"


def numbers_of(scene: Scene, budget: Subject) -> Numbers:
    """The budget's status: pods expected, healthy, needed, and how many may go"""
    return _BudgetView(scene, budget).numbers()
