"""etcd has no leader, as etcdctl finds it."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.etcd import EndpointStatus
from kwhy.knowledge.etcd.logs import CLUSTER
from kwhy.knowledge.etcd.no_leader import NO_LEADER
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.etcd import ENDPOINT_STATUS
from kwhy.scene.scene import Scene


def _suspects(scene: Scene) -> Iterable[Subject]:
    """The cluster, where a member says that it knows no leader."""
    return (CLUSTER,) if any(_leaderless(status) for status in scene.facts(EndpointStatus)) else ()


def _leaderless(status: EndpointStatus) -> bool:
    return "no leader" in status.errors or status.leader == ""


def _statuses(scene: Scene, cluster: Subject) -> list[EndpointStatus]:
    """etcdctl endpoint status"""
    return list(scene.facts(EndpointStatus)) if cluster == CLUSTER else []


@rule(NO_LEADER, rows=("C4",), among=_suspects, symptom=True)
def no_leader_in_status(cluster: Subject, shown: list[EndpointStatus] = given(_statuses)) -> Verdict:
    """etcd has no leader, as its members say themselves.

    What it means: The members that answer know no leader; no write succeeds.
    How it shows: The column ERRORS of endpoint status says "etcdserver: no leader", in JSON the leader is 0.
    What looks like it: One member that is cut off from the others: they know a leader.
    Source: etcd v3.6 server/etcdserver/api/v3rpc/maintenance.go (Status).
    """
    if not shown:
        return unsure("whether etcd has a leader", ENDPOINT_STATUS.of())
    without = [status for status in shown if _leaderless(status)]
    knowing = [status for status in shown if not _leaderless(status)]
    if knowing:
        return Absent((Evidence(knowing[0].at, "a member knows a leader"),))
    return Present(tuple(Evidence(status.at, f"{status.endpoint} knows no leader") for status in without[:3]))
