"""Connections to a peer fail. The generic symptom of reachability."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.api.failures import failures_of, kind_of
from kwhy.knowledge.api.kubectl_fails import KUBECTL_FAILS
from kwhy.knowledge.net.connections import Attempts, connections_of
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.node import CONNECT
from kwhy.scene.scene import Scene

CONNECTION_FAILS = Condition(
    code="net.connection-fails",
    kind="Connection",
    nature=Nature.EFFECT,
    title="Connections from {node} to {name} fail ({how})",
    summary="Attempts to connect are not answered, or refused.",
)


def _failing(scene: Scene) -> list[Subject]:
    return [
        Subject("Connection", name, node=node.name)
        for node in scene.hosts.all
        for name, attempts in scene.derive(connections_of, node).items()
        if attempts.failed
    ]


def attempts_of(scene: Scene, connection: Subject) -> Attempts | None:
    """Connection attempts (nc, telnet, curl) and captured handshakes"""
    return scene.derive(connections_of, Subject("Node", connection.node or "")).get(connection.name)


def _called(scene: Scene, server: Subject) -> Iterable[Subject]:
    """Connections to the API server that kubectl does not reach, from every host that tried; else from kubectl's."""
    kind = kind_of(scene, server)
    if kind not in ("unreachable", "refused") or ":" not in server.name:
        return []
    hosts = [node for node in scene.hosts.all if server.name in scene.derive(connections_of, node)]
    if not hosts and kind == "unreachable":
        hosts = [scene.host_of(failure.at.document) for failure in failures_of(scene, server)[:1]]
    return [Subject("Connection", server.name, node=host.name) for host in hosts]


CALLED_AT = Relation("is called at", _called)


@rule(
    CONNECTION_FAILS,
    rows=("R1", "R2"),
    leads=(leads_to(KUBECTL_FAILS, via=CALLED_AT),),
    among=_failing,
    symptom=True,
)
def connection_fails(connection: Subject, attempts: Attempts | None = given(attempts_of)) -> Verdict:
    """The connection fails.

    What it means: SYNs stay unanswered (lost on the way or dropped), or something answers with a refusal.
    How it shows: A tool reports a time-out or an error; a capture shows SYNs without SYN-ACK.
    What looks like it: Ping may be answered though TCP is not: ICMP takes another path, or somebody else answers it.
    Source: RFC 9293 (TCP); the tools' own messages.
    """
    if attempts is None:
        address, _, port = connection.name.rpartition(":")
        return unsure(
            f"an attempt to reach {connection.name}", CONNECT.of(node=connection.node, name=address, port=port)
        )
    if attempts.failed:
        how = " and ".join(outcome for outcome in attempts.outcomes if outcome != "connected")
        answered = " although ping is answered" if attempts.pings else ""
        return Present((*attempts.failed, *attempts.pings[:1]), {"how": how + answered})
    if attempts.succeeded:
        return Absent(attempts.succeeded)
    return unsure(f"how attempts to reach {connection.name} end")
