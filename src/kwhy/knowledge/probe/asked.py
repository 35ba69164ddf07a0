"""Which of a pod's probes fail in which way: a wrong port of one probe does not explain the failure of another."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.probe.failures import Failing, ProbeFailure, failures_of
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene


def failing_as(scene: Scene, pod: Subject, failing: Failing, status: int | None = None) -> list[ProbeFailure]:
    """The pod's failures of one sort, newest first."""
    found = scene.derive(failures_of, pod)
    return [f for f in found if f.failing is failing and status in (None, f.status)]


def restarting(failing: Failing, status: int | None = None) -> Relation:
    """The pod itself, where its liveness or startup probe fails in this way, or nothing shows how it fails."""

    def find(scene: Scene, pod: Subject) -> Iterable[Subject]:
        return _itself(scene, pod, ("Liveness", "Startup"), failing, status)

    return Relation("is asked whether it lives", find)


def unreadying(failing: Failing, status: int | None = None) -> Relation:
    """The pod itself, where its readiness probe fails in this way, or nothing shows how it fails."""

    def find(scene: Scene, pod: Subject) -> Iterable[Subject]:
        return _itself(scene, pod, ("Readiness",), failing, status)

    return Relation("is asked whether it is ready", find)


def _itself(
    scene: Scene, pod: Subject, kinds: tuple[str, ...], failing: Failing, status: int | None
) -> Iterable[Subject]:
    own = [failure for failure in scene.derive(failures_of, pod) if failure.kind in kinds]
    if not own or any(f.failing is failing and status in (None, f.status) for f in own):
        yield pod
