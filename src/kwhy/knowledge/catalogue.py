"""The catalogue: walks this package once and collects its rules. Nothing registers itself."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import kwhy.knowledge
from kwhy.model.rule import Rule


@cache
def all_rules() -> tuple[Rule[...], ...]:
    """Every rule of the package, in the order of module names."""
    rules: list[Rule[...]] = []
    for module in pkgutil.walk_packages(kwhy.knowledge.__path__, "kwhy.knowledge."):
        members = vars(importlib.import_module(module.name)).values()
        rules += [m for m in members if isinstance(m, Rule) and m.judge.__module__ == module.name]
    return tuple(rules)
