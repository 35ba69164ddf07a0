"""In which namespace objects lie whose namespace the text leaves out: `kubectl get pods` prints none.

A table without a column NAMESPACE lists one namespace, so one row whose object is known elsewhere places all of them:
by an object of the same kind and name with its namespace, or by an event's own words. Custom columns of all namespaces
are placed row by row. Commands without -n all ask for
the one current namespace of the kubeconfig, so what places one of their answers places the others. What is left of
texts that show no command goes to the only namespace that the evidence names, if there is just one. Where two
namespaces could be meant, it stays unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from kwhy.facts.kubectl import EventsShown, EvictionRefused, NotFound, ReadyEndpoints
from kwhy.facts.objects import Event, Generic, ObjectBatch, Observation
from kwhy.facts.resources import is_namespaced
from kwhy.model.document import Document, Locator
from kwhy.model.expressions import expression
from kwhy.model.fact import Fact
from kwhy.model.subject import Subject

Facts: TypeAlias = Mapping[type, Sequence[Fact]]
_Name: TypeAlias = tuple[str, str]

#: "Successfully assigned billing/invoicer-7c9d to node-a" (scheduler, pkg/scheduler/schedule_one.go bindingCycle and
#: fwk.EventRecorder().Eventf, Kubernetes 1.12 to 1.34).
_ASSIGNED = expression(r"Successfully assigned (?P<namespace>[a-z0-9][-a-z0-9]{0,62})/(?P<pod>\S+) to \S+")
_EVERYWHERE = expression(r"\s(?:-A|--all-namespaces)(?:\s|=true|$)")
#: Lines of one table follow each other; events and blank lines may lie between those of a describe.
_SAME_TABLE = 1


class _Block:
    """Rows of one table, or one describe: all in one namespace. ``about`` are the objects it shows."""

    def __init__(self, document: Document, line: int) -> None:
        self.document = document
        self.last = line
        self.names: dict[int, _Name] = {}
        self.namespace: str | None = None

    @property
    def about(self) -> list[_Name]:
        return list(self.names.values())

    @property
    def everywhere(self) -> bool:
        """Whether the command asked for all namespaces."""
        return _EVERYWHERE.search(self.document.command or "") is not None

    @property
    def commanded(self) -> bool:
        """Whether a command is known that asked for the current namespace."""
        return bool(self.document.command) and not self.everywhere

    def mixes(self, known: _Known) -> bool:
        """Whether its rows lie in several namespaces."""
        if self.everywhere:
            return True
        return not known.namespaces(self.about) and any(name in known.by_name for name in self.about)


def _own(block: _Block, key: int) -> _Block:
    """A block of one row of ``block`` alone."""
    own = _Block(block.document, block.last)
    own.names[key] = block.names[key]
    return own


def with_namespaces(facts: Facts) -> Facts:
    """``facts`` with the namespaces filled in that can be told; the same where nothing leaves one out."""
    blocks = _blocks(facts)
    if not blocks:
        return facts
    known = _Known(facts, {name for block in blocks.values() for name in block.about})
    blocks = {key: _own(block, key) if block.mixes(known) else block for key, block in blocks.items()}
    _place(list(dict.fromkeys(blocks.values())), known)
    found = {key: block.namespace for key, block in blocks.items() if block.namespace is not None}
    if not found:
        return facts
    changed: dict[type, Sequence[Fact]] = dict(facts)
    for kind in _PLACED:
        if kind in facts:
            changed[kind] = [
                _placed(fact, namespace) if (namespace := found.get(id(fact))) is not None else fact
                for fact in facts[kind]
            ]
    return changed


_PLACED: tuple[type, ...] = (Observation, Event, ReadyEndpoints, EventsShown, EvictionRefused, NotFound)


def _subject(fact: Fact) -> Subject | None:
    """What a fact is about, where that may lack its namespace."""
    if isinstance(fact, Observation):
        return fact.subject
    if isinstance(fact, Event | EventsShown | NotFound):
        return fact.about
    if isinstance(fact, ReadyEndpoints):
        return fact.service
    return fact.pod if isinstance(fact, EvictionRefused) else None


def _placed(fact: Fact, namespace: str) -> Fact:
    if isinstance(fact, Observation):
        metadata = msgspec.structs.replace(fact.object.metadata, namespace=namespace)
        return msgspec.structs.replace(fact, object=msgspec.structs.replace(fact.object, metadata=metadata))
    subject = _subject(fact)
    if subject is None:
        return fact
    subject = msgspec.structs.replace(subject, namespace=namespace)
    if isinstance(fact, Event | EventsShown | NotFound):
        return msgspec.structs.replace(fact, about=subject)
    if isinstance(fact, ReadyEndpoints):
        return msgspec.structs.replace(fact, service=subject)
    return msgspec.structs.replace(fact, pod=subject) if isinstance(fact, EvictionRefused) else fact


def _lacks_namespace(fact: Fact) -> _Name | None:
    """The kind and name of what a fact is about, if it lies in a namespace that the fact does not tell."""
    if isinstance(fact, Observation) and (fact.whole or isinstance(fact.object, Generic)):
        return None  # an object shown whole has no namespace; of a kind that is not known nobody can say
    subject = _subject(fact)
    if subject is None or subject.namespace or not subject.name or not is_namespaced(subject.kind):
        return None
    return subject.kind, subject.name


def _blocks(facts: Facts) -> dict[int, _Block]:
    """The block of every fact that lacks its namespace, by the fact's identity."""
    lacking: dict[int, list[tuple[int, Fact, _Name]]] = defaultdict(list)
    documents: dict[int, Document] = {}
    for kind in _PLACED:
        for fact in facts.get(kind, ()):
            if (name := _lacks_namespace(fact)) is not None:
                lacking[id(fact.at.document)].append((_line(fact.at), fact, name))
                documents[id(fact.at.document)] = fact.at.document
    blocks: dict[int, _Block] = {}
    for key, rows in lacking.items():
        block: _Block | None = None
        for line, fact, name in sorted(rows, key=lambda row: row[0]):
            if block is None or (line > block.last + _SAME_TABLE and not block.commanded):
                block = _Block(documents[key], line)
            block.last = line
            block.names[id(fact)] = name
            blocks[id(fact)] = block
    return blocks


