"""What etcdctl shows of the cluster: who answers, who is healthy, which alarms are armed."""

from __future__ import annotations

import msgspec

from kwhy.facts.etcd import EndpointHealth, EndpointStatus, EtcdAlarm, EtcdMember
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene


class Endpoint(msgspec.Struct):
    """One endpoint over all outputs of etcdctl; None: not asked."""

    url: str
    status: EndpointStatus | None = None
    health: EndpointHealth | None = None


def endpoints(scene: Scene) -> dict[str, Endpoint]:
    """What etcdctl says of each endpoint"""
    return scene.derive_once(_endpoints)


def _endpoints(scene: Scene) -> dict[str, Endpoint]:
    found: dict[str, Endpoint] = {}
    for status in scene.facts(EndpointStatus):
        found.setdefault(status.endpoint, Endpoint(status.endpoint)).status = status
    for health in scene.facts(EndpointHealth):
        found.setdefault(health.endpoint, Endpoint(health.endpoint)).health = health
    return found


def members(scene: Scene) -> dict[str, EtcdMember]:
    """The members by where they run, as etcdctl member list shows them"""
    return {host_of(url): member for member in scene.facts(EtcdMember) for url in (*member.peers, *member.clients)}


def host_of(url: str) -> str:
    """ "10.77.0.2" of "http://10.77.0.2:2379": members are told apart by where they run, as logs name them too."""
    address = url.partition("://")[2] or url
    return address.rpartition(":")[0].strip("[]") or address


def alarms_of(scene: Scene, kind: str) -> list[Evidence]:
    """Where etcdctl shows that an alarm of a kind is armed."""
    found = [
        Evidence(alarm.at, f"member {alarm.member} has raised the alarm {kind}")
        for alarm in scene.facts(EtcdAlarm)
        if alarm.kind == kind
    ]
    found += [
        Evidence(status.at, f"{status.endpoint} reports the alarm {kind}")
        for status in scene.facts(EndpointStatus)
        if f"alarm:{kind}" in status.errors
    ]
    found += [
        Evidence(health.at, f"{health.endpoint} is unhealthy: {health.error}")
        for health in scene.facts(EndpointHealth)
        if "Active Alarm" in health.error and kind in health.error
    ]
    return list(dict.fromkeys(found))
