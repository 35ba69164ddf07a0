"""The kinds that kubectl names, and objects of which only the name was shown."""

from __future__ import annotations

from typing import cast

from kwhy.facts import objects
from kwhy.facts.objects import ApiObject, Generic, ObjectMeta
from kwhy.facts.resources import ALL_CATEGORY, is_known, is_namespaced, kind_of, known_kinds, resource

__all__ = ["ALL_CATEGORY", "bare", "is_known", "is_namespaced", "kind_of", "resource"]

#: The kinds that have a struct of their own: (metadata) -> object, nothing else shown.
_STRUCTS: dict[str, type] = {
    kind: struct
    for kind in known_kinds()
    if isinstance(struct := getattr(objects, kind, None), type)
    and "metadata" in getattr(struct, "__struct_fields__", ())
}


def bare(kind: str, metadata: ObjectMeta) -> ApiObject:
    """An object of ``kind`` of which only the metadata was shown."""
    struct = _STRUCTS.get(kind)
    if struct is None:
        return Generic(kind=kind, metadata=metadata)
    return cast(ApiObject, struct(metadata=metadata))
