"""etcd is slow."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.log_patterns.etcd import SLOW_APPLY, SLOW_FDATASYNC
from kwhy.knowledge.api.failures import failures_of
from kwhy.knowledge.api.kubectl_fails import KUBECTL_FAILS
from kwhy.knowledge.etcd.logs import CLUSTER, IN_CLUSTER, MemberLog, cluster_logs, longest, member_logs
from kwhy.knowledge.etcd.unhealthy import ETCD_UNHEALTHY
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.etcd import ETCD_LOG, METRICS
from kwhy.scene.scene import Scene

ETCD_SLOW = Condition(
    code="etcd.slow",
    kind="EtcdCluster",
    nature=Nature.EFFECT,
    title="etcd is slow: requests took up to {longest}",
    summary="etcd takes long for requests; the API server and everything behind it waits.",
)

#: A request of a second is late for everybody (the API server's own alert thresholds begin there); some requests above
#: etcd's own 100 ms are no trouble (seconds).
LATE = 1.0
#: So many late requests are more than an incident.
SEVERAL = 3


def _suspects(scene: Scene) -> Iterable[Subject]:
    """The cluster, where a member's log tells of late requests."""
    return (CLUSTER,) if any(log.of(SLOW_APPLY, SLOW_FDATASYNC) for log in member_logs(scene)) else ()


def _behind(scene: Scene, server: Subject) -> Iterable[Subject]:
    """etcd, where kubectl says that requests time out."""
    said = failures_of(scene, server)
    slow = any(f.kind == "timeout" or (f.kind == "etcd" and "timed out" in f.detail) for f in said)
    return (CLUSTER,) if slow else ()


WAITS_FOR = Relation("waits for", _behind)


@rule(
    ETCD_SLOW,
    rows=("C2",),
    leads=(leads_to(KUBECTL_FAILS, via=WAITS_FOR), leads_to(ETCD_UNHEALTHY, via=IN_CLUSTER)),
    among=_suspects,
    symptom=True,
)
def slow(cluster: Subject, logs: list[MemberLog] = given(cluster_logs)) -> Verdict:
    """etcd takes long for requests.

    What it means: A write is done when the disks of a majority have it; reads wait for writes before them. Whatever
    asks the API server waits as long.
    How it shows: "apply request took too long", "took too long (…) to execute", "slow fdatasync", several of them, with
    a second or more.
    What looks like it: Some warnings above etcd's own limit of 100 ms: large ranges read by a client, compaction and
    defragmentation take a moment.
    Source: etcd v3.6 server/etcdserver/txn/util.go (warnOfExpensiveGenericRequest), server/storage/wal/wal.go (sync).
    """
    hits = [hit for log in logs for hit in log.of(SLOW_APPLY, SLOW_FDATASYNC)]
    now = [hit for log in logs for hit in log.of(SLOW_APPLY, SLOW_FDATASYNC) if log.lasting(hit)]
    if not hits:
        return unsure("the logs of etcd", ETCD_LOG.of(), METRICS.of())
    worst = longest(now)
    if worst is None or worst[2] < LATE or sum(hit.count for hit in now) < SEVERAL:
        return Absent((Evidence(hits[0].at, "few requests, or short before their end, took longer than usual"),))
    because = tuple(Evidence(hit.locate(hit.last), f"{hit.count} such lines") for hit in now[:4])
    first = min((hit.first.when for hit in now), key=lambda m: m.latest or 0.0)
    return Present(because, {"longest": f"{worst[2]:.1f} s"}, since=by(first))
