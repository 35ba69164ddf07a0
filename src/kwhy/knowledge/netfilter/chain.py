"""Chains with an index, so that a packet meets only the rules that it can match, in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from kwhy.knowledge.netfilter.packet import Packet
from kwhy.knowledge.netfilter.rule import Rule

#: Shorter chains are walked rule by rule.
_WORTH_AN_INDEX = 12


class Chain:
    """Rules are understood when the first packet comes by. ``whole``: no rule can be missing at the end."""

    def __init__(self, name: str, compiled: Callable[[], list[Rule]], *, whole: bool = True) -> None:
        self.name = name
        self.whole = whole
        self._compiled = compiled

    @cached_property
    def rules(self) -> list[Rule]:
        rules = self._compiled()
        for position, rule in enumerate(rules):
            rule.position = position
        return rules

    @cached_property
    def _index(self) -> _Index | None:
        return _Index(self.rules) if len(self.rules) >= _WORTH_AN_INDEX else None

    @property
    def indexed(self) -> bool:
        return self._index is not None

    def rules_for(self, packet: Packet) -> list[Rule]:
        """Every rule that the packet may match, in order."""
        return self._index.rules_for(packet) if self._index is not None else self.rules


class _Index:
    def __init__(self, rules: list[Rule]) -> None:
        self._rules = rules
        self._generic = [rule for rule in rules if rule.key is None]
        self._generic_positions = [rule.position for rule in self._generic]
        found: dict[str, dict[object, list[int]]] = {}
        for rule in rules:
            if rule.key is not None:
                field, value = rule.key
                found.setdefault(field, {}).setdefault(value, []).append(rule.position)
        self._by: tuple[tuple[str, Mapping[object, list[int]]], ...] = tuple(found.items())

    def rules_for(self, packet: Packet) -> list[Rule]:
        keyed: list[int] = []
        for field, values in self._by:
            value = (packet.protocol, packet.destination_port) if field == "port" else getattr(packet, field)
            if value is None or (field == "port" and packet.destination_port is None):
                return self._rules
            found = values.get(value)
            if found is not None:
                keyed += found
        if not keyed:
            return self._generic
        rules = self._rules
        return [rules[position] for position in sorted(self._generic_positions + keyed)]
