"""The catalogue of formats: walks the package of parsers once and collects them. Nothing registers itself."""

from __future__ import annotations

import importlib
from functools import cache

import kwhy.ingest.parsers
from kwhy.model.modules import modules_of
from kwhy.model.parsing import Format


@cache
def all_formats() -> tuple[Format, ...]:
    """Every format of every parser module (its constant FORMAT or FORMATS), in the order of module names."""
    found: list[Format] = []
    for name in modules_of(kwhy.ingest.parsers):
        members = vars(importlib.import_module(name))
        declared = members.get("FORMATS", members.get("FORMAT"))
        formats = declared if isinstance(declared, tuple) else (declared,)
        for item in formats:
            if not isinstance(item, Format):
                raise TypeError(f"{name} declares neither FORMAT nor FORMATS")
            found.append(item)
    names = [item.name for item in found]
    if len(set(names)) < len(names):
        raise ValueError(f"two formats share a name: {sorted(names)}")
    return tuple(found)
