"""Backward from symptoms: which conditions hold, and what explains what.

A cause is judged only when an effect asks for it. Undetermined causes are followed too, so that a deep proof is found
across a gap in the evidence; what hangs on such a gap is marked as open.
"""

from __future__ import annotations

from collections import deque

import msgspec

from kwhy.model.condition import Condition
from kwhy.model.rule import Lead
from kwhy.model.seen import NotObserved
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Unsure
from kwhy.reasoning.judging import Judge

#: Beyond this many undetermined conditions in a row a chain explains nothing any more.
MAX_OPEN_STEPS = 4


class Node(msgspec.Struct, frozen=True):
    """A condition of a subject."""

    condition: Condition
    subject: Subject

    def __hash__(self) -> int:
        return hash((self.condition.code, self.subject))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and other.condition.code == self.condition.code and other.subject == self.subject


class Edge(msgspec.Struct, frozen=True):
    """``cause`` may explain ``effect``. Both were judged; what the edge is worth depends on their verdicts."""

    cause: Node
    effect: Node
    lead: Lead


class Trace(msgspec.Struct):
    """Everything that was judged on the way.

    ``forward`` holds the present nodes that were found without being asked for; ``undecided_symptoms`` what a symptom
    rule could not decide: it speaks against *healthy*. ``undecided_answers`` are chosen states that are left open: they
    matter where they are asked about. What other forward rules refute or leave open answers nobody.
    """

    present: dict[Node, Present] = msgspec.field(default_factory=dict)
    absent: dict[Node, Absent] = msgspec.field(default_factory=dict)
    unsure: dict[Node, Unsure] = msgspec.field(default_factory=dict)
    symptoms: set[Node] = msgspec.field(default_factory=set)
    undecided_symptoms: dict[Node, Unsure] = msgspec.field(default_factory=dict)
    undecided_answers: dict[Node, Unsure] = msgspec.field(default_factory=dict)
    forward: set[Node] = msgspec.field(default_factory=set)
    causes: dict[Node, list[Edge]] = msgspec.field(default_factory=dict)


def trace(judge: Judge) -> Trace:
    """Judge symptoms and what is no inventory, then every cause that a present or undetermined effect asks for."""
    found = Trace()
    queue: deque[tuple[Node, int]] = deque()
    for way in judge.catalogue.rules:
        for subject in judge.among(way):
            node = Node(way.condition, subject)
            verdict = judge.verdict(node.condition, node.subject)
            if isinstance(verdict, Present):
                if node not in found.present:
                    found.present[node] = verdict
                    queue.append((node, 0))
                found.forward.add(node)
                if way.symptom:
                    found.symptoms.add(node)
            elif way.symptom and isinstance(alone := judge.by(way, subject), Unsure):
                # Another way may refute it; that this one found something suspicious still speaks against health.
                found.undecided_symptoms[node] = alone
            elif way.answers and isinstance(verdict, Unsure):
                found.undecided_answers[node] = verdict
    visited: set[Node] = set()
    while queue:
        effect, gaps = queue.popleft()
        if effect in visited:
            continue
        visited.add(effect)
        for condition, lead in judge.catalogue.causes_of(effect.condition):
            for subject in _candidates(judge, lead, effect.subject):
                cause = Node(condition, subject)
                if cause == effect or not _record(judge, cause, found):
                    continue
                if _too_late(found, cause, effect):
                    continue
                found.causes.setdefault(effect, []).append(Edge(cause, effect, lead))
                steps = 0 if cause in found.present else gaps + 1
                if steps <= MAX_OPEN_STEPS:
                    queue.append((cause, steps))
    return found


def _record(judge: Judge, node: Node, found: Trace) -> bool:
    """Judge a node and file its verdict. True where it is present or undetermined."""
    verdict = judge.verdict(node.condition, node.subject)
    if isinstance(verdict, Present):
        found.present[node] = verdict
        return True
    if isinstance(verdict, Absent):
        found.absent[node] = verdict
        return False
    found.unsure[node] = verdict
    return True


def _candidates(judge: Judge, lead: Lead, subject: Subject) -> list[Subject]:
    try:
        return list(dict.fromkeys(lead.via.find(judge.scene, subject)))
    except NotObserved:
        return []


def _too_late(found: Trace, cause: Node, effect: Node) -> bool:
    """A cause that certainly began after its effect is none."""
    cause_verdict, effect_verdict = found.present.get(cause), found.present.get(effect)
    if cause_verdict is None or effect_verdict is None:
        return False
    return cause_verdict.since.certainly_after(effect_verdict.since)
