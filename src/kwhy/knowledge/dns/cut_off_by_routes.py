"""A name server's pod is cut off because its node has no route to the upstreams, or looks into an empty table."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.dns.forwarding import failures_of, lost
from kwhy.knowledge.dns.server_cut_off import SERVER_CUT_OFF
from kwhy.knowledge.net.connections import Attempts, connections_of, database_of
from kwhy.knowledge.net.no_route import NO_ROUTE, decided_on, no_route, unrouted
from kwhy.knowledge.net.policy_database import PolicyDatabase
from kwhy.knowledge.net.policy_table_empty import POLICY_TABLE_EMPTY, detours, policy_table_empty
from kwhy.knowledge.net.routing import Decision
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import node_of_pod
from kwhy.scene.scene import Scene


def _upstreams(scene: Scene, pod: Subject) -> frozenset[str]:
    """The addresses of the upstreams from which nothing comes back."""
    found = set()
    for failure in lost(scene.derive(failures_of, pod)):
        name = failure.upstream.name
        found.add(name if name.count(":") != 1 and not name.startswith("[") else name.rpartition(":")[0].strip("[]"))
    return frozenset(found)


def _unrouted(scene: Scene, pod: Subject) -> Iterable[Subject]:
    """The pod's node, where it has no route to an upstream either."""
    upstreams = _upstreams(scene, pod)
    for node in node_of_pod(scene, pod):
        if any(attempts.address in upstreams for attempts, _ in scene.derive(unrouted, node)):
            yield node


def _detoured(scene: Scene, pod: Subject) -> Iterable[Subject]:
    """The pod's node, where packets to an upstream fall through an empty policy table."""
    upstreams = _upstreams(scene, pod)
    for node in node_of_pod(scene, pod):
        found = detours(scene.derive(database_of, node), scene.derive(connections_of, node))
        if any(detour.peer.address in upstreams for detour in found):
            yield node


UNROUTED_ON = Relation("has no route to its upstreams from", _unrouted)
DETOURED_ON = Relation("is routed around its own table on", _detoured)


@rule(NO_ROUTE, rows=("D3", "R1"), leads=(leads_to(SERVER_CUT_OFF, via=UNROUTED_ON),))
def name_server_has_no_route(
    node: Subject,
    decided: list[tuple[Attempts, Decision]] = given(decided_on),
    refused: list[tuple[Attempts, Decision]] = given(unrouted),
) -> Verdict:
    """The name server's node has no route to the upstreams.

    What it means: The kernel refuses to send the forwarded questions.
    How it shows: An attempt from the node to the same upstream ends without a route.
    What looks like it: A route that is there, and a gateway that does not answer.
    Source: As for the node itself.
    """
    return no_route.judge(node, decided, refused)


@rule(POLICY_TABLE_EMPTY, rows=("D3", "R2"), leads=(leads_to(SERVER_CUT_OFF, via=DETOURED_ON),))
def name_server_falls_through_empty_table(
    node: Subject,
    database: PolicyDatabase = given(database_of),
    connections: dict[str, Attempts] = given(connections_of),
) -> Verdict:
    """A policy table of the name server's node is empty.

    What it means: Packets to the upstreams leave by another device than the pod's own.
    How it shows: An attempt from the node to the same upstream goes the same way.
    What looks like it: A table that somebody emptied on purpose, and attempts that succeed.
    Source: As for the node itself.
    """
    return policy_table_empty.judge(node, database, connections)
