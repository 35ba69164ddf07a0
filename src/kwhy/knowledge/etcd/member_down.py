"""A member of etcd is down."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.controlplane.api_server_without_etcd import WITHOUT_ETCD
from kwhy.knowledge.controlplane.starting import etcd_refusals
from kwhy.knowledge.etcd.endpoints import host_of, members
from kwhy.knowledge.etcd.leader_changes import LEADER_CHANGES
from kwhy.knowledge.etcd.logs import CLUSTER, Complaint, complaints
from kwhy.knowledge.etcd.no_leader import NO_LEADER
from kwhy.knowledge.etcd.unhealthy import ETCD_UNHEALTHY
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.etcd import ENDPOINT_STATUS
from kwhy.scene.scene import Scene

MEMBER_DOWN = Condition(
    code="etcd.member-down",
    kind="EtcdMember",
    nature=Nature.ROOT,
    title="The member of etcd at {name}{at} {state}",
    summary="One member of etcd is down; with three members a second one may not fail.",
    remedies=(
        Remedy(
            id="start-the-member",
            title="Start the member again",
            when="now",
            risk="low",
            steps=(
                Step("On its node, see why it ended.", "crictl ps -a --name etcd; crictl logs --tail=100 CONTAINER"),
                Step("See whether its static pod is there.", "ls -l /etc/kubernetes/manifests/etcd.yaml"),
                Step("See whether its disk is full or read-only.", "df -h /var/lib/etcd; dmesg -T | tail -50"),
                Step(
                    "A member whose data is lost is removed and added anew.",
                    "etcdctl member list; etcdctl member remove ID",
                ),
            ),
            verify=(Step("All members are healthy.", "etcdctl endpoint health --cluster"),),
            undo=(Step("Nothing to undo: a member that runs again catches up by itself."),),
        ),
    ),
)


NOT_LISTENING = "does not run: nothing listens at its peer port"


def _refused(scene: Scene) -> dict[str, list[Complaint]]:
    found: dict[str, list[Complaint]] = {}
    for complaint in complaints(scene, CLUSTER):
        if complaint.refused:
            found.setdefault(complaint.host or complaint.of, []).append(complaint)
    return found


def name_of(scene: Scene, member: Subject) -> str:
    """etcdctl member list"""
    known = members(scene).get(member.name)
    return known.name if known is not None else ""


def _down(scene: Scene) -> Iterable[Subject]:
    """Members at which nothing listens, as others say."""
    return [Subject("EtcdMember", member) for member in scene.derive_once(_refused)]


def _of_member(scene: Scene, member: Subject) -> list[Complaint]:
    """What other members' logs say of the member"""
    return scene.derive_once(_refused).get(member.name, [])


def _members(scene: Scene, _: Subject) -> Iterable[Subject]:
    return _down(scene)


def _refusing(scene: Scene, server: Subject) -> Iterable[Subject]:
    """The members at which nothing listens, of those that refuse the API server."""
    hosts = {host_of(address) for address in etcd_refusals(scene).get(server, ())}
    return [member for member in _down(scene) if member.name in hosts]


MISSES = Relation("misses", _members)
REFUSED_BY = Relation("is refused by", _refusing)


@rule(
    MEMBER_DOWN,
    rows=("C4",),
    leads=(
        leads_to(NO_LEADER, via=MISSES),
        leads_to(LEADER_CHANGES, via=MISSES),
        leads_to(ETCD_UNHEALTHY, via=MISSES),
        leads_to(WITHOUT_ETCD, via=REFUSED_BY),
    ),
    among=_down,
    symptom=True,
)
def member_down(member: Subject, said: list[Complaint] = given(_of_member), name: str = given(name_of)) -> Verdict:
    """A member of etcd does not run.

    What it means: The others' probes of its peer port are refused: its host answers, and nothing listens.
    How it shows: "prober detected unhealthy status" or "health check for peer … could not connect" with "connection
    refused", repeated until the logs end.
    What looks like it: "i/o timeout" says that nothing comes back at all: the host is down, or the network. A member
    that was restarted is refused for a moment.
    Source: etcd v3.6 server/etcdserver/api/rafthttp/probing_status.go (monitorProbingStatus).
    """
    if not said:
        return unsure(f"whether member {member.name} of etcd runs", ENDPOINT_STATUS.of())
    if sum(complaint.hit.count for complaint in said) < 2:
        return unsure(f"whether member {member.name} was refused more than once", ENDPOINT_STATUS.of())
    identity = said[0].of
    own = [complaint.log for complaint in said if identity in complaint.log.ids]
    if own:
        return Absent((Evidence(own[0].hits[0].at, "the log is this member's own"),))
    at = f" ({name or identity})"
    because = tuple(complaint.evidence() for complaint in said[:3])
    return Present(because, {"at": at, "state": NOT_LISTENING}, since=by(said[0].hit.first.when))
