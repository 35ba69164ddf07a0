"""API objects and kubectl's text: which objects were shown, whole or in part, and which of their fields.

Names of fields only, beside a few that hold a state: values may be secret.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec
from msgspec import UNSET

from kwhy.facts.event_batch import EventBatch
from kwhy.facts.objects import ApiObject, Event, Generic, Listing, ObjectBatch, Observation
from kwhy.inspecting.rows import place, shortened
from kwhy.model.inspection import Part, Row
from kwhy.scene.inventory import kind_of
from kwhy.scene.scene import Scene

#: Fields that say a state in one word or number, for every kind that has them.
_STATES = ("spec.nodeName", "spec.replicas", "spec.unschedulable", "status.phase", "status.readyReplicas")
#: Structs are named down to this depth: metadata.labels, status.conditions.
_DEPTH = 2


def object_parts(scene: Scene, most: int | None) -> list[Part]:
    """``most``: rows per part; None shows all."""
    whole: Counter[str] = Counter()
    partial: Counter[str] = Counter()
    for batch in scene.facts(ObjectBatch):
        whole.update(kind_of(struct) for struct in batch.objects)
    for observation in scene.facts(Observation):
        (whole if observation.whole else partial).update([observation.kind])
    scopes: dict[str, list[str]] = {}
    for listing in scene.facts(Listing):
        where = f"namespace {listing.namespace}" if listing.namespace is not None else "everywhere"
        scopes.setdefault(listing.kind, []).append(where)
    kinds = sorted({*whole, *partial, *scopes})
    counts = [
        Row((kind, _number(whole[kind]), _number(partial[kind]), ", ".join(dict.fromkeys(scopes.get(kind, ())))))
        for kind in kinds
    ]
    rows = [_object(observation) for observation in _observations(scene, None if most is None else most + 1)]
    left_out = whole.total() + partial.total() - len(rows[:most])
    about = Counter(str(event.about) for event in scene.facts(Event))
    for served in scene.facts(EventBatch):
        about.update({str(subject): len(served.about(subject)) for subject in served.subjects()})
    parts = [
        Part("Kinds of objects", ("kind", "whole", "in part", "all of"), tuple(counts)),
        Part("Objects", (), tuple(rows[:most]), left_out),
        shortened("Events", ("about", "events"), [Row((name, str(n))) for name, n in about.most_common()], most),
    ]
    return [part for part in parts if part.rows]


def _number(count: int) -> str:
    return str(count) if count else ""


def _observations(scene: Scene, most: int | None) -> Iterator[Observation]:
    shown = 0
    for observation in scene.facts(Observation):
        yield observation
        shown += 1
        if shown == most:
            return
    for batch in scene.facts(ObjectBatch):
        for position in range(len(batch.objects)):
            yield batch.observation(position)
            shown += 1
            if shown == most:
                return


def _object(observation: Observation) -> Row:
    read = list(_fields(observation.object))
    states = [f"{name}={value}" for name, value in read if name in _STATES and isinstance(value, str | int | bool)]
    view = "whole" if observation.whole else "in part"
    below = [f"read: {', '.join(name for name, _ in read) or 'its name'}"]
    if observation.printed:
        below.append("printed: " + ", ".join(f"{key}={value}" for key, value in observation.printed.items()))
    head = f"{observation.subject}, {view}" + (f": {' '.join(states)}" if states else "")
    return Row((head,), place(observation.at), tuple(below))


def _fields(value: ApiObject | msgspec.Struct, prefix: str = "", depth: int = 1) -> Iterator[tuple[str, object]]:
    """The fields that the document shows, by their API names."""
    for field in msgspec.structs.fields(value):
        held = getattr(value, field.name)
        if held is UNSET or held is None or held == field.default or (prefix == "" and field.name == "kind"):
            continue
        name = f"{prefix}{field.encode_name}"
        if isinstance(held, msgspec.Struct) and depth < _DEPTH and not isinstance(held, Generic):
            yield from _fields(held, f"{name}.", depth + 1)
        elif name not in ("metadata.name", "metadata.namespace"):
            yield name, held