def _line(at: Locator) -> int:
    return at.line or 0


class _Known:
    """The namespaces that are seen at all, and those in which objects of the ``asked`` kinds and names are seen."""

    def __init__(self, facts: Facts, asked: set[_Name]) -> None:
        self._asked = asked
        self.by_name: dict[_Name, set[str]] = defaultdict(set)
        self.all: set[str] = set()
        for batch in facts.get(ObjectBatch, ()):
            if isinstance(batch, ObjectBatch):
                self._objects(batch)
        for kind in _PLACED:
            for fact in facts.get(kind, ()):
                subject = _subject(fact)
                if subject is not None and subject.namespace and is_namespaced(subject.kind) is not False:
                    self._saw(subject.kind, subject.name, subject.namespace)
                if isinstance(fact, Event) and (told := _ASSIGNED.match(fact.message)) is not None:
                    self._saw("Pod", told["pod"], told["namespace"])

    def _objects(self, batch: ObjectBatch) -> None:
        for struct in batch.objects:
            if struct.metadata.namespace:
                kind = struct.kind if isinstance(struct, Generic) else type(struct).__name__
                self._saw(kind, struct.metadata.name, struct.metadata.namespace)

    def _saw(self, kind: str, name: str, namespace: str) -> None:
        if (kind, name) in self._asked:
            self.by_name[kind, name].add(namespace)
        self.all.add(namespace)

    def namespaces(self, about: Iterable[_Name]) -> set[str]:
        """Where all of ``about`` that are known can lie."""
        possible = [found for name in about if (found := self.by_name.get(name))]
        return set.intersection(*possible) if possible else set()


def _place(blocks: Sequence[_Block], known: _Known) -> None:
    for block in blocks:
        block.namespace = _only(known.namespaces(block.about))
    current = _only({block.namespace for block in blocks if block.commanded and block.namespace is not None})
    only = _only(known.all)
    for block in blocks:
        if block.namespace is None and not any(name in known.by_name for name in block.about):
            block.namespace = current if block.commanded else only


def _only(namespaces: set[str]) -> str | None:
    return next(iter(namespaces)) if len(namespaces) == 1 else None
