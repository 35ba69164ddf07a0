"""The route decision of Linux, computed from what documents show of the routing policy database.

Rules are tried by priority; a rule that matches looks into its table, where the longest prefix wins; a table without
route (or with `throw`) sends the packet to the next rule. What no document shows stays unknown: the decision then says
on what it depends, and is still made where every possibility leads to the same result.

Sources, Linux 6.18: net/core/fib_rules.c fib_rules_lookup(), fib_rule_match(); net/ipv4/fib_rules.c fib4_rule_action(),
fib4_rule_suppress(); net/ipv4/fib_trie.c fib_table_lookup(); net/ipv4/fib_semantics.c fib_props[], fib_select_path();
net/ipv4/route.c ip_route_output_key_hash_rcu(), ip_route_input_slow(); net/ipv6/fib6_rules.c, net/ipv6/route.c
fib6_table_lookup(). Checked against `ip route get` of a running kernel by tests/labs/test_routing_lab.py.

Not modelled, and therefore unknown or said: VRF, flow labels, IPv6 neighbour reachability between equal routes, route
exceptions (ICMP redirects, path MTU), and what netfilter changes after the decision.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from kwhy.facts.network import Family, NextHop, PolicyRule, Route
from kwhy.knowledge.net.policy_database import DEFAULT_RULES, PolicyDatabase
from kwhy.knowledge.net.rule_match import LOOPBACK, Flow, canonical, family_of, matches
from kwhy.knowledge.net.source_address import chosen_source, is_own_address, select_v4
from kwhy.knowledge.net.table_lookup import Found, NoRoute, Rejected, look_up
from kwhy.model.document import Document, Locator

ResultKind: TypeAlias = Literal[
    "unicast", "local", "broadcast", "multicast", "anycast", "unreachable", "prohibit", "blackhole", "unknown"
]
_SCOPE_LINK = 253


class Step(msgspec.Struct, frozen=True):
    """One step of a decision, in a sentence, with its place. ``at`` is None for what was assumed."""

    says: str
    at: Locator | None


class Result(msgspec.Struct, frozen=True):
    """Where a packet goes.

    ``nexthops`` holds several where the kernel picks one per flow. ``source`` is the source address the packet has or
    gets; None where the evidence does not tell. ``error`` is the errno name for packets that go nowhere.
    """

    kind: ResultKind
    nexthops: tuple[NextHop, ...] = ()
    source: str | None = None
    table: str | None = None
    error: str | None = None
    route: Route | None = None
    rule: PolicyRule | None = None

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices that the packet may leave by."""
        return tuple(dict.fromkeys(hop.dev for hop in self.nexthops if hop.dev is not None))


class Possibility(msgspec.Struct, frozen=True):
    """A result that holds if ``conditions`` do."""

    result: Result
    steps: tuple[Step, ...]
    conditions: tuple[str, ...]


class Decision(msgspec.Struct, frozen=True):
    """The decision for a flow. ``result.kind`` "unknown": see ``depends_on`` and ``possibilities``.

    ``assumed`` lists what no document shows and was taken to be as the kernel sets it up.
    """

    flow: Flow
    result: Result
    steps: tuple[Step, ...]
    depends_on: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    possibilities: tuple[Possibility, ...] = ()

    @property
    def known(self) -> bool:
        return self.result.kind != "unknown"


def decide(database: PolicyDatabase, flow: Flow) -> Decision:
    """Where the kernel sends packets of the flow, step by step."""
    flow = canonical(flow)
    family = family_of(flow)
    rules, assumed = _rules(database, family)
    refused = _refuses_source(database, flow, family)
    if refused is not None:
        return Decision(flow, refused.result, refused.steps)
    walk = _Walk(database, flow, family, rules, assumed)
    possible = [_finish(database, flow, family, one) for one in walk.possibilities()]
    return _decision(flow, possible, tuple(dict.fromkeys(walk.assumed)))


