"""A packet's way through chains, with all branches that the evidence leaves open."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from kwhy.knowledge.netfilter.chain import Chain, Chains
from kwhy.knowledge.netfilter.packet import Packet
from kwhy.knowledge.netfilter.rule import Action, Change, Effect, Final, Jump, Match, Rule, VerdictKind
from kwhy.knowledge.netfilter.surroundings import Surroundings
from kwhy.model.document import Locator

#: Chains call one another no deeper (NFT_JUMP_STACK_SIZE is 16; legacy iptables allows as many as there are chains).
_DEEPEST = 200
#: More branches at once are not told apart.
_MOST_LIVE = 64


class Note(msgspec.Struct, frozen=True, gc=False):
    """What a rule did; ``text`` and ``at`` stand for what is no rule (a policy, conntrack)."""

    rule: Rule | None
    says: str
    text: str = ""
    at: Locator | None = None


class Condition(msgspec.Struct, frozen=True, gc=False):
    """A match whose answer is not known, and which way is taken."""

    rule: Rule
    packet: Packet
    matches: bool
    unknown: tuple[str, ...]

    @property
    def says(self) -> str:
        at = self.rule.at
        what = " and ".join(self.unknown)
        return f"{placed(at)}: {what} {'matches' if self.matches else 'does not match'}"

    def contrary_to(self, other: Condition) -> bool:
        return self.rule is other.rule and self.matches != other.matches and self.packet == other.packet


def placed(at: Locator) -> str:
    """The place in words: file and line, or the path inside JSON."""
    return f"{at.source}:{at.line}" if at.line is not None else f"{at.source}#{at.path}"


class _Trail(msgspec.Struct, frozen=True, gc=False):
    note: Note
    before: _Trail | None


class State(msgspec.Struct, frozen=True, gc=False):
    """A packet on its way. ``verdict`` None: it goes on; "return": back to the calling chain."""

    packet: Packet
    conditions: tuple[Condition, ...] = ()
    chance: float = 1.0
    trail: _Trail | None = None
    verdict: VerdictKind | None = None
    reject_with: str | None = None
    proxied_to: str | None = None
    translated: bool = False
    needs: tuple[str, ...] = ()
    #: The rule ends here for this packet, without a verdict.
    left_rule: bool = False

    def noted(self, note: Note) -> State:
        return msgspec.structs.replace(self, trail=_Trail(note, self.trail))

    def ended(self, verdict: VerdictKind | None) -> State:
        return msgspec.structs.replace(self, verdict=verdict)

    def carrying(self, packet: Packet) -> State:
        return msgspec.structs.replace(self, packet=packet)

    def with_translation(self, *, done: bool) -> State:
        return msgspec.structs.replace(self, translated=done) if self.translated != done else self

    def all_notes(self) -> list[Note]:
        notes: list[Note] = []
        trail = self.trail
        while trail is not None:
            notes.append(trail.note)
            trail = trail.before
        notes.reverse()
        return notes


def merged(states: list[State]) -> list[State]:
    """Branches with the same end made one: shares are added, and a condition goes where both its ways end alike."""
    if len(states) < 2:
        return states
    groups: dict[object, list[State]] = {}
    for state in states:
        key = (state.packet, state.verdict, state.reject_with, state.proxied_to, state.translated, state.needs)
        groups.setdefault(key, []).append(state)
    if len(groups) == len(states):
        return states
    return [state for group in groups.values() for state in _same_end(group)]


def _same_end(group: list[State]) -> list[State]:
    while len(group) > 1:
        found = _pair(group)
        if found is None:
            break
        one, other, joined = found
        group = [state for index, state in enumerate(group) if index not in (one, other)]
        group.insert(min(one, len(group)), joined)
    return group


def _pair(group: list[State]) -> tuple[int, int, State] | None:
    for one, first in enumerate(group):
        for other in range(one + 1, len(group)):
            joined = _joined(first, group[other])
            if joined is not None:
                return one, other, joined
    return None


def _joined(one: State, other: State) -> State | None:
    if one.conditions == other.conditions:
        return msgspec.structs.replace(one, chance=one.chance + other.chance)
    if len(one.conditions) != len(other.conditions) or abs(one.chance - other.chance) > 1e-9:
        return None
    differing = [
        index
        for index, (mine, theirs) in enumerate(zip(one.conditions, other.conditions, strict=True))
        if mine != theirs
    ]
    if len(differing) != 1:
        return None
    (index,) = differing
    if not one.conditions[index].contrary_to(other.conditions[index]):
        return None
    kept = one.conditions[:index] + one.conditions[index + 1 :]
    return msgspec.structs.replace(one, conditions=kept)


class Walk:
    """Walks chains of one table."""

    def __init__(self, chains: Chains, surroundings: Surroundings) -> None:
        self._chains = chains
        self._surroundings = surroundings

    def through(self, chain: Chain, state: State, depth: int = 0) -> list[State]:
        """The states after the chain; without verdict where it ended, or returned, without one."""
        if depth > _DEEPEST:
            return [_unknown(state, "how far the chains call one another")]
        if chain.idle:
            return [state]
        finished: list[State] = []
        live = [state]
        entered = state.packet
        rules: Iterator[Rule] = iter(chain.rules_for(entered))
        for rule in rules:
            following: list[State] = []
            changed = False
            for each in live:
                after = self._rule(rule, each, depth)
                if after is None:
                    following.append(each)
                    continue
                changed = True
                for one in after:
                    if one.verdict is None:
                        following.append(one)
                    elif one.verdict == "return":
                        finished.append(one.ended(None))
                    else:
                        finished.append(one)
            if not changed:
                continue
            live = merged(following) if len(following) > 1 else following
            if not live:
                break
            if len(live) > _MOST_LIVE:
                return [*finished, _unknown(live[0], "too many unknown matches")]
            if chain.indexed and any(each.packet.ends != entered.ends for each in live):
                return finished + self._rest(chain, rule.position + 1, live, depth)
        return finished + [each if chain.whole else _cut(each, chain) for each in live]

    def _rest(self, chain: Chain, position: int, live: list[State], depth: int) -> list[State]:
        """The rules from ``position`` on, one by one: the packet is no longer the one that the index was asked for."""
        rules = chain.rules[position:]
        rest = Chain(chain.name, len(rules), rules.__getitem__, lambda _: None, whole=chain.whole)
        rest.__dict__["rules"] = rules
        rest.__dict__["indexed"] = False
        return [after for each in live for after in self.through(rest, each, depth)]

    def _rule(self, rule: Rule, state: State, depth: int) -> list[State] | None:
        """None: the rule does not match."""
        if rule.idle is None:
            rule.idle = self._leads_nowhere(rule)
        if rule.idle:
            return None
        packet, surroundings = state.packet, self._surroundings
        unknown: list[str] | None = None
        for match in rule.matches:
            answer = match.test(packet, surroundings)
            if answer is False:
                return None
            if answer is None:
                unknown = [match.text] if unknown is None else [*unknown, match.text]
        passed: list[State] = []
        if unknown is not None:
            forked = _fork(rule, state, tuple(unknown))
            if forked is None:
                return None
            state, other = forked
            if other is not None:
                passed.append(other)
        if rule.share is not None and rule.share < 1.0:
            if rule.share <= 0.0:
                return None
            passed.append(msgspec.structs.replace(state, chance=state.chance * (1 - rule.share)))
            state = msgspec.structs.replace(state, chance=state.chance * rule.share)
        if not passed and len(rule.actions) == 1:
            action = rule.actions[0]
            if isinstance(action, Jump):
                return self._jump(rule, action, state, depth)
            if isinstance(action, Final):
                return [_final(rule, action, state)]
        return passed + self._actions(rule, rule.actions, state, depth)

    def _leads_nowhere(self, rule: Rule) -> bool:
        """Without actions, or only a jump to a chain without rules."""
        if not rule.actions:
            return True
        only = rule.actions[0]
        if len(rule.actions) > 1 or not isinstance(only, Jump) or only.goto:
            return False
        chain = self._chains.get(only.chain)
        return chain is not None and chain.idle

    def _actions(self, rule: Rule, actions: tuple[Action, ...], state: State, depth: int) -> list[State]:
        if len(actions) == 1:
            return [_back(each) for each in self._action(rule, actions[0], state, depth)]
        live: list[State] = [state]
        done: list[State] = []
        for action in actions:
            following: list[State] = []
            for each in live:
                for after in self._action(rule, action, each, depth):
                    (following if after.verdict is None and not after.left_rule else done).append(after)
            live = following
            if not live:
                break
        return [_back(each) for each in (*done, *live)]

    def _action(self, rule: Rule, action: Action, state: State, depth: int) -> list[State]:
        if isinstance(action, Final):
            return [_final(rule, action, state)]
        if isinstance(action, Jump):
            return self._jump(rule, action, state, depth)
        if isinstance(action, Match):
            return _late_match(rule, action, state, self._surroundings)
        return self._change(rule, action, state, depth)

    def _jump(self, rule: Rule, jump: Jump, state: State, depth: int) -> list[State]:
        chain = self._chains.get(jump.chain)
        if chain is None:
            return [_unknown(state.noted(Note(rule, f"goes to {jump.chain}")), f"chain {jump.chain}")]
        if chain.idle:
            return [state.ended("return") if jump.goto else state]
        entering = state.noted(Note(rule, f"goes to {jump.chain}"))
        after = []
        for each in self.through(chain, entering, depth + 1):
            if each.verdict is None:
                if each.packet is state.packet and each.conditions == state.conditions:
                    # Nothing there concerned the packet.
                    each = msgspec.structs.replace(each, trail=state.trail)
                if jump.goto:
                    each = each.ended("return")
            after.append(each)
        return after

    def _change(self, rule: Rule, change: Change, state: State, depth: int) -> list[State]:
        found: list[State] = []
        for effect in change.do(state.packet, self._surroundings):
            if not effect.matched:
                found.append(_left(_sharing(state, effect.share)))
                continue
            after = _affected(rule, effect, state)
            if effect.then is None:
                found.append(after)
            elif isinstance(effect.then, Jump):
                found.extend(self._jump(rule, effect.then, after, depth))
            else:
                found.append(_final(rule, effect.then, after, silent=bool(effect.says)))
        return found


def _sharing(state: State, share: float) -> State:
    return state if share == 1.0 else msgspec.structs.replace(state, chance=state.chance * share)


def _left(state: State) -> State:
    return msgspec.structs.replace(state, left_rule=True)


def _back(state: State) -> State:
    return msgspec.structs.replace(state, left_rule=False) if state.left_rule else state


def _affected(rule: Rule, effect: Effect, state: State) -> State:
    trail = _Trail(Note(rule, effect.says), state.trail) if effect.says else state.trail
    return msgspec.structs.replace(
        state,
        packet=effect.packet,
        trail=trail,
        chance=state.chance * effect.share,
        translated=state.translated or effect.nat,
        proxied_to=effect.proxied_to or state.proxied_to,
    )


def _final(rule: Rule, final: Final, state: State, *, silent: bool = False) -> State:
    trail = state.trail if silent or not final.says else _Trail(Note(rule, final.says), state.trail)
    needs = state.needs
    if final.verdict == "unknown" and final.needs is not None:
        needs = (*needs, f"{placed(rule.at)}: {final.needs}")
    return msgspec.structs.replace(
        state, trail=trail, verdict=final.verdict, reject_with=final.reject_with or state.reject_with, needs=needs
    )


def _late_match(rule: Rule, match: Match, state: State, surroundings: Surroundings) -> list[State]:
    answer = match.test(state.packet, surroundings)
    if answer is True:
        return [state]
    if answer is False:
        return [_left(state)]
    forked = _fork(rule, state, (match.text,))
    if forked is None:
        return [_left(state)]
    yes, no = forked
    return [yes, *([_left(no)] if no is not None else [])]


def _fork(rule: Rule, state: State, unknown: tuple[str, ...]) -> tuple[State, State | None] | None:
    """The branch where the rule matches and the one where not; what was supposed before is not supposed anew."""
    yes = Condition(rule, state.packet, True, unknown)
    no = Condition(rule, state.packet, False, unknown)
    for known in state.conditions:
        if known == no:
            return None
        if known == yes:
            return state, None
    return (
        msgspec.structs.replace(state, conditions=(*state.conditions, yes)),
        msgspec.structs.replace(state, conditions=(*state.conditions, no)),
    )


def _unknown(state: State, needs: str) -> State:
    return msgspec.structs.replace(state, verdict="unknown", needs=(*state.needs, needs))


def _cut(state: State, chain: Chain) -> State:
    return _unknown(state, f"the rest of chain {chain.name}, which the document does not show")
