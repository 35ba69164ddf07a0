"""Filling the sentence templates of conditions and remedies."""

from __future__ import annotations

from collections.abc import Mapping

from kwhy.model.subject import Subject


class _Names(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return key.upper()


def fill(template: str, subject: Subject, values: Mapping[str, object]) -> str:
    """The template with the names of its subject and the values of the finding; what is unknown stands in capitals.

    {subject} reads "Deployment shop/web" or "Process terwayd on n1".
    """
    names = _Names({key: str(value) for key, value in values.items()})
    names["name"] = subject.name
    names["kind"] = subject.kind
    names["subject"] = named(subject)
    if subject.namespace:
        names["namespace"] = subject.namespace
    node = subject.name if subject.kind == "Node" else subject.node
    if node:
        names.setdefault("node", node)
    return template.format_map(names)


def named(subject: Subject) -> str:
    """The subject as a person names it."""
    if subject.kind == "Process":
        return f"{subject.name} on {subject.node}" if subject.node else subject.name
    if subject.kind == "Node":
        return f"node {subject.name}"
    where = f"{subject.namespace}/" if subject.namespace else ""
    return f"{subject.kind} {where}{subject.name}"
