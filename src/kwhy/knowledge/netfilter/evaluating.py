"""What becomes of a packet at one netfilter hook, with the rules that decided it.

Answers are branches: one Outcome per way that the rule set may take the packet. A share (``statistic``, ``numgen``)
divides the branches by ``chance``; what the evidence does not tell (an unknown match, a set that is not shown) makes
branches that hold only under ``depends_on``. Branches with the same end are one, so an unknown match that changes
nothing leaves the answer known.

Sources, Linux 6.18: net/ipv4/netfilter/ip_tables.c (ipt_do_table), net/netfilter/nf_tables_core.c (nft_do_chain),
net/netfilter/core.c (nf_hook_slow), net/netfilter/nf_nat_core.c (nf_nat_inet_fn). Checked against a running kernel by
tests/labs/test_netfilter_lab.py.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal, TypeAlias

import msgspec

from kwhy.knowledge.netfilter.packet import CtState, Packet
from kwhy.knowledge.netfilter.ruleset import BaseChain, ConntrackStage, NatStage, RuleSet, Stage
from kwhy.knowledge.netfilter.surroundings import NOTHING_KNOWN, Surroundings
from kwhy.knowledge.netfilter.translating import follow_connection
from kwhy.knowledge.netfilter.walking import Condition, Note, State, Walk, merged
from kwhy.model.document import Locator

Hook: TypeAlias = Literal["prerouting", "input", "forward", "output", "postrouting"]
VerdictKind: TypeAlias = Literal["accept", "drop", "reject", "queue", "stolen", "unknown"]
#: Possibilities beyond this are not told one by one.
_MOST = 256


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
    packet = _at(packet, hook)
    if not rules.shows(packet.family):
        return (Outcome("unknown", packet, depends_on=(f"the packet filter of the host for IPv{packet.family}",)),)
    stages = rules.stages(hook, packet.family)
    tracked_as = packet.ct_state
    if packet.iif != "lo" and any(isinstance(stage, ConntrackStage) for stage in stages):
        packet = _before_conntrack(packet)
    states = [State(packet)]
    ended: list[State] = []
    for stage in stages:
        following: list[State] = []
        for state in states:
            for after in _stage(stage, state, surroundings, tracked_as):
                (following if after.verdict is None else ended).append(after)
        states = merged(following)
        if len(states) + len(ended) > _MOST * 16:
            return (Outcome("unknown", packet, depends_on=_conditions(states[0].conditions)),)
    return tuple(_outcome(state) for state in merged(ended + states))


def decided(outcomes: Sequence[Outcome]) -> bool:
    """Whether the evidence alone tells what happens (several outcomes with shares are decided too)."""
    return all(outcome.verdict != "unknown" and not outcome.depends_on for outcome in outcomes)


def _at(packet: Packet, hook: str) -> Packet:
    if packet.family == 6:
        return packet.replace(hook=hook, source=_canonical(packet.source), destination=_canonical(packet.destination))
    return packet.replace(hook=hook)


@lru_cache(maxsize=1 << 14)
def _canonical(address: str | None) -> str | None:
    try:
        return str(ipaddress.ip_address(address)) if address is not None else None
    except ValueError:
        return None


def _before_conntrack(packet: Packet) -> Packet:
    """Chains before conntrack see a packet without connection (net/netfilter/xt_conntrack.c: that is INVALID)."""
    return packet if packet.ct_state == "UNTRACKED" else packet.replace(ct_state="INVALID")


def _stage(stage: Stage, state: State, surroundings: Surroundings, tracked_as: CtState | None) -> Iterator[State]:
    if isinstance(stage, BaseChain):
        yield from _base_chain(stage, state, surroundings)
    elif isinstance(stage, NatStage):
        yield from _nat(stage, state, surroundings)
    else:
        packet = state.packet
        seen = packet.ct_state in ("UNTRACKED", tracked_as)
        yield state if seen else state.carrying(packet.replace(ct_state=tracked_as))


def _base_chain(base: BaseChain, state: State, surroundings: Surroundings) -> Iterator[State]:
    for after in Walk(base.table.chains, surroundings).through(base.chain, state):
        if after.verdict == "accept":
            yield after.ended(None)
        elif after.verdict is None and base.policy == "drop":
            note = Note(None, "drops it", f"policy DROP of {base.label}", base.at)
            yield after.noted(note).ended("drop")
        else:
            yield after


def _nat(stage: NatStage, state: State, surroundings: Surroundings) -> Iterator[State]:
    packet = state.packet
    if packet.ct_state in ("INVALID", "UNTRACKED"):
        yield state
        return
    of_destination = packet.hook in ("prerouting", "output")
    if packet.answer is not None:
        followed = follow_connection(packet, of_destination=of_destination)
        if followed.ends == packet.ends:
            yield state
        else:
            which = "destination" if of_destination else "source"
            says = f"translates its {which} as for the rest of the connection: {followed}"
            yield state.noted(Note(None, says, "conntrack", None)).carrying(followed)
        return
    if packet.ct_state in ("ESTABLISHED", "RELATED"):
        yield state
        return
    states = [state]
    for base in stage.chains:
        following: list[State] = []
        for each in states:
            for after in _base_chain(base, each, surroundings):
                if after.verdict is None and not after.translated:
                    following.append(after)
                else:
                    yield after.with_translation(done=False)
        states = following
    yield from states


def _outcome(state: State) -> Outcome:
    steps = tuple(_step(note) for note in state.all_notes())
    verdict = state.verdict or "accept"
    if verdict == "return":
        verdict = "accept"
    return Outcome(
        verdict,
        state.packet,
        steps,
        _conditions(state.conditions) + state.needs,
        state.chance,
        state.reject_with,
        state.proxied_to,
    )


def _step(note: Note) -> Step:
    if note.rule is not None:
        return Step(note.rule.text, note.rule.at, note.says)
    return Step(note.text, note.at, note.says)


def _conditions(conditions: tuple[Condition, ...]) -> tuple[str, ...]:
    return tuple(condition.says for condition in conditions)
