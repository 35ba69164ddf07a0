"""The leader sends its heartbeats late."""

from __future__ import annotations

from kwhy.facts.log_patterns.etcd import HEARTBEAT_LATE
from kwhy.knowledge.etcd.leader_changes import LEADER_CHANGES
from kwhy.knowledge.etcd.logs import MEMBERS_NODES, MemberLog, logs_on
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.etcd import ETCD_LOG

HEARTBEAT_IS_LATE = Condition(
    code="etcd.heartbeat-late",
    kind="Node",
    nature=Nature.EFFECT,
    title="etcd on {subject} was leader and sent its heartbeats late, {count} times",
    summary="The leader is held up itself; followers that hear nothing hold an election.",
)


@rule(HEARTBEAT_IS_LATE, rows=("C2",), leads=(leads_to(LEADER_CHANGES, via=MEMBERS_NODES),))
def heartbeat_late(node: Subject, logs: list[MemberLog] = given(logs_on)) -> Verdict:
    """The leader sends its heartbeats late.

    What it means: The leader writes to its disk before it sends; a slow disk, or too little CPU, holds up both. A slow
    network does not show so: the leader sends in time, but nothing arrives.
    How it shows: "failed to send out heartbeat on time" in the log of the member that is leader then.
    What looks like it: A few such lines right after a start, or while the process was stopped (a frozen machine).
    Source: etcd v3.6 server/etcdserver/raft.go (processMessages: twice the heartbeat interval exceeded).
    """
    hits = [hit for log in logs for hit in log.of(HEARTBEAT_LATE) if log.lasting(hit)]
    if hits:
        count = sum(hit.count for hit in hits)
        because = tuple(Evidence(hit.locate(hit.last), f"{hit.count} heartbeats were late") for hit in hits)
        return Present(because, {"count": count}, since=by(hits[0].first.when))
    if logs:
        return Absent((Evidence(logs[0].hits[0].at, "the member's log tells of no late heartbeat"),))
    return unsure(f"the log of etcd on {node.name}", ETCD_LOG.of(node=node.name))
