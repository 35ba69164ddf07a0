"""Writes through endpoints of etcd fail."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.etcd import EndpointHealth
from kwhy.knowledge.etcd.logs import CLUSTER
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.etcd import ENDPOINT_STATUS
from kwhy.scene.scene import Scene

ETCD_UNHEALTHY = Condition(
    code="etcd.unhealthy",
    kind="EtcdCluster",
    nature=Nature.EFFECT,
    title="{bad} of {all} endpoints of etcd are unhealthy: {error}",
    summary="A write through the endpoint did not succeed within the client's time.",
)


def _suspects(scene: Scene) -> Iterable[Subject]:
    """The cluster, where an endpoint is unhealthy."""
    return (CLUSTER,) if any(not health.healthy for health in scene.facts(EndpointHealth)) else ()


def _shown(scene: Scene, cluster: Subject) -> list[EndpointHealth]:
    """etcdctl endpoint health"""
    if cluster != CLUSTER:
        return []
    return list({health.endpoint: health for health in scene.facts(EndpointHealth)}.values())


@rule(ETCD_UNHEALTHY, rows=("C4",), among=_suspects, symptom=True)
def unhealthy(cluster: Subject, shown: list[EndpointHealth] = given(_shown)) -> Verdict:
    """Endpoints of etcd are unhealthy.

    What it means: endpoint health asks for a linearizable read, which needs a leader and a majority.
    How it shows: "is unhealthy: failed to commit proposal: …".
    What looks like it: One endpoint is unhealthy: that member is down. All are: there is no leader, an alarm is armed,
    the disks are too slow, or etcdctl has no valid certificate.
    Source: etcd v3.6 etcdctl/ctlv3/command/ep_command.go (epHealthCommandFunc).
    """
    bad = [health for health in shown if not health.healthy]
    if not shown:
        return unsure("the health of etcd's endpoints", ENDPOINT_STATUS.of())
    if not bad:
        return Absent((Evidence(shown[0].at, f"all {len(shown)} endpoints are healthy"),))
    because = tuple(Evidence(health.at, f"{health.endpoint}: {health.error}") for health in bad[:3])
    return Present(because, {"bad": len(bad), "all": len(shown), "error": bad[0].error})
