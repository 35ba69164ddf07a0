"""A member of etcd is down, as etcdctl finds it."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.etcd.endpoints import Endpoint, endpoints, host_of
from kwhy.knowledge.etcd.leader_changes import LEADER_CHANGES
from kwhy.knowledge.etcd.member_down import MEMBER_DOWN, name_of
from kwhy.knowledge.etcd.no_leader import NO_LEADER
from kwhy.knowledge.etcd.unhealthy import ETCD_UNHEALTHY
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.etcd import ENDPOINT_STATUS, ETCD_LOG
from kwhy.scene.scene import Scene


def _unhealthy(scene: Scene) -> list[Subject]:
    """Members through whose endpoint no write succeeds."""
    found = [e for e in endpoints(scene).values() if e.health is not None and not e.health.healthy]
    return [Subject("EtcdMember", host_of(e.url)) for e in found if "Active Alarm" not in _error(e)]


def _error(endpoint: Endpoint) -> str:
    return endpoint.health.error if endpoint.health is not None else ""


def _of_member(scene: Scene, member: Subject) -> tuple[Endpoint, list[Endpoint]] | None:
    """etcdctl endpoint health and endpoint status, of this member and of the others"""
    every = endpoints(scene)
    own = next((e for e in every.values() if host_of(e.url) == member.name), None)
    return (own, [e for e in every.values() if e is not own]) if own is not None else None


def _members(scene: Scene, _: Subject) -> Iterable[Subject]:
    return _unhealthy(scene)


HAS_UNHEALTHY = Relation("has as member", _members)


@rule(
    MEMBER_DOWN,
    rows=("C4",),
    leads=(
        leads_to(NO_LEADER, via=HAS_UNHEALTHY),
        leads_to(LEADER_CHANGES, via=HAS_UNHEALTHY),
        leads_to(ETCD_UNHEALTHY, via=HAS_UNHEALTHY),
    ),
    among=_unhealthy,
    symptom=True,
)
def member_unanswering(
    member: Subject,
    shown: tuple[Endpoint, list[Endpoint]] | None = given(_of_member),
    name: str = given(name_of),
) -> Verdict:
    """A member of etcd does not answer etcdctl, while others do.

    What it means: The client could not reach this member; the cluster goes on while a majority is left.
    How it shows: endpoint health: "unhealthy", and either other endpoints are healthy, or endpoint status shows others
    and not this one.
    What looks like it: Without a majority every endpoint is unhealthy, also of members that run: those still answer
    endpoint status. An armed alarm makes healthy members "unhealthy" too. Wrong certificates for etcdctl fail alike.
    Source: etcd v3.6 etcdctl/ctlv3/command/ep_command.go.
    """
    if shown is None or shown[0].health is None or shown[0].health.healthy:
        if shown is not None and shown[0].health is not None:
            return Absent((Evidence(shown[0].health.at, "a write through this member succeeds"),))
        return unsure(f"whether member {member.name} of etcd answers", ENDPOINT_STATUS.of())
    own, others = shown
    healthy = [other for other in others if other.health is not None and other.health.healthy]
    answering = [other for other in others if other.status is not None]
    if own.status is not None:
        return Absent((Evidence(own.status.at, "the member answers for itself"),))
    error = shown[0].health.error
    certificate = any(word in error for word in ("x509", "tls:", "certificate", "authentication"))
    if certificate or not (healthy or answering):
        return unsure(f"whether member {member.name} runs, or none can be reached from here", ETCD_LOG.of())
    proof = healthy[0].health if healthy and healthy[0].health is not None else None
    other = Evidence(proof.at, f"{proof.endpoint} is healthy") if proof is not None else None
    if other is None and answering[0].status is not None:
        other = Evidence(answering[0].status.at, f"{answering[0].url} answers for itself")
    because = (Evidence(shown[0].health.at, f"{own.url} is unhealthy: {error}"), *((other,) if other else ()))
    state = f"does not answer at {own.url}: {error}"
    return Present(because, {"at": f" ({name})" if name else "", "state": state})
