"""A host has no route to a peer."""

from __future__ import annotations

from kwhy.knowledge.net.connection_fails import CONNECTION_FAILS
from kwhy.knowledge.net.connections import Attempts, connections_of, database_of
from kwhy.knowledge.net.policy_database import PolicyDatabase
from kwhy.knowledge.net.routing import Decision, decide
from kwhy.knowledge.net.rule_match import Flow
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.node import ROUTES, RULES
from kwhy.scene.relations import ON_NODE

NO_ROUTE = Condition(
    code="net.no-route",
    kind="Node",
    nature=Nature.ROOT,
    title="{subject} has no route to {peer} ({error})",
    summary="The routing policy database of the node refuses the destination, or holds no route to it.",
    remedies=(
        Remedy(
            id="restore-the-route",
            title="Restore the route",
            when="now",
            risk="medium",
            steps=(
                Step("See on a healthy node which route leads there.", "ip route get {peer}"),
                Step("Restore the network configuration, or restart the agent that owns the route."),
            ),
            verify=(Step("The kernel finds a route.", "ip route get {peer}"),),
            undo=(Step("Delete the route that was added by hand.", "ip route del {peer}"),),
        ),
    ),
)


@rule(NO_ROUTE, rows=("R1",), leads=(leads_to(CONNECTION_FAILS, via=ON_NODE),))
def no_route(
    node: Subject,
    database: PolicyDatabase = given(database_of),
    connections: dict[str, Attempts] = given(connections_of),
) -> Verdict:
    """There is no route.

    What it means: The kernel refuses to send: ENETUNREACH without any route, EHOSTUNREACH, EACCES or EINVAL for routes
    of type unreachable, prohibit and blackhole.
    How it shows: Our own evaluation of rules and tables ends without a device; tools say "Network is unreachable".
    What looks like it: "No route to host" although a route exists comes from a firewall's ICMP answer, or from a
    neighbour that does not answer ARP.
    Source: Linux v6.6 net/ipv4/fib_semantics.c (fib_props), net/ipv4/route.c (ip_route_output_key_hash_rcu).
    """
    decided: list[tuple[Attempts, Decision]] = []
    for attempts in connections.values():
        if not attempts.failed:
            continue
        source = attempts.sources[0] if attempts.sources else None
        flow = Flow(destination=attempts.address, source=source, arrives_on="*" if source else None)
        try:
            decided.append((attempts, decide(database, flow)))
        except ValueError:
            continue  # a host name, not an address: nothing to look up
    for attempts, decision in decided:
        if decision.known and decision.result.error is not None:
            because = [Evidence(step.at, step.says) for step in decision.steps if step.at is not None][-3:]
            if because:
                values = {"peer": attempts.address, "error": decision.result.error}
                return Present((*because, *attempts.failed[:1]), values, basis=Basis.RECOMPUTED)
    if decided and all(decision.known for _, decision in decided):
        steps = [step for _, decision in decided for step in decision.steps if step.at is not None]
        if steps:
            return Absent(tuple(Evidence(s.at, s.says) for s in steps[-1:] if s.at is not None))
    return unsure(f"the rules and routes of {node.name}", RULES.of(node=node.name), ROUTES.of(node=node.name))
