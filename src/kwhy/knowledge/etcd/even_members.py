"""etcd has an even number of members."""

from __future__ import annotations

from kwhy.facts.etcd import EtcdMember
from kwhy.knowledge.etcd.leader_changes import LEADER_CHANGES
from kwhy.knowledge.etcd.logs import CLUSTER, IN_CLUSTER
from kwhy.knowledge.etcd.member_down import MEMBER_DOWN
from kwhy.knowledge.etcd.no_leader import NO_LEADER
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, rule, worsens
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.etcd import ENDPOINT_STATUS
from kwhy.scene.scene import Scene

EVEN_MEMBERS = Condition(
    code="etcd.even-members",
    kind="EtcdCluster",
    nature=Nature.EFFECT,
    title="etcd has {count} voting members: {quorum} must agree, and no more may fail than with {fewer}",
    summary="An even number of members raises the majority without raising what may fail.",
)


def _voting(scene: Scene, cluster: Subject) -> list[EtcdMember]:
    """etcdctl member list"""
    if cluster != CLUSTER:
        return []
    return list({member.id: member for member in scene.facts(EtcdMember) if member.voting}.values())


@rule(
    EVEN_MEMBERS,
    rows=("C4",),
    leads=(
        worsens(LEADER_CHANGES, via=IN_CLUSTER),
        worsens(NO_LEADER, via=IN_CLUSTER),
        worsens(MEMBER_DOWN, via=IN_CLUSTER),
    ),
)
def even_members(cluster: Subject, voting: list[EtcdMember] = given(_voting)) -> Verdict:
    """etcd has an even number of voting members.

    What it means: Four members need three to agree and stand the loss of one, as three members do; one machine more can
    fail. It is a weakness, and never by itself the cause of an election.
    How it shows: member list, learners not counted.
    What looks like it: A member that is being replaced, or added, for a while.
    Source: etcd.io/docs/v3.5/faq ("Why an odd number of cluster members?").
    """
    if not voting:
        return unsure("the members of etcd", ENDPOINT_STATUS.of())
    count = len(voting)
    if count % 2:
        return Absent((Evidence(voting[0].at, f"there are {count} voting members"),))
    because = tuple(Evidence(member.at, f"member {member.name or member.id} votes") for member in voting[:4])
    values = {"count": count, "quorum": count // 2 + 1, "fewer": count - 1}
    return Present(because, values, basis=Basis.RECOMPUTED)