def answer_of_tables(database: PolicyDatabase, flow: Flow) -> Decision:
    """What rules and tables alone answer (fib_lookup()): no check of the source, none of forwarding, none chosen."""
    flow = canonical(flow)
    family = family_of(flow)
    rules, assumed = _rules(database, family)
    walk = _Walk(database, flow, family, rules, assumed)
    return _decision(flow, walk.possibilities(), tuple(dict.fromkeys(walk.assumed)))


def _decision(flow: Flow, possible: list[Possibility], assumed: tuple[str, ...]) -> Decision:
    first = possible[0]
    if all(one.result.kind != "unknown" and _same(one.result, first.result) for one in possible):
        return Decision(flow, first.result, first.steps, (), assumed)
    depends = tuple(dict.fromkeys(condition for one in possible for condition in one.conditions))
    return Decision(flow, Result("unknown"), first.steps, depends, assumed, tuple(possible))


def _same(one: Result, other: Result) -> bool:
    return (one.kind, one.nexthops, one.source, one.error) == (other.kind, other.nexthops, other.source, other.error)


def _rules(database: PolicyDatabase, family: Family) -> tuple[tuple[PolicyRule, ...], list[str]]:
    shown = database.rules[family]
    if family in database.rule_listings:
        return shown, []
    ip = "ip rule" if family == 4 else "ip -6 rule"
    have = {(rule.priority, rule.table) for rule in shown}
    defaults = tuple(
        PolicyRule(at=_NOWHERE, family=family, priority=priority, action="lookup", table=table)
        for priority, table in DEFAULT_RULES[family]
        if (priority, table) not in have
    )
    rules = tuple(sorted((*shown, *defaults), key=lambda rule: rule.priority))
    return rules, [f"no other rules than those shown and the kernel's defaults (`{ip}` lists them all)"]


