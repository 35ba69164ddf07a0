"""Chains with an index, so that a packet meets only the rules that it can match, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from kwhy.knowledge.netfilter.packet import Packet
from kwhy.knowledge.netfilter.rule import Key, Rule

#: Shorter chains are walked rule by rule.
_WORTH_AN_INDEX = 12


class Chain:
    """Rules are understood when the first packet comes by. ``whole``: no rule can be missing at the end.

    ``key_of`` tells for a position, without understanding the rule, which packets it may match (None: any).
    """

    def __init__(
        self,
        name: str,
        count: int,
        compiled: Callable[[int], Rule],
        key_of: Callable[[int], Key | None],
        *,
        whole: bool = True,
    ) -> None:
        self.name = name
        self.whole = whole
        self._compiled = compiled
        self._key_of = key_of
        self._rules: list[Rule | None] = [None] * count

    def __len__(self) -> int:
        return len(self._rules)

    @property
    def idle(self) -> bool:
        """Nothing happens here, for certain."""
        return not self._rules and self.whole

    def rule(self, position: int) -> Rule:
        found = self._rules[position]
        if found is None:
            found = self._rules[position] = self._compiled(position)
            found.position = position
        return found

    @cached_property
    def rules(self) -> list[Rule]:
        return [self.rule(position) for position in range(len(self._rules))]

    @cached_property
    def indexed(self) -> bool:
        return len(self._rules) >= _WORTH_AN_INDEX

    @cached_property
    def _index(self) -> _Index:
        return _Index([self._key_of(position) for position in range(len(self._rules))])

    @cached_property
    def _generic(self) -> list[Rule]:
        return [self.rule(position) for position in self._index.generic]

    def rules_for(self, packet: Packet) -> list[Rule]:
        """Every rule that the packet may match, in order."""
        if not self.indexed:
            return self.rules
        positions = self._index.positions_for(packet)
        if positions is None:
            return self.rules
        if not positions:
            return self._generic
        return [self.rule(position) for position in positions]


class _Index:
    def __init__(self, keys: Sequence[Key | None]) -> None:
        self.generic = [position for position, key in enumerate(keys) if key is None]
        found: dict[str, dict[object, list[int]]] = {}
        for position, key in enumerate(keys):
            if key is not None:
                field, value = key
                found.setdefault(field, {}).setdefault(value, []).append(position)
        self._by: tuple[tuple[str, Mapping[object, list[int]]], ...] = tuple(found.items())

    def positions_for(self, packet: Packet) -> list[int] | None:
        """Empty: only those that any packet may match; None: what is known of the packet rules none out."""
        keyed: list[int] = []
        for field, values in self._by:
            value = (packet.protocol, packet.destination_port) if field == "port" else getattr(packet, field)
            if value is None or (field == "port" and packet.destination_port is None):
                return None
            found = values.get(value)
            if found is not None:
                keyed += found
        return sorted(self.generic + keyed) if keyed else keyed


class Chains:
    """The chains of a table by name, each made when it is first asked for."""

    def __init__(self, names: Mapping[str, object], make: Callable[[str], Chain]) -> None:
        self._names = names
        self._make = make
        self._made: dict[str, Chain] = {}

    def get(self, name: str) -> Chain | None:
        found = self._made.get(name)
        if found is None and name in self._names:
            found = self._made[name] = self._make(name)
        return found

    def __getitem__(self, name: str) -> Chain:
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def items(self) -> Iterator[tuple[str, Chain]]:
        return ((name, self[name]) for name in self._names)
