"""The observed API objects by kind and by name. Built kind by kind when asked for, and lean: a snapshot of a large
cluster holds 150 000 pods of which twenty matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import TypeAlias

import msgspec

from kwhy.facts.objects import ApiObject, Generic, ObjectBatch, Observation

#: Namespace ("" for none) and name.
Key: TypeAlias = tuple[str, str]
#: The document order of a batch or observation, and where an object stands in it.
_Place: TypeAlias = tuple[int, ObjectBatch, int] | tuple[int, Observation, None]


def kind_of(struct: ApiObject) -> str:
    """The API kind of a decoded object."""
    return struct.kind if isinstance(struct, Generic) else type(struct).__name__


class Inventory:
    """Read-only. Batches come before single observations, each in document order."""

    def __init__(self, batches: Sequence[ObjectBatch], observations: Sequence[Observation]) -> None:
        self._all_batches = batches
        self._all_rows = observations
        self._by_name: dict[str, _Names] = {}

    @cached_property
    def _batches(self) -> dict[str, list[tuple[ObjectBatch, Sequence[int]]]]:
        """Each kind's batches with the positions of its objects."""
        found: dict[str, list[tuple[ObjectBatch, Sequence[int]]]] = defaultdict(list)
        for batch in self._all_batches:
            types = set(map(type, batch.objects))
            if len(types) == 1 and Generic not in types:
                found[types.pop().__name__].append((batch, range(len(batch.objects))))
                continue
            positions: dict[str, list[int]] = defaultdict(list)
            for position, struct in enumerate(batch.objects):
                positions[kind_of(struct)].append(position)
            for kind, listed in positions.items():
                found[kind].append((batch, listed))
        return found

    @cached_property
    def _rows(self) -> dict[str, list[Observation]]:
        found: dict[str, list[Observation]] = defaultdict(list)
        for observation in self._all_rows:
            found[observation.kind].append(observation)
        return found

    def served(self, kind: str) -> Iterator[ApiObject]:
        """The structs of a kind in batches, which show objects whole."""
        for batch, positions in self._batches.get(kind, ()):
            objects = batch.objects
            yield from objects if len(positions) == len(objects) else (objects[position] for position in positions)

    def rows(self, kind: str) -> Sequence[Observation]:
        """The single observations of a kind."""
        return self._rows.get(kind, ())

    def keys(self, kind: str) -> Iterable[Key]:
        """Every object of a kind, once, in the order of its first sight."""
        names = self._names(kind)
        before = (key for key, places in names.rest.items() if places[0][0] < names.order)
        return dict.fromkeys(chain(before, names.largest, names.rest))

    def contains(self, kind: str, key: Key) -> bool:
        names = self._names(kind)
        return key in names.largest or key in names.rest

    def observations(self, kind: str, key: Key) -> list[Observation]:
        """All views of one object, in document order."""
        names = self._names(kind)
        places = list(names.rest.get(key, ()))
        position = names.largest.get(key)
        if position is not None and names.batch is not None:
            places.append((names.order, names.batch, position))
            places.sort(key=lambda place: (place[0], place[2] or 0))
        return [shown if isinstance(shown, Observation) else shown.observation(at or 0) for _, shown, at in places]

    def lone_structs(self, kind: str) -> Iterator[tuple[Key, ApiObject | None]]:
        """Every object, with its struct where only the largest batch shows it; None where views may need merging."""
        names = self._names(kind)
        for key in self.keys(kind):
            position = names.largest.get(key) if key not in names.rest else None
            yield key, names.batch.objects[position] if names.batch is not None and position is not None else None

    def _names(self, kind: str) -> _Names:
        names = self._by_name.get(kind)
        if names is None:
            names = self._by_name[kind] = _names(self._batches.get(kind, ()), self.rows(kind))
        return names


class _Names(msgspec.Struct, frozen=True):
    """One kind's objects by name: the positions in the largest batch, and all other places."""

    batch: ObjectBatch | None
    order: int
    largest: dict[Key, int]
    rest: dict[Key, list[_Place]]


def _names(batches: Sequence[tuple[ObjectBatch, Sequence[int]]], rows: Sequence[Observation]) -> _Names:
    rest: dict[Key, list[_Place]] = {}
    largest: dict[Key, int] = {}
    order = max(range(len(batches)), key=lambda index: len(batches[index][1]), default=-1)
    for index, (batch, positions) in enumerate(batches):
        for position in positions:
            meta = batch.objects[position].metadata
            key = meta.namespace, meta.name
            if index != order or largest.setdefault(key, position) != position:
                rest.setdefault(key, []).append((index, batch, position))
    for index, observation in enumerate(rows, len(batches)):
        meta = observation.object.metadata
        rest.setdefault((meta.namespace, meta.name), []).append((index, observation, None))
    return _Names(batches[order][0] if batches else None, order, largest, rest)
