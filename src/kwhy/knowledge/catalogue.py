"""The catalogue: walks this package once and collects its rules. Nothing registers itself."""

from __future__ import annotations

import importlib
from functools import cache

import kwhy.knowledge
from kwhy.model.modules import modules_of
from kwhy.model.rule import Rule


@cache
def all_rules() -> tuple[Rule[...], ...]:
    """Every rule of the package, in the order of module names."""
    rules: list[Rule[...]] = []
    for name in modules_of(kwhy.knowledge):
        members = vars(importlib.import_module(name)).values()
        rules += [m for m in members if isinstance(m, Rule) and m.judge.__module__ == name]
    return tuple(rules)
