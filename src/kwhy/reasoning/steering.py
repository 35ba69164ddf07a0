"""What the engineer asked about: one object, or a symptom in words."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.model.subject import Subject
from kwhy.model.wording import fill
from kwhy.reasoning.symptom_words import names_in, terms_of
from kwhy.reasoning.tracing import Node, Trace
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene


class Question(msgspec.Struct, frozen=True):
    """``about`` limits the symptoms to one object (its pods too); ``symptom`` says in words what was seen."""

    about: Subject | None = None
    symptom: str | None = None


class Relevance(msgspec.Struct, frozen=True):
    """How well something fits the words of a question: first by names, then by what is said of it.

    ``named``: 2 for the object itself, 1 more for its namespace. ``terms``: the kinds of trouble that both speak of;
    of a chain, ``own`` are those of the cause itself.
    """

    named: int = 0
    terms: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()

    @property
    def rank(self) -> tuple[int, int, int]:
        """Sorts the best fit first."""
        return (-self.named, -len(self.terms), -len(self.own))

    @property
    def any(self) -> bool:
        return bool(self.named or self.terms)


IRRELEVANT = Relevance()


def narrowed(found: Trace, scene: Scene, about: Subject | None) -> Trace:
    """The trace with only the symptoms of one object."""
    if about is not None:
        found.symptoms &= {node for node in found.symptoms if _is_about(scene, node, about)}
        found.undecided_symptoms = {
            node: verdict for node, verdict in found.undecided_symptoms.items() if _is_about(scene, node, about)
        }
    return found


def relevance_of(found: Trace, scene: Scene, words: str | None) -> dict[Node, Relevance]:
    """What of all that is present fits the words, and how well; empty where nothing does, or nothing was asked."""
    if not words:
        return {}
    names, terms = names_in(words), terms_of(words)
    scored = {node: Relevance(_named(scene, node, names), terms & _said(found, node)) for node in found.present}
    return {node: relevance for node, relevance in scored.items() if relevance.any}


def asked(symptoms: Iterable[Node], relevant: dict[Node, Relevance]) -> set[Node]:
    """The symptoms that the question means: those that fit its names best; all of them where it names none."""
    every = set(symptoms)
    best = max((relevant.get(node, IRRELEVANT).named for node in every), default=0)
    return {node for node in every if relevant.get(node, IRRELEVANT).named == best}


def _is_about(scene: Scene, node: Node, about: Subject) -> bool:
    return node.subject == about or owner_of(scene, node.subject) == about


def _named(scene: Scene, node: Node, names: frozenset[str]) -> int:
    subject = node.subject
    own = {subject.name.lower(), owner_of(scene, subject).name.lower(), (subject.node or "").lower()} - {""}
    return 2 * bool(own & names) + bool(subject.namespace and subject.namespace in names)


def _said(found: Trace, node: Node) -> frozenset[str]:
    """The terms of the finding's sentence and of its condition."""
    condition = node.condition
    title = fill(condition.title, node.subject, {"count": 1, **found.present[node].values})
    code = condition.code.replace(".", " ").replace("-", " ")
    return terms_of(f"{title} {condition.summary} {code}")