class _Walk:
    """One pass over the rules. An undecidable rule adds a possibility and is passed, an undecidable goto branches."""

    def __init__(
        self, database: PolicyDatabase, flow: Flow, family: Family, rules: tuple[PolicyRule, ...], assumed: list[str]
    ) -> None:
        self.database = database
        self.flow = flow
        self.family: Family = family
        self.rules = rules
        self.assumed = assumed
        self._branches: list[tuple[int, tuple[Step, ...], tuple[str, ...]]] = [(0, (), ())]
        self._begun: set[int] = set()

    def possibilities(self) -> list[Possibility]:
        found: list[Possibility] = []
        while self._branches:
            index, steps, conditions = self._branches.pop()
            if index not in self._begun:
                self._begun.add(index)
                found.extend(self._from(index, steps, conditions))
        return found

    def _from(self, index: int, steps: tuple[Step, ...], conditions: tuple[str, ...]) -> list[Possibility]:
        found: list[Possibility] = []
        while index < len(self.rules):
            rule = self.rules[index]
            verdict = matches(self.database, rule, self.flow, self.family)
            index += 1
            if verdict is False:
                continue
            applies = conditions if verdict is True else (*conditions, verdict)
            if rule.action == "goto":
                target = self._target(rule)
                if target is not None and verdict is True:
                    steps = (*steps, Step(f"rule {rule.priority} jumps to rule {rule.goto}", _place(rule)))
                    index = target
                elif target is not None:
                    self._branches.append((target, steps, applies))
                    conditions = applies
                continue
            ended, after, one = self._apply(rule, steps, applies)
            found.extend(one)
            if ended and verdict is True:
                return found
            steps = after if verdict is True else steps
            conditions = one[0].conditions if one else conditions
        nowhere = Step("no rule leads to a route", None)
        return [*found, Possibility(Result("unreachable", error="ENETUNREACH"), (*steps, nowhere), conditions)]

    def _target(self, rule: PolicyRule) -> int | None:
        for index, candidate in enumerate(self.rules):
            if candidate.priority == rule.goto:
                return index if candidate.priority > rule.priority else None
        return None

    def _apply(
        self, rule: PolicyRule, steps: tuple[Step, ...], conditions: tuple[str, ...]
    ) -> tuple[bool, tuple[Step, ...], list[Possibility]]:
        """Whether the walk ends here if the rule matches, the steps so far, and what the rule may lead to."""
        place = _place(rule)
        if rule.action == "nop":
            return False, steps, []
        if rule.action in _REFUSALS:
            kind, error = _REFUSALS[rule.action]
            says = f"rule {rule.priority} refuses with {rule.action}"
            result = Result(kind, error=error, rule=rule)
            return True, steps, [Possibility(result, (*steps, Step(says, place)), conditions)]
        if rule.action != "lookup" or rule.table is None:
            why = f"rule {rule.priority} does what is not understood: {place.excerpt if place else rule.action}"
            return False, steps, [Possibility(Result("unknown"), steps, (*conditions, why))]
        return self._look_up(rule, rule.table, steps, conditions)

    def _look_up(
        self, rule: PolicyRule, table: str, steps: tuple[Step, ...], conditions: tuple[str, ...]
    ) -> tuple[bool, tuple[Step, ...], list[Possibility]]:
        matched = Step(f"rule {rule.priority} looks into table {table}", _place(rule))
        answer = look_up(self.database, table, self.flow, self.family, self.assumed)
        if isinstance(answer, Found):
            suppressed = _suppressed(self.database, rule, answer)
            if isinstance(suppressed, str):
                unknown = Possibility(Result("unknown"), (*steps, matched), (*conditions, suppressed))
                return False, steps, [unknown]
            if suppressed:
                says = f"table {table}: {answer.route.destination} is suppressed by rule {rule.priority} → next rule"
                return False, (*steps, matched, Step(says, answer.route.at)), []
            says = f"table {table}: {_in_words(answer.route)} is the longest match"
            result = Result(answer.route.type, answer.hops, None, table, None, answer.route, rule)  # type: ignore[arg-type]
            return True, steps, [Possibility(result, (*steps, matched, Step(says, answer.route.at)), conditions)]
        if isinstance(answer, Rejected):
            says = f"table {table}: {_in_words(answer.route)} refuses"
            kind, error = _REJECTIONS[answer.route.type]
            result = Result(kind, table=table, error=error, route=answer.route, rule=rule)
            return True, steps, [Possibility(result, (*steps, matched, Step(says, answer.route.at)), conditions)]
        if isinstance(answer, NoRoute):
            return False, (*steps, matched, Step(f"table {table}: {answer.why} → next rule", answer.at)), []
        found = [Possibility(Result("unknown"), (*steps, matched), (*conditions, answer.why))]
        return False, (*steps, matched), found


_REFUSALS: dict[str, tuple[ResultKind, str]] = {
    "unreachable": ("unreachable", "ENETUNREACH"),
    "prohibit": ("prohibit", "EACCES"),
    "blackhole": ("blackhole", "EINVAL"),
}
#: net/ipv4/fib_semantics.c fib_props[]; net/ipv6/route.c ip6_rt_type_to_error()
_REJECTIONS: dict[str, tuple[ResultKind, str]] = {
    "unreachable": ("unreachable", "EHOSTUNREACH"),
    "prohibit": ("prohibit", "EACCES"),
    "blackhole": ("blackhole", "EINVAL"),
    "nat": ("blackhole", "EINVAL"),
}


def _suppressed(database: PolicyDatabase, rule: PolicyRule, found: Found) -> bool | str:
    """Whether the rule refuses so short a prefix or such a device; the sentence where the device's group is unknown."""
    length = int(found.route.destination.rpartition("/")[2])
    if rule.suppress_prefixlength is not None and length <= rule.suppress_prefixlength:
        return True
    if rule.suppress_ifgroup is None:
        return False
    device = found.hops[0].dev
    link = database.links.get(device) if device else None
    if link is None or link.group is None:
        return f"rule {rule.priority}: whether {device} is in the suppressed group {rule.suppress_ifgroup}"
    return _group(link.group) == _group(rule.suppress_ifgroup)


def _group(name: str) -> str:
    return "0" if name == "default" else name


def _place(rule: PolicyRule) -> Locator | None:
    return None if rule.at is _NOWHERE else rule.at


