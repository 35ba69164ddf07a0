"""Which node a document was taken on.

Decided in this order, and remembered by which step: stated in the document (prompt, journal, kubelet flag, hostname) →
named by a directory or file name (a name says *whose* a document is, never what it means) → same directory as documents
of one known host → the only node that the evidence knows (*assumed*: lowers confidence and is printed) → anonymous
("the node of kubelet.log"). Documents of different anonymous hosts are never joined.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import combinations
from pathlib import PurePosixPath
from typing import TypeAlias

import msgspec

from kwhy.model.document import Document
from kwhy.model.subject import ANONYMOUS_NODE, Subject


class By(Enum):
    """How a document's host is known."""

    STATED = "the document states it"
    NAMED = "its path names the node"
    NEIGHBOURS = "it lies beside documents of this node"
    ONLY_CANDIDATE = "it is the only node in the evidence"
    ANONYMOUS = "nothing tells"


class Role(msgspec.Struct, frozen=True):
    """What a document is on its host, where a host has one of the kind at a time ("log of kubelet").

    ``marks`` identify the one: two documents of a role that share no mark come from two hosts (or two lives of one).
    """

    name: str
    marks: frozenset[str]


RoleOf: TypeAlias = Callable[[Document], Role | None]


class Hosts(msgspec.Struct, frozen=True):
    """The host of every document."""

    by_document: Mapping[int, tuple[Subject, By]]

    def of(self, document: Document) -> Subject:
        return self.by_document[id(document)][0]

    def known_by(self, document: Document) -> By:
        """What is no evidence (a file of expectations) is of no host."""
        found = self.by_document.get(id(document))
        return By.ANONYMOUS if found is None else found[1]

    @property
    def all(self) -> list[Subject]:
        return sorted({host for host, _ in self.by_document.values()})

    def anonymous(self, node: Subject) -> bool:
        return any(host == node and by is By.ANONYMOUS for host, by in self.by_document.values())


def assign_hosts(
    documents: Sequence[Document],
    stated: Mapping[int, str],
    node_names: frozenset[str],
    role_of: RoleOf,
    foreign: Mapping[int, frozenset[str]] | None = None,
) -> Hosts:
    """Decide the host of every document.

    ``stated`` maps ``id(document)`` to the host name that the document states. ``node_names`` are the names of nodes
    that API objects state. ``role_of`` gives a document's :class:`Role` on its host, None for documents without one.
    ``foreign`` maps ``id(document)`` to nodes that it cannot come from: it is not assumed to be theirs.
    """
    not_of = foreign or {}
    known = set(node_names) | {_node_name(name, node_names) for name in stated.values()}
    found: dict[int, tuple[Subject, By]] = {}
    for document in documents:
        name = _stated(document, stated)
        if name is not None:
            found[id(document)] = (_node(_node_name(name, node_names)), By.STATED)
        elif (named := _named(document.source, known)) is not None:
            found[id(document)] = (_node(named), By.NAMED)
    _spread_over_directories(documents, found, role_of)
    hosts_known = {host for host, _ in found.values()} | {_node(name) for name in node_names}
    rest = [document for document in documents if id(document) not in found]
    if len(hosts_known) == 1 and not _several_hosts(rest, role_of):
        only = next(iter(hosts_known))
        with_roles = [d for d in documents if id(d) in found and role_of(d) is not None]
        several = _several_hosts(with_roles, role_of)
        for document in rest:
            if only.name in not_of.get(id(document), ()):
                continue
            if not several and (role_of(document) is None or not _several_hosts([*with_roles, document], role_of)):
                found[id(document)] = (only, By.ONLY_CANDIDATE)
    for document, host in _anonymous([document for document in rest if id(document) not in found], role_of):
        found[id(document)] = (host, By.ANONYMOUS)
    return Hosts(found)


def _node(name: str) -> Subject:
    return Subject("Node", name)


