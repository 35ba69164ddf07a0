"""A host has no route to a peer."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.netfilter import IptablesTable
from kwhy.knowledge.net.connection_fails import CONNECTION_FAILS
from kwhy.knowledge.net.connections import Attempts, connections_of, database_of
from kwhy.knowledge.net.routing import Decision, decide
from kwhy.knowledge.net.rule_match import Flow
from kwhy.knowledge.netfilter.services import iptables_services
from kwhy.knowledge.service.consumers import service_at
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.node import ROUTES, RULES
from kwhy.scene.scene import Scene

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


#: How a connection ends that the kernel refuses to route; a blackhole drops what it forwards without a word.
_REFUSALS = frozenset({"network-unreachable", "no-route-to-host", "permission-denied", "failed"})


def decided_on(scene: Scene, node: Subject) -> list[tuple[Attempts, Decision]]:
    """What the routing tables say about the peers that do not answer; the packet filter gives Services other ends."""
    database = scene.derive(database_of, node)
    tables = iptables_services(scene.facts_on(node, IptablesTable))
    translated = {address for services in tables for address in services.addresses}
    found = []
    for attempts in scene.derive(connections_of, node).values():
        address = attempts.address
        if not attempts.failed or address in translated or service_at(scene, address) is not None:
            continue
        source = attempts.sources[0] if attempts.sources else None
        flow = Flow(destination=address, source=source, arrives_on="*" if source else None)
        try:
            found.append((attempts, decide(database, flow)))
        except ValueError:
            continue  # a host name, not an address: nothing to look up
    return found


def unrouted(scene: Scene, node: Subject) -> list[tuple[Attempts, Decision]]:
    """The peers that the node's rules and tables hold no route to, where attempts end as they do then"""
    return [
        (attempts, decision)
        for attempts, decision in decided_on(scene, node)
        if decision.known
        and decision.result.error is not None
        and (_REFUSALS & set(attempts.outcomes) or decision.result.kind == "blackhole")
    ]


def _nodes(scene: Scene, connection: Subject) -> Iterable[Subject]:
    node = Subject("Node", connection.node or "")
    decided = scene.derive(decided_on, node)
    concerned = [decision for attempts, decision in decided if f"{attempts.address}:{attempts.port}" == connection.name]
    if not decided or any(not d.known or d.result.error is not None for d in concerned):
        yield node


ROUTED_BY = Relation("is routed by", _nodes)


@rule(NO_ROUTE, rows=("R1",), leads=(leads_to(CONNECTION_FAILS, via=ROUTED_BY),))
def no_route(
    node: Subject,
    decided: list[tuple[Attempts, Decision]] = given(decided_on),
    refused: list[tuple[Attempts, Decision]] = given(unrouted),
) -> Verdict:
    """There is no route.

    What it means: The kernel refuses to send: ENETUNREACH without any route, EHOSTUNREACH, EACCES or EINVAL for routes
    of type unreachable, prohibit and blackhole.
    How it shows: Our own evaluation of rules and tables ends without a device; tools say "Network is unreachable".
    What looks like it: "No route to host" although a route exists comes from a firewall's ICMP answer, or from a
    neighbour that does not answer ARP. A Service's address needs no route of its own: the packet filter gives the
    packet another destination first. Time-outs are not of this kind: the kernel answers at once.
    Source: Linux v6.6 net/ipv4/fib_semantics.c (fib_props), net/ipv4/route.c (ip_route_output_key_hash_rcu).
    """
    for attempts, decision in refused:
        because = [Evidence(step.at, step.says) for step in decision.steps if step.at is not None][-3:]
        if because:
            values = {"peer": attempts.address, "error": decision.result.error}
            return Present((*because, *attempts.failed[:1]), values, basis=Basis.RECOMPUTED)
    if decided and all(decision.known for _, decision in decided):
        steps = [step for _, decision in decided for step in decision.steps if step.at is not None]
        if steps:
            return Absent(tuple(Evidence(s.at, s.says) for s in steps[-1:] if s.at is not None))
    return unsure(f"the rules and routes of {node.name}", RULES.of(node=node.name), ROUTES.of(node=node.name))
