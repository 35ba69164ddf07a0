"""Filling the sentence templates of conditions and remedies."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kwhy.model.expressions import expression
from kwhy.model.subject import ANONYMOUS_NODE, Subject

# "kube-system", "n1.example.org:10250", "app=web,tier=db", "19246 19247": what a shell takes literally.
_SHELL_PLAIN = expression(r"[\w.:/@%+=,][\w.:/@%+=,-]*(?: [\w.:/@%+=,][\w.:/@%+=,-]*)*", re.ASCII)


class Names(dict[str, str]):
    """Template values; a missing one stays visible as its name in capitals."""

    def __missing__(self, key: str) -> str:
        return key.upper()


def shell_plain(value: str) -> bool:
    """Whether a value from evidence may stand in a command that an engineer will paste: nothing in it acts."""
    return _SHELL_PLAIN.fullmatch(value) is not None and not value.startswith(ANONYMOUS_NODE)


def names_of(subject: Subject, values: Mapping[str, object]) -> Names:
    """What templates may use: the finding's values and its subject's names.

    {subject} reads "Deployment shop/web" or "terwayd on n1".
    """
    node = subject.name if subject.kind == "Node" else subject.node
    names = Names({"node": node} if node else {})
    names.update({key: str(value) for key, value in values.items()})
    names["name"] = subject.name
    names["kind"] = subject.kind
    names["subject"] = named(subject)
    if subject.namespace:
        names["namespace"] = subject.namespace
    return names


def fill(template: str, subject: Subject, values: Mapping[str, object]) -> str:
    """The template with the names of its subject and the values of the finding; what is unknown stands in capitals."""
    return template.format_map(names_of(subject, values))


def named(subject: Subject) -> str:
    """The subject as a person names it."""
    if subject.kind == "Process":
        return f"{subject.name} on {subject.node}" if subject.node else subject.name
    if subject.kind == "Node":
        return subject.name if subject.anonymous else f"node {subject.name}"
    where = f"{subject.namespace}/" if subject.namespace else ""
    return f"{subject.kind} {where}{subject.name}"