def _stated(document: Document, stated: Mapping[int, str]) -> str | None:
    at: Document | None = document
    while at is not None:
        if at.host is not None:
            return at.host
        if id(at) in stated:
            return stated[id(at)]
        at = at.parent
    return None


def _node_name(host: str, node_names: Iterable[str]) -> str:
    """The node a host name stands for: equal, or equal up to the first dot where that is unambiguous."""
    names = list(node_names)
    if host in names:
        return host
    short = [name for name in names if name.partition(".")[0] == host.partition(".")[0]]
    return short[0] if len(short) == 1 else host


def _named(source: str, known: Iterable[str]) -> str | None:
    """The one known node whose name stands as a whole word in a component of the path."""
    held = [name for name in known if name and name in source]
    hits = {name for name in held if re.search(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", source)}
    if len(hits) > 1:  # "n1" inside "n1.example": the longest name that contains the others
        longest = max(hits, key=len)
        hits = {longest} if all(hit in longest for hit in hits) else set()
    return next(iter(hits), None)


def _directory(document: Document) -> str:
    return document.source.rpartition("/")[0] or "."


def _by_directory(documents: Sequence[Document]) -> dict[str, list[Document]]:
    by_directory: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        by_directory[_directory(document)].append(document)
    return by_directory


def _within_directories(documents: Sequence[Document]) -> dict[str, list[Document]]:
    """For each directory that holds documents: those, and the ones in directories below; for the top, those alone."""
    within: dict[str, list[Document]] = {directory: [] for directory in _by_directory(documents)}
    for document in documents:
        directory = _directory(document)
        if directory == ".":
            within["."].append(document)
        while directory and directory != ".":
            if directory in within:
                within[directory].append(document)
            directory = directory.rpartition("/")[0]
    return within


def _spread_over_directories(
    documents: Sequence[Document],
    found: dict[int, tuple[Subject, By]],
    role_of: RoleOf,
) -> None:
    """Give a directory's host to its other documents, deepest directories first, where exactly one host is known."""
    within = _within_directories(documents)
    for directory in sorted(within, key=lambda d: -d.count("/")):
        inside = within[directory]
        hosts = {found[id(d)][0] for d in inside if id(d) in found and role_of(d) is not None}
        unknown = [d for d in inside if id(d) not in found]
        if len(hosts) != 1 or _several_hosts(inside, role_of):
            continue
        host = next(iter(hosts))
        for document in unknown:
            found[id(document)] = (host, By.NEIGHBOURS)


def _several_hosts(documents: Sequence[Document], role_of: RoleOf) -> bool:
    """Whether two documents of one role show nothing in common: they come from two hosts."""
    by_name: dict[str, list[frozenset[str]]] = defaultdict(list)
    for document in documents:
        role = role_of(document)
        if role is not None:
            by_name[role.name].append(role.marks)
    return any(not one & other for marks in by_name.values() for one, other in combinations(marks, 2))


def _anonymous(unknown: Sequence[Document], role_of: RoleOf) -> Iterator[tuple[Document, Subject]]:
    """One anonymous host per directory; where a directory plainly holds several hosts, one per shared name prefix."""
    for beside in _by_directory(unknown).values():
        for same_host in _of_one_host(beside, role_of):
            first = next((d for d in same_host if role_of(d) is not None), same_host[0])
            yield from ((document, _node(f"{ANONYMOUS_NODE}{first.source}")) for document in same_host)


def _of_one_host(beside: list[Document], role_of: RoleOf) -> Iterator[list[Document]]:
    if not _several_hosts(beside, role_of):
        yield beside
        return
    by_prefix: dict[str, list[Document]] = defaultdict(list)
    for document in beside:
        by_prefix[file_prefix(document.source)].append(document)
    for same in by_prefix.values():
        if _several_hosts(same, role_of):
            yield from ([document] for document in same)
        else:
            yield same


def file_prefix(source: str) -> str:
    """The leading word of a file name ("n1" of "n1-kubelet.log")."""
    return re.split(r"[-_. ]", PurePosixPath(source).name, maxsplit=1)[0]
