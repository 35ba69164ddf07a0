"""The rules of a package, indexed by condition and by effect."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from kwhy.model.condition import Condition
from kwhy.model.rule import Lead, Rule

AnyRule = Rule[Any]


class Catalogue:
    """All rules; built at one place from the package of knowledge, or from any rules in a test."""

    def __init__(self, rules: Iterable[AnyRule]) -> None:
        self.rules: tuple[AnyRule, ...] = tuple(rules)
        self._ways: dict[str, list[AnyRule]] = defaultdict(list)
        self._causes: dict[str, dict[tuple[str, Lead], tuple[Condition, Lead]]] = defaultdict(dict)
        for way in self.rules:
            self._ways[way.condition.code].append(way)
            for lead in way.leads:
                self._causes[lead.effect.code][(way.condition.code, lead)] = (way.condition, lead)

    @property
    def conditions(self) -> list[Condition]:
        return [ways[0].condition for _, ways in sorted(self._ways.items())]

    def condition(self, code: str) -> Condition | None:
        ways = self._ways.get(code)
        return ways[0].condition if ways else None

    def rules_of(self, condition: Condition) -> list[AnyRule]:
        return self._ways.get(condition.code, [])

    def answers_of(self, condition: Condition) -> frozenset[str]:
        """The terms of questions that a state answers which somebody chose; none for everything that fails."""
        return frozenset(term for way in self.rules_of(condition) for term in way.answers)

    def causes_of(self, effect: Condition) -> list[tuple[Condition, Lead]]:
        """What may explain an effect, each with the lead that says where to look."""
        return list(self._causes.get(effect.code, {}).values())

    def effects_of(self, cause: Condition) -> list[Condition]:
        """What a condition may lead to."""
        return list({lead.effect.code: lead.effect for way in self.rules_of(cause) for lead in way.leads}.values())
