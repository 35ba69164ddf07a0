"""Rules made ready for packets: what they match, and what they do.

A rule is a list of matches and actions, whether iptables or nft wrote it. Matches answer True, False or None: the
evidence does not tell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

from kwhy.knowledge.netfilter.packet import Packet
from kwhy.knowledge.netfilter.surroundings import Surroundings
from kwhy.model.document import Locator

Test: TypeAlias = Callable[[Packet, Surroundings], bool | None]
VerdictKind: TypeAlias = Literal["accept", "drop", "reject", "queue", "stolen", "unknown", "return"]


class Match(msgspec.Struct, frozen=True, gc=False, eq=False):
    """One match of a rule. ``text`` is how it is written; it is quoted where the answer is "not known"."""

    test: Test
    text: str


class Final(msgspec.Struct, frozen=True, gc=False):
    """The chain ends here. ``needs`` says for "unknown" what is missing."""

    verdict: VerdictKind
    says: str
    reject_with: str | None = None
    needs: str | None = None


class Jump(msgspec.Struct, frozen=True, gc=False):
    """On to another chain of the table; ``goto``: and not back here."""

    chain: str
    goto: bool = False


class Effect(msgspec.Struct, frozen=True, gc=False):
    """One thing that an action may do: a changed packet, and perhaps an end.

    ``share`` is the part of packets it happens to. ``matched`` False: the rule ends here as if it had not matched.
    ``nat``: an address translation was decided, so no other nat chain is asked.
    """

    packet: Packet
    says: str = ""
    then: Final | Jump | None = None
    share: float = 1.0
    matched: bool = True
    nat: bool = False
    proxied_to: str | None = None


#: An action that changes the packet, or looks something up; several effects share the packets among them.
Do: TypeAlias = Callable[[Packet, Surroundings], tuple[Effect, ...]]


class Change(msgspec.Struct, frozen=True, gc=False, eq=False):
    do: Do


Action: TypeAlias = Final | Jump | Change | Match

#: How an index may find a rule: a field of the packet and the only value that the rule takes of it.
Key: TypeAlias = tuple[Literal["destination", "source", "iif", "oif", "port"], object]


class Rule:
    """``matches`` come before all ``actions`` (of nft rules, more matches may stand among the actions).

    ``share`` is the part of packets that a statistic match takes.
    """

    __slots__ = ("_at", "_place", "actions", "idle", "matches", "position", "share", "text")

    def __init__(
        self,
        place: Callable[[], Locator],
        text: str,
        matches: tuple[Match, ...],
        actions: tuple[Action, ...],
        *,
        share: float | None = None,
    ) -> None:
        self._place = place
        self.text = text
        self.matches = matches
        self.actions = actions
        self.share = share
        self.position = 0
        #: Whether it leads to nothing, whatever it matches; None: not looked at yet.
        self.idle: bool | None = None
        self._at: Locator | None = None

    @property
    def at(self) -> Locator:
        if self._at is None:
            self._at = self._place()
        return self._at
