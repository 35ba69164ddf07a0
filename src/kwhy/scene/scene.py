"""The scene: facts by type, objects by subject, listings, events and hosts. Indexes are built when first asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TypeVar, cast

from kwhy.facts.event_batch import EventBatch
from kwhy.facts.kubectl import NotFound
from kwhy.facts.objects import ApiObject, Event, Listing, ObjectBatch, Observation, Pod
from kwhy.model.document import Document
from kwhy.model.fact import Fact
from kwhy.model.subject import Subject
from kwhy.scene.events import Events, MergedEvent
from kwhy.scene.hosts import Hosts, assign_hosts
from kwhy.scene.inventory import Inventory
from kwhy.scene.namespaces import with_namespaces
from kwhy.scene.statements import foreign_to, host_roles, stated_hosts

F = TypeVar("F", bound=Fact)
O = TypeVar("O")  # noqa: E741 - the object type
T = TypeVar("T")


class Scene:
    """Read-only after construction. ``as_of`` is the moment the verdict refers to (epoch seconds), None if unknown."""

    def __init__(
        self,
        documents: Sequence[Document],
        facts: Mapping[type, Sequence[Fact]],
        as_of: float | None = None,
    ) -> None:
        self.documents = tuple(documents)
        self._facts = with_namespaces(facts)
        self._given_as_of = as_of
        self._by_host: dict[type, dict[Subject, list[Fact]]] = {}
        self._lone: dict[str, list[tuple[Subject, ApiObject | None]]] = {}
        self._subjects: dict[str, tuple[Subject, ...]] = {}
        self._by_namespace: dict[str, dict[str | None, list[Subject]]] = {}
        self._by_name: dict[str, dict[str, list[Subject]]] = {}
        self._computed: dict[tuple[Callable[..., object], Subject | None], object] = {}

    # --- facts ----------------------------------------------------------------------------------------------------

    def facts(self, kind: type[F]) -> Sequence[F]:
        """All facts of one type, in document order."""
        return cast("Sequence[F]", self._facts.get(kind, ()))

    def facts_on(self, node: Subject, kind: type[F]) -> Sequence[F]:
        """The facts of one type whose documents come from this node."""
        if kind not in self._by_host:
            index: dict[Subject, list[Fact]] = defaultdict(list)
            for fact in self.facts(kind):
                index[self.host_of(fact.at.document)].append(fact)
            self._by_host[kind] = index
        return cast("Sequence[F]", self._by_host[kind].get(node, ()))

    def derive(self, compute: Callable[[Scene, Subject], T], subject: Subject) -> T:
        """``compute(scene, subject)``, once per function and subject. Exceptions are not remembered."""
        key = (compute, subject)
        if key not in self._computed:
            self._computed[key] = compute(self, subject)
        return cast("T", self._computed[key])

    def derive_once(self, compute: Callable[[Scene], T]) -> T:
        """``compute(scene)``, once."""
        key = (compute, None)
        if key not in self._computed:
            self._computed[key] = compute(self)
        return cast("T", self._computed[key])

    # --- hosts ----------------------------------------------------------------------------------------------------

    @cached_property
    def hosts(self) -> Hosts:
        roles = host_roles(self)
        stated = stated_hosts(self)
        return assign_hosts(self.documents, stated, self.node_names, lambda d: roles.get(id(d)), foreign_to(self))

    def host_of(self, document: Document) -> Subject:
        """The node that a document was taken on; an anonymous one where the evidence does not say."""
        return self.hosts.of(document)

    @cached_property
    def node_names(self) -> frozenset[str]:
        """Names of nodes that objects state: Node objects and spec.nodeName of pods."""
        names = {name for _, name in self.inventory.keys("Node")}
        bound = {pod.spec.node_name for pod in self.structs("Pod") if isinstance(pod, Pod)}
        return frozenset(names | {name for name in bound if isinstance(name, str) and name})

    # --- objects --------------------------------------------------------------------------------------------------

    @cached_property
    def inventory(self) -> Inventory:
        """The observed API objects by kind and name."""
        return Inventory(self.facts(ObjectBatch), self.facts(Observation))

    def structs(self, kind: str) -> Iterator[ApiObject]:
        """Every observed struct of a kind, repeated where several documents show one object. Cheap."""
        yield from self.inventory.served(kind)
        for observation in self.inventory.rows(kind):
            yield observation.object

    def suspicious(
        self,
        kind: str,
        is_quiet: Callable[[ApiObject], bool],
        is_quiet_row: Callable[[Observation], bool],
    ) -> list[Subject]:
        """Subjects of a kind of which some document shows more than quiet; healthy objects cost nothing."""
        found: dict[Subject, None] = {}
        for struct in self.inventory.served(kind):
            if not is_quiet(struct):
                found[Subject(kind, struct.metadata.name, struct.metadata.namespace or None)] = None
        for observation in self.inventory.rows(kind):
            quiet = is_quiet(observation.object) if observation.whole else is_quiet_row(observation)
            if not quiet:
                found[observation.subject] = None
        return list(found)

    def subjects(self, kind: str) -> Sequence[Subject]:
        """Every observed subject of a kind."""
        known = self._subjects.get(kind)
        if known is None:
            known = self._subjects[kind] = tuple(subject for subject, _ in self.lone_structs(kind))
        return known

    def subjects_in(self, kind: str, namespace: str | None) -> Sequence[Subject]:
        """Every observed subject of a kind in one namespace (None: without one)."""
        if kind not in self._by_namespace:
            index: dict[str | None, list[Subject]] = defaultdict(list)
            for subject in self.subjects(kind):
                index[subject.namespace].append(subject)
            self._by_namespace[kind] = index
        return self._by_namespace[kind].get(namespace or None, ())

    def subjects_named(self, kind: str, name: str) -> Sequence[Subject]:
        """Every observed subject of a kind with this name, whatever its namespace."""
        if kind not in self._by_name:
            index: dict[str, list[Subject]] = defaultdict(list)
            for subject in self.subjects(kind):
                index[subject.name].append(subject)
            self._by_name[kind] = index
        return self._by_name[kind].get(name, ())

    def lone_structs(self, kind: str) -> Sequence[tuple[Subject, ApiObject | None]]:
        """Every observed subject of a kind, with its struct where nothing else shows it and it is shown whole."""
        known = self._lone.get(kind)
        if known is None:
            known = self._lone[kind] = [
                (Subject(kind, name, namespace or None), struct)
                for (namespace, name), struct in self.inventory.lone_structs(kind)
            ]
        return known

    def observations(self, subject: Subject) -> list[Observation]:
        """All views of one object, best first: dated newest first, then whole objects before partial views.

        Where uids differ, only the newest incarnation (by creationTimestamp) is returned, with the partial views that
        show no uid.
        """
        views = self.inventory.observations(subject.kind, (subject.namespace or "", subject.name))
        if len(views) > 1:
            views = _newest_incarnation(views)
            views.sort(key=lambda view: (-(view.observed.latest or 0.0), not view.whole))
        return views

    def exists(self, subject: Subject) -> bool:
        return self.inventory.contains(subject.kind, (subject.namespace or "", subject.name))

    # --- listings and events --------------------------------------------------------------------------------------

    @cached_property
    def _listings(self) -> dict[str, dict[str | None, Listing]]:
        index: dict[str, dict[str | None, Listing]] = defaultdict(dict)
        for listing in self.facts(Listing):
            index[listing.kind].setdefault(listing.namespace, listing)
        return index

    def listing(self, kind: str, namespace: str | None, name: str | None = None) -> Listing | None:
        """The document that lists every object of ``kind`` in ``namespace`` (or everywhere), if there is one.

        With ``name``, the API server's answer that it has no such object will do.
        """
        scopes = self._listings.get(kind, {})
        found = scopes.get(None) or (scopes.get(namespace) if namespace else None)
        if found is None and name is not None:
            denied = self._not_found.get(Subject(kind, name, namespace or None))
            return None if denied is None else Listing(kind, namespace, denied.at, denied.at.document.captured)
        return found

    @cached_property
    def _not_found(self) -> dict[Subject, NotFound]:
        return {fact.about: fact for fact in self.facts(NotFound)}

    def listed_anywhere(self, kind: str) -> Listing | None:
        """Some listing of ``kind``, whatever its scope."""
        return next(iter(self._listings.get(kind, {}).values()), None)

    @cached_property
    def events(self) -> Events:
        """The events by what they regard."""
        return Events(self.facts(Event), self.facts(EventBatch))

    def events_about(self, subject: Subject) -> Sequence[MergedEvent]:
        """Events that regard the subject, newest first as far as that is known."""
        return self.events.about(subject)

    # --- time -----------------------------------------------------------------------------------------------------

    @cached_property
    def as_of(self) -> float | None:
        """The given moment, else the newest moment that the evidence states."""
        if self._given_as_of is not None:
            return self._given_as_of
        from kwhy.scene.clock import newest_moment

        return newest_moment(self)


def _newest_incarnation(views: list[Observation]) -> list[Observation]:
    uids = {view.object.metadata.uid for view in views if isinstance(view.object.metadata.uid, str)}
    if len(uids) < 2:
        return views
    dated = [v for v in views if isinstance(v.object.metadata.uid, str)]
    newest = max(dated, key=lambda v: str(v.object.metadata.creation_timestamp or "")).object.metadata.uid
    return [v for v in views if not isinstance(v.object.metadata.uid, str) or v.object.metadata.uid == newest]
