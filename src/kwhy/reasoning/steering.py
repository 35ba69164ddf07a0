"""What the engineer asked about: one object, or a symptom in words."""

from __future__ import annotations

import msgspec

from kwhy.model.subject import Subject
from kwhy.reasoning.tracing import Node, Trace
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene


class Question(msgspec.Struct, frozen=True):
    """``about`` limits the symptoms to one object (its pods too); ``symptom`` says in words what was seen."""

    about: Subject | None = None
    symptom: str | None = None


def narrowed(found: Trace, scene: Scene, question: Question) -> Trace:
    """The trace with the symptoms that the question is about; all of them where it fits none."""
    if question.about is not None:
        asked = {node for node in found.symptoms if _is_about(scene, node, question.about)}
        found.symptoms &= asked
        found.undecided_symptoms = {
            node: verdict
            for node, verdict in found.undecided_symptoms.items()
            if _is_about(scene, node, question.about)
        }
    elif question.symptom:
        named = {node for node in found.symptoms if _is_named(scene, node, question.symptom)}
        if named:
            found.symptoms = named
    return found


def _is_about(scene: Scene, node: Node, about: Subject) -> bool:
    return node.subject == about or owner_of(scene, node.subject) == about


def _is_named(scene: Scene, node: Node, words: str) -> bool:
    """Whether the words contain the name of the symptom's subject, of its owner, or of its namespace."""
    names = {node.subject.name, owner_of(scene, node.subject).name, node.subject.namespace or ""}
    tokens = set(words.replace("/", " ").replace(",", " ").replace('"', " ").split())
    return any(name and (name in tokens or (len(name) > 3 and name in words)) for name in names)