def _in_words(route: Route) -> str:
    destination = "default" if route.is_default else route.destination
    hops = " or ".join(
        " ".join([*(["via", hop.via] if hop.via else []), *(["dev", hop.dev] if hop.dev else [])])
        for hop in route.nexthops
    )
    return " ".join(word for word in (route.type if route.type != "unicast" else "", destination, hops) if word)


def _refuses_source(database: PolicyDatabase, flow: Flow, family: Family) -> Possibility | None:
    """IPv4 sends with a given source only if the host owns it (ip_route_output_key_hash_rcu()); IPv6 does not ask."""
    if flow.source is None or flow.arrives_on is not None or family == 6:
        return None
    if is_own_address(database, flow.source, family) is not False:
        return None
    place = database.address_listing.at if database.address_listing else None
    step = Step(f"{flow.source} is no address of this host, so it cannot be the source of a packet made here", place)
    return Possibility(Result("unreachable", error="ENETUNREACH"), (step,), ())


def _finish(database: PolicyDatabase, flow: Flow, family: Family, one: Possibility) -> Possibility:
    """What the kernel does after the rules have answered: sources, forwarding, packets for this host."""
    result = one.result
    if result.kind == "unknown":
        return one
    if result.error is not None:
        return _onlink(database, flow, family, one)
    if result.kind == "local":
        result = msgspec.structs.replace(result, nexthops=(NextHop(None, LOOPBACK),))
        one = _with(one, result)
    if flow.arrives_on is not None:
        return _forwarded(database, flow, family, one)
    if result.kind == "local":
        source = flow.source or (result.route.prefsrc if result.route else None) or flow.destination
        return _with(one, msgspec.structs.replace(result, source=source))
    return _with(one, msgspec.structs.replace(result, source=flow.source or _source(database, flow, result)))


def _with(one: Possibility, result: Result) -> Possibility:
    return Possibility(result, one.steps, one.conditions)


def _source(database: PolicyDatabase, flow: Flow, result: Result) -> str | None:
    """The source that all possible next hops lead to; None if they differ or one is not told."""
    route = result.route
    if route is None:
        return None
    sources = {chosen_source(database, route, hop, flow.destination) for hop in result.nexthops}
    return sources.pop() if len(sources) == 1 else None


def _onlink(database: PolicyDatabase, flow: Flow, family: Family, one: Possibility) -> Possibility:
    """A socket bound to a device sends there even without route, as if the destination were on its link (IPv4)."""
    if flow.bound_to is None or family == 6:
        return one
    source = flow.source or select_v4(database, flow.bound_to, None, _SCOPE_LINK)
    result = Result("unicast", (NextHop(None, flow.bound_to),), source)
    step = Step(f"the socket is bound to {flow.bound_to}: the destination is taken to be on its link", None)
    return Possibility(result, (*one.steps, step), one.conditions)


def _forwarded(database: PolicyDatabase, flow: Flow, family: Family, one: Possibility) -> Possibility:
    """A packet from elsewhere keeps its source; it passes only where forwarding is on."""
    result = msgspec.structs.replace(one.result, source=flow.source)
    if result.kind != "unicast":
        return _with(one, result)
    ip = "ipv4" if family == 4 else "ipv6"
    keys = (
        f"net.{ip}.conf.{flow.arrives_on}.forwarding",
        "net.ipv4.ip_forward" if family == 4 else f"net.{ip}.conf.all.forwarding",
    )
    setting = next((database.sysctls[key] for key in keys if key in database.sysctls), None)
    if setting is None or setting.value != "0":
        return _with(one, result)
    step = Step(f"{setting.key} is 0: packets from {flow.arrives_on} are not forwarded", setting.at)
    refused = Result("unreachable", error="EHOSTUNREACH", table=result.table, route=result.route, rule=result.rule)
    return Possibility(refused, (*one.steps, step), one.conditions)


#: The place of rules that no document shows.
_NOWHERE = Locator(Document("(assumed)", b""))
