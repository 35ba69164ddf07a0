"""The packet filter of one network namespace of a host, put together from all documents that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias, TypeVar

import msgspec

from kwhy.facts.netfilter import IpSet, IptablesTable, NetfilterFact, NftListing, NftTable, VirtualServer
from kwhy.knowledge.netfilter.chain import Chain, Chains
from kwhy.knowledge.netfilter.iptables_rules import iptables_chain
from kwhy.knowledge.netfilter.nft_rules import Sets, nft_chain
from kwhy.knowledge.netfilter.packet import Family
from kwhy.knowledge.netfilter.sets import AddressSets
from kwhy.model.document import Locator
from kwhy.model.fact import Fact

#: include/uapi/linux/netfilter_ipv4.h enum nf_ip_hook_priorities
CONNTRACK, NAT_DST, NAT_SRC = -200, -100, 100
#: Priorities of iptables' tables (net/ipv4/netfilter/iptable_*.c); nat: see stages_of.
_IPTABLES_PRIORITY = {"raw": -300, "mangle": -150, "nat": 0, "filter": 0, "security": 50}
_HOOK_CHAINS = {
    "prerouting": "PREROUTING",
    "input": "INPUT",
    "forward": "FORWARD",
    "output": "OUTPUT",
    "postrouting": "POSTROUTING",
}
#: Hooks at which destinations are translated; at the others, sources are (nf_nat_proto.c nf_nat_ipv4_ops).
_DESTINATION_NAT = frozenset(("prerouting", "output"))


_FAMILIES: tuple[Family, ...] = (4, 6)


class BaseChain(msgspec.Struct, frozen=True, eq=False):
    """A chain at a hook. ``label`` names it in sentences ("chain FORWARD of table filter")."""

    chain: Chain
    table: Table
    policy: str
    priority: int
    nat: bool
    label: str
    at: Locator


class NatStage(msgspec.Struct, frozen=True, eq=False):
    """All nat chains of a hook: one after the other until one translates (nf_nat_core.c nf_nat_inet_fn)."""

    chains: tuple[BaseChain, ...]


class ConntrackStage(msgspec.Struct, frozen=True):
    """Here conntrack looks at the packet, after some chains have seen it without a connection."""


Stage: TypeAlias = BaseChain | NatStage | ConntrackStage


class Table:
    """A table whose chains can jump to one another."""

    def __init__(self, source: IptablesTable | NftTable, sets: AddressSets) -> None:
        self.source = source
        if isinstance(source, IptablesTable):
            self.chains = Chains(source.chains, lambda name: iptables_chain(source, name, sets))
        else:
            named = Sets(source)
            self.chains = Chains(source.chains, lambda name: nft_chain(source, name, named))

    def serves(self, family: Family) -> bool:
        if isinstance(self.source, IptablesTable):
            return self.source.family == family
        return self.source.family in ("inet", "ip" if family == 4 else "ip6") and not self.source.dormant

    def base_chains(self, hook: str) -> Iterable[BaseChain]:
        source = self.source
        if isinstance(source, IptablesTable):
            name = _HOOK_CHAINS[hook]
            shown = source.chains.get(name)
            if shown is not None:
                label = f"chain {name} of table {source.name}"
                priority = _IPTABLES_PRIORITY.get(source.name, 0)
                policy = (shown.policy or "ACCEPT").lower()
                yield BaseChain(self.chains[name], self, policy, priority, source.name == "nat", label, source.at)
            return
        for name, chain in source.chains.items():
            if chain.hook == hook and chain.type is not None:
                label = f"chain {name} of table {source.family} {source.name}"
                at = source.at.document.at(chain.line, excerpt=f"chain {name} {{")
                nat = chain.type == "nat"
                priority = chain.priority if chain.priority is not None else 0
                yield BaseChain(self.chains[name], self, chain.policy, priority, nat, label, at)


class RuleSet:
    """``shown``: some document shows the packet filter. ``assumed`` says what was taken for granted, in sentences.

    ``families`` are those that the documents show: what IPv6 packets meet is not known from IPv4's tables.
    """

    def __init__(self, tables: Iterable[Table], virtual: Iterable[VirtualServer], assumed: tuple[str, ...]) -> None:
        self.tables = tuple(tables)
        self.virtual_servers = tuple(virtual)
        self.assumed = assumed
        self._families = {family for family in _FAMILIES for table in self.tables if table.serves(family)}
        self._stages: dict[tuple[str, Family], tuple[Stage, ...]] = {}

    @property
    def shown(self) -> bool:
        return bool(self.tables)

    def shows(self, family: Family) -> bool:
        return family in self._families

    def stages(self, hook: str, family: Family) -> tuple[Stage, ...]:
        """What the packet meets at the hook, in the kernel's order."""
        found = self._stages.get((hook, family))
        if found is None:
            found = self._stages[(hook, family)] = self._stages_of(hook, family)
        return found

    def _stages_of(self, hook: str, family: Family) -> tuple[Stage, ...]:
        found = [base for table in self.tables if table.serves(family) for base in table.base_chains(hook)]
        chains = [base for base in found if not base.chain.idle or base.policy != "accept"]
        nat = tuple(sorted((base for base in chains if base.nat), key=lambda base: base.priority))
        order: list[tuple[int, Stage]] = [(base.priority, base) for base in chains if not base.nat]
        if hook != "forward":  # also without rules: answers are translated back here
            order.append((NAT_DST if hook in _DESTINATION_NAT else NAT_SRC, NatStage(nat)))
        if hook in _DESTINATION_NAT and any(priority < CONNTRACK for priority, _ in order):
            order.append((CONNTRACK, ConntrackStage()))
        order.sort(key=lambda each: each[0])
        return tuple(stage for _, stage in order)

    def iptables(self, name: str, family: Family = 4) -> Table | None:
        """The table of iptables with this name that has most rules (kube-proxy writes to one backend only)."""
        found = [t for t in self.tables if isinstance(t.source, IptablesTable) and t.serves(family)]
        named = [t for t in found if t.source.name == name]
        return max(named, key=lambda t: t.source.rules, default=None)  # type: ignore[union-attr]  # all of iptables


