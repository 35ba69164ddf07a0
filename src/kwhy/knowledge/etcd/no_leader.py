"""etcd has no leader."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.log_patterns.etcd import LEADER_LOST
from kwhy.knowledge.api.kubectl_fails import KUBECTL_FAILS
from kwhy.knowledge.controlplane.api_server_without_etcd import WITHOUT_ETCD
from kwhy.knowledge.controlplane.starting import etcd_refusals
from kwhy.knowledge.etcd.leader_changes import ANSWERED_BY
from kwhy.knowledge.etcd.logs import CLUSTER, IN_CLUSTER, Complaint, MemberLog, cluster_logs, complaints, member_logs
from kwhy.knowledge.etcd.slow import ETCD_SLOW
from kwhy.knowledge.etcd.unhealthy import ETCD_UNHEALTHY
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.etcd import ENDPOINT_STATUS
from kwhy.scene.scene import Scene

NO_LEADER = Condition(
    code="etcd.no-leader",
    kind="EtcdCluster",
    nature=Nature.EFFECT,
    title="etcd has no leader: nothing can be written, and the API server is as good as down",
    summary="Fewer than a majority of the members hear one another, so none is elected.",
)


def _suspects(scene: Scene) -> Iterable[Subject]:
    """The cluster, where a member's log ends without a leader."""
    return (CLUSTER,) if any(log.has_leader is False for log in member_logs(scene)) else ()


def _cluster_of(scene: Scene, server: Subject) -> Iterable[Subject]:
    """etcd, where the API server ends because it gets nothing from it."""
    return (CLUSTER,) if server in etcd_refusals(scene) else ()


KEPT_IN = Relation("keeps its objects in", _cluster_of)


@rule(
    NO_LEADER,
    rows=("C4",),
    leads=(
        leads_to(KUBECTL_FAILS, via=ANSWERED_BY),
        leads_to(WITHOUT_ETCD, via=KEPT_IN),
        leads_to(ETCD_SLOW, via=IN_CLUSTER),
        leads_to(ETCD_UNHEALTHY, via=IN_CLUSTER),
    ),
    among=_suspects,
    symptom=True,
)
def no_leader(
    cluster: Subject,
    logs: list[MemberLog] = given(cluster_logs),
    said: list[Complaint] = given(complaints),
) -> Verdict:
    """etcd has no leader.

    What it means: A majority of the members (2 of 3, 3 of 5) must hear one another. Below that nobody is elected; reads
    and writes wait and time out.
    How it shows: "lost leader" (or "stepped down …") and no "elected leader" after it, to the end of the member's log.
    What looks like it: A member alone on the wrong side of a partition: the others have a leader. A member that is
    being stopped.
    Source: go.etcd.io/raft/v3 node.go, raft.go (v3.6.0).
    """
    down = {complaint.of for complaint in said if complaint.refused}
    known = [log for log in logs if log.has_leader is not None and not log.ids & down]
    without = [log for log in known if log.has_leader is False]
    if not known:
        return unsure("whether etcd has a leader", ENDPOINT_STATUS.of())
    if not without:
        return Absent((Evidence(known[0].hits[0].at, "the member's last word is that a leader was elected"),))
    if 2 * len(without) <= len(known):
        return unsure("whether the other members have a leader: this one has none", ENDPOINT_STATUS.of())
    because = []
    for log in without:
        hit = max(log.of(LEADER_LOST), key=lambda hit: hit.last.line)
        because.append(Evidence(hit.locate(hit.last), "the leader was lost, and none elected after it"))
    first = without[0].of(LEADER_LOST)[0]
    return Present(tuple(because), {}, since=by(first.last.when))
