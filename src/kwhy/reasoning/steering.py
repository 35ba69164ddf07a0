"""What the engineer asked about: one object, or a symptom in words."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.model.subject import Subject
from kwhy.model.wording import fill
from kwhy.reasoning.catalogue import Catalogue
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
#: What :func:`_named` gives for the object itself; its namespace alone gives less.
_NAMED = 2


def narrowed(found: Trace, scene: Scene, about: Subject | None) -> Trace:
    """The trace with only the symptoms of one object."""
    if about is not None:
        found.symptoms &= {node for node in found.symptoms if _is_about(scene, node, about)}
        found.undecided_symptoms = {
            node: verdict for node, verdict in found.undecided_symptoms.items() if _is_about(scene, node, about)
        }
    return found


def with_answers(found: Trace, scene: Scene, catalogue: Catalogue, question: Question) -> Trace:
    """The trace with those chosen states among the symptoms that the question is about; they are no failures.

    Words must be of the state's own terms, and either name its object or fit this one state alone.
    """
    blamed = {verdict.blames for verdict in found.present.values()}  # a fault that it leads to is the better answer
    states = [*(node for node in found.forward if catalogue.answers_of(node.condition)), *found.undecided_answers]
    chosen = [node for node in states if node.subject not in blamed]
    if question.about is not None:
        meant = {node for node in chosen if _is_about(scene, node, question.about)}
    else:
        meant = _meant(scene, catalogue, chosen, question.symptom or "")
    found.symptoms |= meant & found.forward
    found.undecided_symptoms.update({node: v for node, v in found.undecided_answers.items() if node in meant})
    return found


def _meant(scene: Scene, catalogue: Catalogue, chosen: Iterable[Node], words: str) -> set[Node]:
    names, terms = names_in(words), terms_of(words)
    fitting = {node: _named(scene, node, names) for node in chosen if terms & catalogue.answers_of(node.condition)}
    best = max(fitting.values(), default=0)
    nodes = {node for node, named in fitting.items() if named == best}
    return nodes if best >= _NAMED or len(nodes) == 1 else set()


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
    return _NAMED * bool(own & names) + bool(subject.namespace and subject.namespace in names)


def _said(found: Trace, node: Node) -> frozenset[str]:
    """The terms of the finding's sentence and of its condition."""
    condition = node.condition
    title = fill(condition.title, node.subject, {"count": 1, **found.present[node].values})
    code = condition.code.replace(".", " ").replace("-", " ")
    return terms_of(f"{title} {condition.summary} {code}")
