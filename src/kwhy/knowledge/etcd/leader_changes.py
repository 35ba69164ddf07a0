"""etcd loses its leader."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.log_patterns.etcd import HEARTBEAT_LATE, LEADER_ELECTED, LEADER_LOST, PEER_UNHEALTHY, SLOW_FDATASYNC
from kwhy.knowledge.api.failures import failures_of
from kwhy.knowledge.api.kubectl_fails import KUBECTL_FAILS
from kwhy.knowledge.etcd.logs import CLUSTER, MemberLog, cluster_logs, member_logs
from kwhy.knowledge.kubelet.cannot_reach_api_server import CANNOT_REACH_API_SERVER
from kwhy.knowledge.kubelet.words import lease_state
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.etcd import ENDPOINT_STATUS, ETCD_LOG
from kwhy.scene.scene import Scene

LEADER_CHANGES = Condition(
    code="etcd.leader-changes",
    kind="EtcdCluster",
    nature=Nature.EFFECT,
    title="etcd lost its leader{times}{terms}",
    summary="Members hold elections; until one is won no write succeeds, and requests in flight fail.",
)

#: Errors that the API server hands on from an etcd that loses its leader (etcd v3.6 api/v3rpc/rpctypes/error.go).
_OF_ELECTIONS = ("leader changed", "no leader", "request timed out")


def _suspects(scene: Scene) -> Iterable[Subject]:
    """The cluster, where a member's log tells of a lost leader."""
    if any(log.of(LEADER_LOST) for log in member_logs(scene)):
        return (CLUSTER,)
    return ()


def _behind(scene: Scene, server: Subject) -> Iterable[Subject]:
    """etcd, where what kubectl says is what an etcd without a leader answers."""
    said = failures_of(scene, server)
    elections = any(f.kind == "etcd" and any(word in f.detail for word in _OF_ELECTIONS) for f in said)
    return (CLUSTER,) if elections else ()


def _heard_by(scene: Scene, node: Subject) -> Iterable[Subject]:
    """etcd, where the kubelet's requests fail with etcd's words."""
    held = scene.derive(lease_state, node).holds
    return (CLUSTER,) if held is not None and "etcdserver: " in held.reason else ()


ANSWERED_BY = Relation("is answered by", _behind)
HEARS_FROM = Relation("hears from", _heard_by)


@rule(
    LEADER_CHANGES,
    rows=("C2",),
    leads=(leads_to(KUBECTL_FAILS, via=ANSWERED_BY), leads_to(CANNOT_REACH_API_SERVER, via=HEARS_FROM)),
    among=_suspects,
    symptom=True,
)
def leader_changes(cluster: Subject, logs: list[MemberLog] = given(cluster_logs)) -> Verdict:
    """etcd loses its leader again and again, or lost it while something was wrong with it.

    What it means: A leader that sends no heartbeat within the election timeout (1 s by default) is replaced. Requests
    in flight fail with "etcdserver: leader changed" or "request timed out"; the API server hands that on, and kubelets
    cannot renew their leases.
    How it shows: "lost leader … at term N", "changed leader", "stepped down to follower since quorum is not active",
    and elections after it. A term that grows counts the elections.
    What looks like it: The first election after a start; one change of leader while a member was restarted on purpose.
    Source: go.etcd.io/raft/v3 node.go, raft.go (v3.6.0); etcd v3.6 api/v3rpc/rpctypes/error.go.
    """
    lost = [(log, hit) for log in logs for hit in log.losses(logs)]
    now = [(log, hit) for log, hit in lost if log.lasting(hit)]
    if not now:
        if lost or any(log.of(LEADER_LOST) for log in logs):
            at = next(hit.at for log in logs for hit in log.of(LEADER_LOST))
            return Absent((Evidence(at, "the leader was lost long before the log ends, or a member was stopped"),))
        return unsure("the logs of etcd", ETCD_LOG.of(), ENDPOINT_STATUS.of())
    times = max(hit.count for _, hit in now)
    troubled = any(log.of(SLOW_FDATASYNC, HEARTBEAT_LATE, PEER_UNHEALTHY) for log in logs)
    if times < 2 and not troubled:
        return unsure("why the leader changed once: nothing else is wrong in these logs", ENDPOINT_STATUS.of())
    because = tuple(
        Evidence(hit.locate(hit.last), f"the member lost its leader {_times(hit.count)}") for _, hit in now[:3]
    )
    values = {"times": f" {_times(times)}", "terms": _terms(logs)}
    return Present(because, values, since=by(min((h.first.when for _, h in now), key=lambda m: m.latest or 0.0)))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _terms(logs: list[MemberLog]) -> str:
    """From which term to which, as the samples show."""
    terms = [
        int(sample.fields["term"])
        for log in logs
        for hit in log.of(LEADER_LOST, LEADER_ELECTED)
        for sample in hit.samples
        if sample.fields.get("term", "").isdigit()
    ]
    if not terms:
        return ""
    return f" (term {min(terms)} to {max(terms)})" if min(terms) < max(terms) else f" (term {terms[0]})"
