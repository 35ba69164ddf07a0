"""A controller has fewer ready pods than it wants. The generic symptom of workloads: it knows no causes."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.objects import (
    ApiObject,
    DaemonSet,
    Deployment,
    Observation,
    ReplicaSet,
    ReplicationController,
    StatefulSet,
)
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import WorkloadView

SHORT_OF_PODS = Condition(
    code="workload.short-of-pods",
    kind="Deployment",
    nature=Nature.EFFECT,
    title="{subject} has {ready} of {wanted} pods ready",
    summary="The controller has fewer ready pods than it wants.",
)

KINDS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController")


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _quiet(struct: ApiObject) -> bool:
    if isinstance(struct, DaemonSet):
        return _number(struct.status.number_ready) >= _number(struct.status.desired_number_scheduled)
    if isinstance(struct, Deployment | StatefulSet | ReplicaSet | ReplicationController):
        wanted = struct.spec.replicas if isinstance(struct.spec.replicas, int) else 1
        return _number(struct.status.ready_replicas) >= wanted
    return True


def _quiet_row(observation: Observation) -> bool:
    return _quiet(observation.object)


def _candidates(scene: Scene) -> Iterable[Subject]:
    """Workloads that nobody owns: a Deployment answers for its ReplicaSets where it is shown."""
    for kind in KINDS:
        for subject in scene.suspicious(kind, _quiet, _quiet_row):
            owner = owner_of(scene, subject)
            if owner == subject or not scene.exists(owner):
                yield subject


@rule(SHORT_OF_PODS, rows=("P10",), among=_candidates, symptom=True)
def short_of_pods(workload: WorkloadView) -> Verdict:
    """The workload has fewer ready pods than it wants.

    What it means: Capacity is missing; with none ready the service that the workload gives is down.
    How it shows: status.readyReplicas is below spec.replicas (numberReady below desiredNumberScheduled of DaemonSets).
    A ReplicaSet speaks for itself where its Deployment is not shown.
    What looks like it: A workload scaled to zero wants nothing. A rollout in progress is short for a moment.
    Source: k8s.io/api v0.34 apps/v1 types.go (DeploymentStatus, StatefulSetStatus, DaemonSetStatus).
    """
    wanted, ready, created = workload.replicas, workload.ready, workload.created
    if not ready.observed and wanted.observed and created.observed and created.value < wanted.value:
        # kubectl describe replicaset says how many pods there are, and of those that are ready nothing
        says = f"{created.value} of {wanted.value} pods exist"
        most = f"at most {created.value}" if created.value else 0
        return Present((Evidence(created.place, says),), {"wanted": wanted.value, "ready": most})
    values = {"wanted": wanted.value, "ready": ready.value}
    place = ready.place
    if ready.value >= wanted.value:
        return Absent((Evidence(place, f"{ready.value} of {wanted.value} pods are ready"),))
    return Present((Evidence(place, f"{ready.value} of {wanted.value} pods are ready"),), values)
