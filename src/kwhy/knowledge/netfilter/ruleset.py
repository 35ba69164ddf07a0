"""The packet filter of one network namespace of a host, put together from all documents that show it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.model.fact import Fact


class RuleSet(msgspec.Struct, frozen=True):
    """``shown``: any document shows the packet filter. ``assumed`` says what was taken for granted, in sentences."""

    shown: bool = False
    assumed: tuple[str, ...] = ()


def rule_set(facts: Iterable[Fact]) -> RuleSet:
    """The rule set that these facts (of one host and one network namespace) describe.

    Facts of other kinds are passed over.
    """
    return RuleSet()
