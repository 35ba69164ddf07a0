"""Small worlds for tests of reasoning: a document of claims, and conditions over them.

The document says of each subject what holds ("yes"), what does not ("no") and since when; what it does not mention is
not observed. Rules are real rules, made by :func:`condition` and :func:`rule_of`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from kwhy.model.condition import Condition, Nature
from kwhy.model.diagnosis import Coverage, Diagnosis
from kwhy.model.document import Document
from kwhy.model.probe import Probe
from kwhy.model.rule import Lead, Relation, Rule, rule
from kwhy.model.subject import Subject
from kwhy.model.time import Moment
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.reasoning.catalogue import AnyRule, Catalogue
from kwhy.reasoning.diagnosing import diagnosed
from kwhy.reasoning.steering import Question
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene

N1 = Subject("Node", "n1")
N2 = Subject("Node", "n2")


def effect(code: str) -> Condition:
    return Condition(code, "Node", Nature.EFFECT, f"{code} of {{subject}}", code)


def root(code: str) -> Condition:
    return Condition(code, "Node", Nature.ROOT, f"{code} of {{subject}}", code)


class World:
    """What holds, by condition and subject: True, False or a moment since which it holds."""

    def __init__(self, claims: Mapping[tuple[str, Subject], bool | float]) -> None:
        self.claims = claims
        lines = [f"{subject.name} {code} {value}" for (code, subject), value in claims.items()]
        self.document = Document("claims.txt", "\n".join(lines).encode())
        self.places = {
            key: self.document.at(line=number, excerpt=line)
            for number, (key, line) in enumerate(zip(claims, lines, strict=True), start=1)
        }

    def judge(self, condition: Condition, subject: Subject) -> Verdict:
        claim = self.claims.get((condition.code, subject))
        if claim is None:
            return unsure(f"{condition.code} of {subject.name}", _ASK.of(what=condition.code, node=subject.name))
        because = (Evidence(self.places[condition.code, subject], "the document says so"),)
        if claim is False:
            return Absent(because)
        return Present(because, since=Moment() if claim is True else Moment(claim, claim))

    def rule_of(
        self, condition: Condition, *leads: Lead, symptom: bool = False, forward: bool = False
    ) -> Rule[[Subject]]:
        """A rule that looks the condition up in the document."""

        def subjects(scene: Scene) -> Iterator[Subject]:
            yield from (subject for code, subject in self.claims if code == condition.code)

        def judged(subject: Subject) -> Verdict:
            return self.judge(condition, subject)

        made = rule(condition, rows=(), leads=leads, among=subjects if symptom or forward else None, symptom=symptom)
        return made(judged)

    def diagnosis(self, *rules: AnyRule) -> Diagnosis:
        scene = Scene((self.document,), {})
        return diagnosed(scene, Catalogue(rules), Question(), Coverage())


_ASK = Probe("ask {what} {node}", unlocks="the answer")


def to(*subjects: Subject) -> Relation:
    """A relation that leads to these subjects, wherever it starts."""

    def find(scene: Scene, subject: Subject) -> Iterable[Subject]:
        return subjects

    return Relation("leads to", find)


SAME = ITSELF


def causes(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    """Role and condition of everything that is named, in order."""
    return [(cause.role, cause.finding.condition.code) for cause in diagnosis.root_causes]
