"""Which documents come from which cluster, where a folder holds evidence of several: they are never joined.

A cluster is known by what it never makes anew: the uids of its first namespaces and of the Service default/kubernetes;
in sessions, by the context that commands name. Two clusters are told apart only where these contradict each other.
A document that shows none of them belongs to the cluster of its directory, if that holds documents of just one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import TypeAlias

import msgspec

from kwhy.facts.objects import ApiObject, Namespace, ObjectBatch, Observation, Service
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.fact import Fact

Facts: TypeAlias = Mapping[type, Sequence[Fact]]

#: Made with the cluster (k8s.io/kubernetes v1.34.4 pkg/controlplane/instance.go, systemNamespaces) and never deleted.
_FIRST_NAMESPACES = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
#: "kubectl --context prod get pods", "kubectl get pods --context=staging"
_CONTEXT = expression(r"\s--context[= ](?P<context>[^\s'\"]{1,253})")
#: A document of no known cluster, in a folder of several.
UNKNOWN = "documents of no known cluster"


class Cluster(msgspec.Struct, frozen=True):
    """The evidence of one cluster. ``name`` says which: its directory, its context, or what is known of it."""

    name: str
    documents: tuple[Document, ...]
    facts: Facts


def clusters_of(documents: Sequence[Document], facts: Facts) -> list[Cluster]:
    """The evidence by clusters; one with everything where nothing contradicts that."""
    marks = _marks(documents, facts)
    groups = _groups(marks, {id(document): document.source.rpartition("/")[0] for document in documents})
    if len(groups) < 2:
        return [Cluster("", tuple(documents), facts)]
    known = {document: number for number, group in enumerate(groups) for document in group}
    number_of = _spread(documents, known)
    names = [_name([d for d in documents if id(d) in group], marks) for group in groups]
    numbers = [*range(len(groups)), *([-1] if -1 in number_of.values() else [])]
    return [
        Cluster(
            names[number] if number >= 0 else UNKNOWN,
            tuple(document for document in documents if number_of[id(document)] == number),
            {
                kind: kept
                for kind, each in facts.items()
                if (kept := [fact for fact in each if number_of.get(id(fact.at.document), -1) == number])
            },
        )
        for number in numbers
    ]


def _marks(documents: Sequence[Document], facts: Facts) -> dict[int, dict[str, str]]:
    """``id(document)`` → what identifies its cluster: "Namespace kube-system" → uid, "context" → name."""
    marks: dict[int, dict[str, str]] = defaultdict(dict)
    for document, struct in _first_objects(facts):
        uid = struct.metadata.uid
        if isinstance(uid, str) and uid:
            marks[id(document)].setdefault(f"{type(struct).__name__} {struct.metadata.name}", uid)
    for document in documents:
        context = _CONTEXT.search(document.command or "")
        if context is not None:
            marks[id(document)]["context"] = context["context"]
    return marks


def _first_objects(facts: Facts) -> Iterator[tuple[Document, ApiObject]]:
    for batch in facts.get(ObjectBatch, ()):
        if isinstance(batch, ObjectBatch) and not set(map(type, batch.objects)).isdisjoint((Namespace, Service)):
            yield from ((batch.document, struct) for struct in batch.objects if _is_first(struct))
    for shown in facts.get(Observation, ()):
        if isinstance(shown, Observation) and shown.whole and _is_first(shown.object):
            yield shown.document, shown.object


def _is_first(struct: ApiObject) -> bool:
    if isinstance(struct, Namespace):
        return struct.metadata.name in _FIRST_NAMESPACES
    return isinstance(struct, Service) and (struct.metadata.namespace, struct.metadata.name) == (
        "default",
        "kubernetes",
    )


class _Group:
    """Documents that show the same cluster, and all that they show of it."""

    def __init__(self) -> None:
        self.marks: dict[str, str] = {}
        self.documents: set[int] = set()

    def take(self, documents: Iterable[int], marks: Mapping[str, str]) -> None:
        self.documents.update(documents)
        self.marks.update(marks)


def _groups(marks: Mapping[int, Mapping[str, str]], directories: Mapping[int, str]) -> list[set[int]]:
    """Documents by cluster: those that share a mark or a directory are of one, unless they contradict each other."""
    local: dict[str, list[_Group]] = defaultdict(list)
    for document, shown in marks.items():
        beside = local[directories[document]]
        own = next((group for group in beside if not _contradicts(group.marks, shown)), None)
        if own is None:
            beside.append(own := _Group())
        own.take([document], shown)
    groups: list[_Group] = []
    for group in (group for beside in local.values() for group in beside):
        same = next((one for one in groups if _shares(one.marks, group.marks)), None)
        if same is None:
            groups.append(same := _Group())
        same.take(group.documents, group.marks)
    apart = any(_contradicts(one.marks, other.marks) for one, other in combinations(groups, 2))
    return [group.documents for group in groups] if apart else []


def _shares(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return any(one.get(key) == value for key, value in other.items()) and not _contradicts(one, other)


def _contradicts(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return any(key in one and one[key] != value for key, value in other.items())


def _spread(documents: Sequence[Document], known: Mapping[int, int]) -> dict[int, int]:
    """Every document's cluster: its own, its parent's, its directory's, or none (-1)."""
    by_directory: dict[str, set[int]] = defaultdict(set)
    for document in documents:
        if id(document) in known:
            for directory in _directories(document.source):
                by_directory[directory].add(known[id(document)])
    found: dict[int, int] = {}
    for document in documents:
        number = known.get(id(document))
        parent = document.parent
        while number is None and parent is not None:
            number, parent = known.get(id(parent)), parent.parent
        if number is None:
            near = next((held for name in _directories(document.source) if (held := by_directory.get(name))), set())
            number = next(iter(near)) if len(near) == 1 else -1
        found[id(document)] = number
    return found


def _directories(source: str) -> Iterator[str]:
    """The file itself, then its directories, innermost first."""
    while source:
        yield source
        source = source.rpartition("/")[0]


def _name(members: Sequence[Document], marks: Mapping[int, Mapping[str, str]]) -> str:
    contexts = {marks[id(document)].get("context") for document in members} - {None}
    if len(contexts) == 1:
        return f"context {contexts.pop()}"
    paths = [document.source.split("/")[:-1] for document in members]
    common = [parts[0] for parts in zip(*paths, strict=False) if len(set(parts)) == 1]
    if common:
        return "/".join(common) + "/"
    uid = next((uid for document in members for uid in marks[id(document)].values()), "")
    return f"{members[0].source} (uid {uid})"
