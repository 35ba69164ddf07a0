"""Programs that run and call a Service in vain."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.app.errors import logging_pods
from kwhy.knowledge.pod.failing import failing_candidates
from kwhy.knowledge.service.consumers import UNREACHED, Call, calls_of
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene


def _callers(scene: Scene) -> dict[Subject, list[tuple[Subject, Call]]]:
    """By Service. Pods that fail themselves are left out: what they wait for is judged where they fail."""
    troubled = set(failing_candidates(scene))
    index: dict[Subject, list[tuple[Subject, Call]]] = {}
    for pod in logging_pods(scene):
        for call in scene.derive(calls_of, pod) if pod not in troubled else ():
            if call.service is not None:
                index.setdefault(call.service, []).append((pod, call))
    return index


def _by_owner(scene: Scene, calls: Iterable[tuple[Subject, Call]]) -> dict[Subject, Evidence]:
    found: dict[Subject, Evidence] = {}
    for pod, call in calls:
        owner = owner_of(scene, pod)
        errors = call.errors
        found.setdefault(
            owner, Evidence(errors.locate(errors.last), f"{owner}: {errors.complaint}, {errors.count} times")
        )
    return found


def callers(scene: Scene, service: Subject) -> dict[Subject, Evidence]:
    """Who runs and calls the Service without getting through, by the errors in the logs"""
    calls = scene.derive_once(_callers).get(service, [])
    return _by_owner(scene, [(p, c) for p, c in calls if c.errors.complaint in UNREACHED and c.stage != "resolving"])


def askers(scene: Scene, service: Subject) -> dict[Subject, Evidence]:
    """Who runs and asks for the Service's name, and is told that there is none"""
    return _by_owner(scene, [(p, c) for p, c in scene.derive_once(_callers).get(service, []) if c.answered])


def _asked_for(scene: Scene, caller: Subject) -> Iterable[Subject]:
    for call in scene.derive(calls_of, caller):
        if call.answered and call.service is not None:
            yield call.service


ASKS_FOR = Relation("asks for the name of", _asked_for)
