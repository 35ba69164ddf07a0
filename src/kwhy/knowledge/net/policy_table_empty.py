"""A policy rule sends traffic to an empty routing table, so main's default takes it out by the wrong device."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import msgspec

from kwhy.facts.network import PolicyRule
from kwhy.knowledge.net.connection_fails import CONNECTION_FAILS
from kwhy.knowledge.net.connections import Attempts, connections_of, database_of
from kwhy.knowledge.net.policy_database import PolicyDatabase
from kwhy.knowledge.net.policy_tables import EmptyTable, tables_expected_but_empty, tables_not_listed
from kwhy.knowledge.net.routing import Decision, decide
from kwhy.knowledge.net.rule_match import Flow
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.probes.node import ROUTES, RULES, TABLE
from kwhy.scene.relations import ON_NODE

POLICY_TABLE_EMPTY = Condition(
    code="net.policy-table-empty",
    kind="Node",
    nature=Nature.ROOT,
    title="Routing table {table} of {subject} is empty: traffic from {source} leaves by {device}{instead}",
    summary="A policy rule looks up a table without routes; the main table decides instead.",
    remedies=(
        Remedy(
            id="restart-the-owner",
            title="Restart the agent that owns table {table}, so that it writes the routes again",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See on a healthy node of the same kind what the table should hold.",
                    "ip route show table {table}",
                ),
                Step(
                    "Restart the CNI's agent on {node} (aws-node, terway, ipamd …): delete its pod, its DaemonSet "
                    "starts a new one.",
                    "kubectl get pods -n kube-system -o wide --field-selector spec.nodeName={node}",
                ),
            ),
            verify=(
                Step("The table holds a default route.", "ip route show table {table}"),
                Step("The kernel chooses the right device.", "ip route get {peer} from {source} iif VETH-OF-THE-POD"),
                Step("The connection works from the pod.", "nc -vz -w 3 {peer} {port}"),
            ),
            undo=(Step("Nothing to undo: the agent writes what it owns."),),
        ),
        Remedy(
            id="watch-the-table",
            title="Find what emptied it",
            when="lasting",
            risk="none",
            steps=(
                Step(
                    "Setting a device down or removing it deletes its routes, and no rules: look for link events.",
                    "journalctl -k | grep -iE 'link (down|up)|renamed'",
                ),
                Step("Keep network managers off the CNI's devices (NetworkManager unmanaged-devices, networkd)."),
            ),
            verify=(Step("The table stays filled after a link event.", "ip route show table {table}"),),
            undo=(Step("Remove the setting again."),),
        ),
    ),
)


class Detour(msgspec.Struct, frozen=True):
    """A connection whose route falls through an empty table."""

    table: EmptyTable
    rule: PolicyRule
    source: str
    peer: Attempts
    decision: Decision
    home: tuple[str, Evidence] | None


def _source_under(rule: PolicyRule, attempts: Attempts) -> str | None:
    """A source address that the rule selects: one that a capture shows, else the rule's own single address."""
    if rule.source is None:
        return attempts.sources[0] if attempts.sources else None
    selected = ip_network(rule.source)
    for source in attempts.sources:
        if ip_address(source) in selected:
            return source
    if attempts.sources or selected.num_addresses != 1:
        return None
    return str(selected.network_address)


def _home(database: PolicyDatabase, source: str) -> tuple[str, Evidence] | None:
    """The device in whose own network the source address lies: the one its traffic is expected to use."""
    for address in database.addresses:
        if address.family != 4 or address.dev == "lo" or address.prefix_length == 32:
            continue
        if ip_address(source) in ip_network(f"{address.address}/{address.prefix_length}", strict=False):
            return address.dev, Evidence(address.at, f"{source} belongs to the network of {address.dev}")
    return None


def detours(database: PolicyDatabase, connections: dict[str, Attempts]) -> list[Detour]:
    """Failing connections whose packets a rule sends to an empty table."""
    found = []
    for table in tables_expected_but_empty(database):
        for policy in table.rules:
            for attempts in connections.values():
                source = _source_under(policy, attempts) if attempts.failed else None
                if source is None or policy.unknown:
                    continue
                decision = decide(database, Flow(destination=attempts.address, source=source, arrives_on="*"))
                if decision.known and decision.result.table != table.table:
                    found.append(Detour(table, policy, source, attempts, decision, _home(database, source)))
    return found


@rule(POLICY_TABLE_EMPTY, rows=("R2", "R1"), leads=(leads_to(CONNECTION_FAILS, via=ON_NODE),))
def policy_table_empty(
    node: Subject,
    database: PolicyDatabase = given(database_of),
    connections: dict[str, Attempts] = given(connections_of),
) -> Verdict:
    """A policy table is empty.

    What it means: The rule says "this pod's traffic has a table of its own"; without routes there, the kernel goes on
    to the next rule, and main's default sends the packets out by another device. Answers come elsewhere, if at all;
    fabrics drop packets whose source address does not belong to the port they come from.
    How it shows: `ip rule` names the table, a listing of it is empty, our own evaluation of the policy database takes
    main's route, and a capture shows the SYNs on the wrong device.
    What looks like it: A security group or firewall that drops (the path is right then); rp_filter; a server that is
    down (then the right path fails too).
    Source: Linux v6.6 net/core/fib_rules.c (fib_rules_lookup goes on after an empty table), net/ipv4/fib_trie.c;
    ip-rule(8).
    """
    found = detours(database, connections)
    if found:
        return _present(found[0])
    unlisted = tables_not_listed(database)
    if unlisted:
        probes = tuple(TABLE.of(name=table.table, node=node.name) for table in unlisted)
        return Unsure((Gap(f"the routes of table {unlisted[0].table} of {node.name}", probes),))
    if not database.rule_listings:
        return unsure(
            f"the policy rules and tables of {node.name}", RULES.of(node=node.name), ROUTES.of(node=node.name)
        )
    listing = next(iter(database.rule_listings.values()))
    if tables_expected_but_empty(database):
        return unsure(f"the source address of the failing connections of {node.name}", RULES.of(node=node.name))
    return Absent((Evidence(listing.at, "every table that a rule names holds routes"),))


def _present(detour: Detour) -> Present:
    device = " or ".join(detour.decision.result.devices) or "no device"
    home = detour.home
    instead = f", not by {home[0]}" if home is not None and home[0] not in detour.decision.result.devices else ""
    because = [
        Evidence(detour.rule.at, f"traffic from {detour.source} looks up table {detour.table.table}"),
        Evidence(detour.table.listing.at, f"table {detour.table.table} is listed and holds no route"),
    ]
    because += [Evidence(s.at, s.says) for s in detour.decision.steps[-1:] if s.at is not None]
    because += list(detour.peer.failed[:2])
    if home is not None and instead:
        because.append(home[1])
    values = {
        "table": detour.table.table,
        "source": detour.source,
        "device": device,
        "instead": instead,
        "peer": detour.peer.address,
        "port": detour.peer.port,
    }
    return Present(tuple(because), values, basis=Basis.RECOMPUTED)
