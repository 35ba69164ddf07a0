"""What becomes of a packet at one netfilter hook, with the rules that decided it.

Answers are branches: one Outcome per way that the rule set may take the packet. A share (``statistic``, ``numgen``)
divides the branches by ``chance``; what the evidence does not tell (an unknown match, a set that is not shown) makes
branches that hold only under ``depends_on``. Branches with the same end are one, so an unknown match that changes
nothing leaves the answer known.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from kwhy.knowledge.netfilter.packet import Packet
from kwhy.knowledge.netfilter.ruleset import RuleSet
from kwhy.knowledge.netfilter.surroundings import NOTHING_KNOWN, Surroundings
from kwhy.model.document import Locator

Hook: TypeAlias = Literal["prerouting", "input", "forward", "output", "postrouting"]
VerdictKind: TypeAlias = Literal["accept", "drop", "reject", "queue", "stolen", "unknown"]


class Step(msgspec.Struct, frozen=True):
    """One rule (or chain policy) that acted: its text, its place, and what it did in a sentence."""

    text: str
    at: Locator | None
    says: str


class Outcome(msgspec.Struct, frozen=True):
    """One way in which the packet leaves the hook.

    ``packet`` is what leaves it (marks, translated addresses). ``reject_with`` names the answer that a reject sends
    ("icmp-port-unreachable", "tcp-reset" …). ``chance`` is the share of connections that go this way (1.0: all).
    ``depends_on`` lists what would have to hold and is not shown; empty where the evidence decides.
    ``proxied_to`` is where TPROXY hands the packet ("127.0.0.1:8080").
    """

    verdict: VerdictKind
    packet: Packet
    steps: tuple[Step, ...] = ()
    depends_on: tuple[str, ...] = ()
    chance: float = 1.0
    reject_with: str | None = None
    proxied_to: str | None = None


def evaluate(
    rules: RuleSet, hook: Hook, packet: Packet, surroundings: Surroundings = NOTHING_KNOWN
) -> tuple[Outcome, ...]:
    """All ways in which the packet may leave the hook; never empty, never raises on content."""
    return (Outcome("unknown", packet, depends_on=("the packet filter",)),)


def decided(outcomes: tuple[Outcome, ...]) -> bool:
    """Whether the evidence alone tells what happens (several outcomes with shares are decided too)."""
    return all(outcome.verdict != "unknown" and not outcome.depends_on for outcome in outcomes)
