"""The network between etcd's members does not carry."""

from __future__ import annotations

from kwhy.facts.log_patterns.etcd import LEADER_LOST, PEER_CLOCK, READ_INDEX_WAITS
from kwhy.knowledge.etcd.leader_changes import LEADER_CHANGES
from kwhy.knowledge.etcd.logs import (
    IN_CLUSTER,
    Complaint,
    MemberLog,
    cluster_logs,
    complaints,
    seconds_of,
    slow_disks,
)
from kwhy.knowledge.etcd.no_leader import NO_LEADER
from kwhy.knowledge.etcd.slow import ETCD_SLOW
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Unsure, Verdict, unsure
from kwhy.probes.etcd import ENDPOINT_STATUS, ETCD_LOG
from kwhy.scene.scene import Scene

PEERS_NOT_REACHED = Condition(
    code="etcd.peers-not-reached",
    kind="EtcdCluster",
    nature=Nature.ROOT,
    title="The network between etcd's members loses packets or is too slow: {what}",
    summary="Members time out on one another although they run, so heartbeats do not arrive.",
    remedies=(
        Remedy(
            id="mend-the-network",
            title="Find where packets between the members are lost",
            when="now",
            risk="none",
            steps=(
                Step("From each member's host to each other one.", "mtr -rwc 50 -P 2380 -T PEER_ADDRESS"),
                Step("See errors and drops of the devices.", "ip -s link; ethtool -S DEVICE | grep -E 'err|drop'"),
                Step("See retransmissions.", "nstat -az TcpRetransSegs; ss -ti dst PEER_ADDRESS"),
                Step("Look for firewalls, saturated links, wrong MTU, and changes at the time of the first line."),
            ),
            verify=(Step("Members are healthy and fast.", "etcdctl endpoint health --cluster"),),
            undo=(Step("Nothing was changed."),),
        ),
        Remedy(
            id="fit-the-timeouts",
            title="Fit heartbeat and election timeout to the distance",
            when="lasting",
            risk="medium",
            steps=(
                Step(
                    "Where members are far apart, set --heartbeat-interval to the round trip and --election-timeout to "
                    "ten times that, the same on all members (etcd.io/docs/v3.5/tuning)."
                ),
            ),
            verify=(Step("No more leader is lost.", "etcdctl endpoint status --cluster -w table"),),
            undo=(Step("Set the former values on all members."),),
        ),
    ),
)

#: So many members' links must fail, or so often, before one calls it the network.
SEVERAL = 2


def _slow_disks(scene: Scene, _: Subject) -> list[MemberLog]:
    """Members whose disks are slow, as their logs say"""
    return slow_disks(scene)


@rule(
    PEERS_NOT_REACHED,
    rows=("C2",),
    leads=(
        leads_to(LEADER_CHANGES, via=IN_CLUSTER),
        leads_to(NO_LEADER, via=IN_CLUSTER),
        leads_to(ETCD_SLOW, via=IN_CLUSTER),
    ),
)
def peers_not_reached(
    cluster: Subject,
    logs: list[MemberLog] = given(cluster_logs),
    said: list[Complaint] = given(complaints),
    disks: list[MemberLog] = given(_slow_disks),
) -> Verdict:
    """Members of etcd do not reach one another, although they run.

    What it means: Raft's messages get lost or come late. The leader sends in time, the followers hear nothing, and hold
    an election; "stepped down … since quorum is not active" is the leader's side of it.
    How it shows: Probes of peers end with "i/o timeout", EOF or "deadline exceeded" on several links, round trips of
    seconds ("high clock drift" with a large rtt: the round trip, not the clock), lost leaders, waiting for ReadIndex.
    What looks like it: A slow disk under the leader holds up its answers too, but says "slow fdatasync" and "failed to
    send out heartbeat on time". "connection refused" is a member that does not run. One peer that nobody reaches is
    that peer's host. Clocks that truly differ do so with a small round trip, and etcd does not mind them.
    Source: etcd v3.6 rafthttp/probing_status.go (clockMaxDiffThreshold 1 s), etcdserver/v3_server.go;
    raft v3.6 raft.go.
    """
    failing = [c for c in said if not c.refused]
    links = {(c.by, c.of) for c in failing}
    drifting = [
        hit for log in logs for hit in log.of(PEER_CLOCK) if (seconds_of(hit.last.fields.get("rtt", "")) or 0) > 1
    ]
    if not logs:
        return unsure("the logs of etcd", ETCD_LOG.of(), ENDPOINT_STATUS.of())
    if disks:
        gap = unsure("whether peers are late by the network or only by the slow disks", ENDPOINT_STATUS.of())
        if failing:
            return Unsure(gap.gaps, (failing[0].evidence(),))
        return Absent((Evidence(disks[0].hits[0].at, "a disk is slow, and no peer times out"),))
    if len(links) < SEVERAL and not (links and drifting):
        if said and not failing:
            return Absent((said[0].evidence(),))
        return unsure("how the members reach one another", ENDPOINT_STATUS.of())
    lost = [hit for log in logs for hit in log.of(LEADER_LOST, READ_INDEX_WAITS)]
    what = f"{len(links)} of the links between them time out" if len(links) > 1 else "peers time out"
    round_trip = max((seconds_of(hit.last.fields.get("rtt", "")) or 0.0 for hit in drifting), default=0.0)
    if round_trip:
        what += f", round trips take up to {round_trip:.1f} s"
    because = (
        *(c.evidence() for c in failing[:4]),
        *(Evidence(hit.locate(hit.last), "a round trip of seconds") for hit in drifting[:2]),
        *(Evidence(hit.at, f"{hit.count} such lines") for hit in lost[:1]),
    )
    return Present(because, {"what": what}, since=by(failing[0].hit.first.when), basis=Basis.INFERRED)
