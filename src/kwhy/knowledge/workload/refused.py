"""What the API server said when it last refused pods of a workload."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from kwhy.knowledge.workload.pods_not_created import failing_condition, refusals
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment, by
from kwhy.model.verdict import Absent, Evidence, Unsure, unsure
from kwhy.probes.kubectl import EVENTS
from kwhy.scene.scene import Scene

#: What a condition says that carries no message (describe prints the reason only).
_NO_MESSAGE = ("", "FailedCreate")


class Refused(msgspec.Struct, frozen=True):
    """The API server's words, and where they stand."""

    message: str
    evidence: Evidence
    since: Moment = UNKNOWN_MOMENT


def refused(scene: Scene, workload: Subject) -> list[Refused]:
    """The API server's refusals of the workload's pods, the newest first"""
    stated = [
        Refused(message, evidence)
        for message, evidence in scene.derive(failing_condition, workload)
        if message not in _NO_MESSAGE
    ]
    events = [
        Refused(event.message, Evidence(event.at, event.message), by(event.first))
        for event in scene.derive(refusals, workload)
    ]
    return stated + events


def _refused_itself(scene: Scene, workload: Subject) -> Iterable[Subject]:
    """The workload, where the API server is seen to refuse its pods: why it might is no question otherwise."""
    if scene.derive(refused, workload) or any(True for _ in failing_condition(scene, workload)):
        yield workload


REFUSED_ITSELF = Relation("is the same object", _refused_itself)


def matching(said: list[Refused], pattern: re.Pattern[str]) -> list[tuple[re.Match[str], Refused]]:
    """The refusals that say so, where the newest does: what was said before it may be mended already."""
    if not said or pattern.search(said[0].message) is None:
        return []
    return [(match, refusal) for refusal in said if (match := pattern.search(refusal.message)) is not None]


def not_said(workload: Subject, said: list[Refused]) -> Absent | Unsure:
    """The verdict where the newest refusal gives another reason, or where there is none."""
    if said:
        return Absent((said[0].evidence,))
    return unsure(f"why pods of {workload} are refused", EVENTS.of(namespace=workload.namespace))


def evidence_of(found: list[tuple[re.Match[str], Refused]]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(refusal.evidence for _, refusal in found))[:4]


def since_of(found: list[tuple[re.Match[str], Refused]]) -> Moment:
    """No later than the first report of it."""
    known = [refusal.since for _, refusal in found if refusal.since.latest is not None]
    return min(known, key=lambda moment: moment.latest or 0.0, default=UNKNOWN_MOMENT)