def rule_set(facts: Iterable[Fact]) -> RuleSet:
    """The rule set that these facts (of one host and one network namespace) describe; of two dumps the later counts.

    Facts of other kinds are passed over.
    """
    shown = [fact for fact in facts if isinstance(fact, NetfilterFact)]
    iptables = newest_tables(fact for fact in shown if isinstance(fact, IptablesTable))
    nft = newest_nft_tables(fact for fact in shown if isinstance(fact, NftTable))
    translated = {("ip" if t.family == 4 else "ip6", t.name) for t in iptables if t.backend != "legacy"}
    native = [table for table in nft if (table.family, table.name) not in translated]
    sets = AddressSets([fact for fact in shown if isinstance(fact, IpSet)])
    tables = [*(Table(fact, sets) for fact in iptables), *(Table(fact, sets) for fact in native)]
    virtual = [fact for fact in shown if isinstance(fact, VirtualServer)]
    return RuleSet(tables, virtual, tuple(_assumed(iptables, any(isinstance(f, NftListing) for f in shown), native)))


def newest_tables(tables: Iterable[IptablesTable]) -> list[IptablesTable]:
    """Of several dumps of a table, the last."""
    return _newest(list(tables), lambda table: (table.family, table.name, _backend(table)))


def newest_nft_tables(tables: Iterable[NftTable]) -> list[NftTable]:
    """Of several dumps of a table, the last."""
    return _newest(list(tables), lambda table: (table.family, table.name))


_T = TypeVar("_T", IptablesTable, NftTable)


def _newest(tables: list[_T], name: Callable[[_T], object]) -> list[_T]:
    """One table of each name: the one taken last, where that is known, else the one that comes last."""
    found: dict[object, _T] = {}
    for table in tables:
        before = found.get(name(table))
        if before is None or not before.observed.certainly_after(table.observed):
            found[name(table)] = table
    return list(found.values())


def _backend(table: IptablesTable) -> str:
    return "legacy" if table.backend == "legacy" else "nf_tables"


def _assumed(iptables: list[IptablesTable], listed: bool, native: list[NftTable]) -> Iterable[str]:
    if not listed and iptables:
        yield "there are no other tables of nftables than those shown (`nft list ruleset` shows them all)"
    if listed and not any(table.backend == "legacy" for table in iptables):
        yield "there are no tables of legacy iptables (`iptables-legacy-save` shows them)"
    for table in native:
        if table.family in ("netdev", "bridge"):
            yield f"table {table.family} {table.name}, which sees packets earlier, lets them pass"
