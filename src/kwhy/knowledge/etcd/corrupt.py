"""A member's data is corrupt."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.etcd.endpoints import alarms_of
from kwhy.knowledge.etcd.logs import CLUSTER
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence, Present, Verdict, unsure
from kwhy.probes.etcd import ENDPOINT_STATUS
from kwhy.scene.scene import Scene

DATA_CORRUPT = Condition(
    code="etcd.data-corrupt",
    kind="EtcdCluster",
    nature=Nature.ROOT,
    title="Members of etcd disagree on their data (alarm CORRUPT)",
    summary="A check found that a member's data differs from that of the others at the same revision.",
    remedies=(
        Remedy(
            id="replace-the-member",
            title="Replace the member whose data differs",
            when="now",
            risk="high",
            steps=(
                Step("Save a snapshot of a member that agrees with the majority.", "etcdctl snapshot save backup.db"),
                Step("Compare the members at one revision.", "etcdctl endpoint hashkv --cluster -w table"),
                Step(
                    "Remove the odd one, delete its data, add it anew; it copies everything.",
                    "etcdctl member remove ID",
                ),
                Step("Disarm the alarm when all agree.", "etcdctl alarm disarm"),
            ),
            verify=(Step("All hashes agree.", "etcdctl endpoint hashkv --cluster -w table"),),
            undo=(Step("Restore the cluster from the snapshot."),),
        ),
    ),
)


def _armed(scene: Scene) -> Iterable[Subject]:
    """The cluster, where the alarm is shown."""
    return (CLUSTER,) if alarms_of(scene, "CORRUPT") else ()


def _said(scene: Scene, cluster: Subject) -> list[Evidence]:
    """etcdctl's list of alarms"""
    return alarms_of(scene, "CORRUPT") if cluster == CLUSTER else []


@rule(DATA_CORRUPT, rows=("C4",), among=_armed, symptom=True)
def data_corrupt(cluster: Subject, said: list[Evidence] = given(_said)) -> Verdict:
    """Members of etcd disagree on their data.

    What it means: The alarm CORRUPT was raised by a check (at start, or periodic); reads from different members may
    differ, and the member refuses requests.
    How it shows: alarm list, the column ERRORS of endpoint status, and "unhealthy: Active Alarm(s): CORRUPT".
    What looks like it: NOSPACE is another alarm, and harmless beside this one.
    Source: etcd v3.6 server/etcdserver/corrupt.go; etcdctl/ctlv3/command/alarm_command.go.
    """
    if not said:
        return unsure("the alarms of etcd", ENDPOINT_STATUS.of())
    return Present(tuple(said[:3]))
