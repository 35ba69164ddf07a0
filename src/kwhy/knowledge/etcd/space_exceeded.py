"""etcd's database has reached its quota."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.log_patterns.etcd import DISARMED, SPACE_EXCEEDED
from kwhy.knowledge.api.failures import failing_servers, failures_of
from kwhy.knowledge.api.kubectl_fails import KUBECTL_FAILS
from kwhy.knowledge.etcd.endpoints import alarms_of
from kwhy.knowledge.etcd.logs import CLUSTER, IN_CLUSTER, MemberLog, cluster_logs, member_logs
from kwhy.knowledge.etcd.unhealthy import ETCD_UNHEALTHY
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.etcd import ENDPOINT_STATUS
from kwhy.scene.scene import Scene

SPACE_IS_EXCEEDED = Condition(
    code="etcd.space-exceeded",
    kind="EtcdCluster",
    nature=Nature.ROOT,
    title="etcd's database has reached its quota{quota}: it takes no more writes (alarm NOSPACE)",
    summary="The alarm stays armed until somebody makes room and disarms it.",
    remedies=(
        Remedy(
            id="make-room-and-disarm",
            title="Compact, defragment, disarm",
            when="now",
            risk="medium",
            steps=(
                Step("Save what is there.", "etcdctl snapshot save /root/etcd-backup.db"),
                Step(
                    "Drop old revisions.",
                    "etcdctl compact $(etcdctl endpoint status -w json | grep -o '\"revision\":[0-9]*' | head -1 | "
                    "grep -o '[0-9]*$')",
                ),
                Step(
                    "Give the room back, one member after the other, the leader last.",
                    "etcdctl defrag --endpoints=ENDPOINT",
                ),
                Step("Disarm the alarm.", "etcdctl alarm disarm"),
            ),
            verify=(
                Step(
                    "No alarm is left, and the database is smaller.",
                    "etcdctl alarm list; etcdctl endpoint status -w table",
                ),
            ),
            undo=(Step("Restore the snapshot, if the wrong keys are gone."),),
        ),
        Remedy(
            id="find-what-fills-it",
            title="Find what fills it, and fit the quota",
            when="lasting",
            risk="low",
            steps=(
                Step(
                    "Count keys by resource.",
                    "etcdctl get /registry --prefix --keys-only | cut -d/ -f3 | sort | uniq -c | sort -rn | head",
                ),
                Step("Events, leases and custom objects written by a loop are usual; stop the loop."),
                Step("--quota-backend-bytes may be raised to 8 GiB (default 2 GiB)."),
            ),
            verify=(Step("The size stays below the quota.", "etcdctl endpoint status -w table"),),
            undo=(Step("Set the former quota."),),
        ),
    ),
)


def _armed(scene: Scene) -> Iterable[Subject]:
    """The cluster, where a member's log or etcdctl tells of the alarm."""
    told = any(log.of(SPACE_EXCEEDED) for log in member_logs(scene)) or alarms_of(scene, "NOSPACE")
    return (CLUSTER,) if told else ()


def _behind(scene: Scene, server: Subject) -> Iterable[Subject]:
    """etcd, where kubectl says that its space is exceeded."""
    said = failures_of(scene, server)
    return (CLUSTER,) if any(f.kind == "etcd" and "space exceeded" in f.detail for f in said) else ()


def _said(scene: Scene, cluster: Subject) -> list[Evidence]:
    """etcdctl's list of alarms, or what kubectl was answered"""
    if cluster != CLUSTER:
        return []
    return alarms_of(scene, "NOSPACE") + [
        f.evidence
        for server in failing_servers(scene)
        for f in failures_of(scene, server)
        if f.kind == "etcd" and "space exceeded" in f.detail
    ]


STORES_IN = Relation("stores in", _behind)


@rule(
    SPACE_IS_EXCEEDED,
    rows=("C4", "C1"),
    leads=(leads_to(KUBECTL_FAILS, via=STORES_IN), leads_to(ETCD_UNHEALTHY, via=IN_CLUSTER)),
    among=_armed,
    symptom=True,
)
def space_exceeded(
    cluster: Subject,
    logs: list[MemberLog] = given(cluster_logs),
    said: list[Evidence] = given(_said),
) -> Verdict:
    """etcd's database has reached its quota.

    What it means: A member whose database would grow beyond --quota-backend-bytes raises the alarm NOSPACE; from then
    on all members refuse writes and allow reads and deletions only. It does not go away by itself.
    How it shows: "etcdserver: mvcc: database space exceeded", "message exceeded backend quota; raising alarm", "alarm
    raised" with NOSPACE, alarm list, and the column ERRORS of endpoint status.
    What looks like it: A full disk (no space left on device) ends etcd instead. An alarm that was disarmed later.
    Source: etcd v3.6 server/etcdserver/server.go, server/storage/quota.go; etcd.io/docs/v3.5/op-guide/maintenance.
    """
    hits = [(log, hit) for log in logs for hit in log.of(SPACE_EXCEEDED)]
    armed = [hit for log, hit in hits if hit.last.line > max((d.last.line for d in log.of(DISARMED)), default=0)]
    if armed:
        quota = next((q for hit in armed for s in hit.samples if (q := s.fields.get("quota"))), "")
        because = tuple(Evidence(hit.locate(hit.last), "the alarm NOSPACE is raised") for hit in armed[:3])
        values = {"quota": f" of {int(quota) / (1 << 20):.0f} MiB" if quota else ""}
        return Present((*because, *said[:1]), values, since=by(armed[0].first.when))
    if hits:
        return Absent((Evidence(hits[0][1].at, "the alarm was disarmed later"),))
    if said:
        return Present(tuple(said[:3]), {"quota": ""})
    return unsure("the alarms of etcd", ENDPOINT_STATUS.of())
