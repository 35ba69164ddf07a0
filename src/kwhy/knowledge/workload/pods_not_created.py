"""A controller cannot create its pods: the API server refuses them."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.workload.rollout_stuck import ROLLOUT_STUCK
from kwhy.knowledge.workload.short_of_pods import SHORT_OF_PODS
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import by
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE_NAMESPACED, EVENTS
from kwhy.scene.events import MergedEvent
from kwhy.scene.gates import showing_condition
from kwhy.scene.recency import known_by_events, unanswered
from kwhy.scene.relations import ITSELF, owner_of, replica_sets_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import WorkloadView

PODS_NOT_CREATED = Condition(
    code="workload.pods-not-created",
    kind="Deployment",
    nature=Nature.EFFECT,
    title="The API server refuses pods of {subject}: {message}",
    summary="The controller asks for a pod and the API server refuses it: quota, admission, service account.",
)


def refusals(scene: Scene, workload: Subject) -> list[MergedEvent]:
    """FailedCreate events of the workload and its ReplicaSets, those that a later SuccessfulCreate ended left out"""
    found = []
    for subject in (workload, *(s for s in replica_sets_of(scene, workload) if not _given_up(scene, s))):
        events = scene.events_about(subject)
        created = max((e.last.latest or 0.0 for e in events if e.reason == "SuccessfulCreate"), default=0.0)
        found += [
            e for e in events if e.reason == "FailedCreate" and (e.last.latest is None or e.last.latest >= created)
        ]
    return found


def _given_up(scene: Scene, replica_set: Subject) -> bool:
    """Whether a newer revision has replaced it: it wants no pods any more, whatever was said about them."""
    wanted = WorkloadView(scene, replica_set).replicas
    return wanted.observed and wanted.value == 0


def failing_condition(scene: Scene, workload: Subject) -> Iterable[tuple[str, Evidence]]:
    """Condition ReplicaFailure of the workload and its ReplicaSets"""
    found = []
    for subject in (workload, *replica_sets_of(scene, workload)):
        condition = WorkloadView(scene, subject).condition("ReplicaFailure")
        if condition.observed and condition.value is not None and condition.value.status == "True":
            message = condition.value.message or condition.value.reason or ""
            found.append((message, Evidence(condition.place, f"ReplicaFailure of {subject}: {message}")))
    return found


#: Controllers that make pods: they report FailedCreate and show ReplicaFailure. A Deployment repeats the latter.
CONTROLLERS = ("ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController")


def refused_workloads(scene: Scene) -> list[Subject]:
    """Workloads of which an event or a condition says that the API server refuses their pods, and their owners."""
    found = dict.fromkeys(scene.events.with_reason("FailedCreate"))
    for kind in (*CONTROLLERS, "Deployment"):
        found.update(dict.fromkeys(showing_condition(scene, kind, ("ReplicaFailure",), "True")))
    found.update(dict.fromkeys(owner_of(scene, workload) for workload in list(found)))
    return sorted(found)


def _all_created(scene: Scene, replica_set: Subject) -> bool:
    """Whether a ReplicaSet has the pods that it wants: a rollout may be refused its pods while old ones are enough."""
    view = WorkloadView(scene, replica_set)
    wanted, created = view.replicas, view.created
    return not (wanted.observed and created.observed) or created.value >= wanted.value


@rule(
    PODS_NOT_CREATED,
    rows=("P10", "Q1", "C8"),
    leads=(leads_to(SHORT_OF_PODS, via=ITSELF), leads_to(ROLLOUT_STUCK, via=ITSELF)),
)
def pods_not_created(
    workload: WorkloadView,
    events: list[MergedEvent] = given(refusals),
    conditions: Iterable[tuple[str, Evidence]] = given(failing_condition),
) -> Verdict:
    """The API server refuses the workload's pods.

    What it means: The pods do not exist at all, so no pod shows an error.
    How it shows: FailedCreate events on the ReplicaSet, StatefulSet, DaemonSet or Job; condition ReplicaFailure.
    What looks like it: Pods that exist and stay Pending.
    Source: Kubernetes v1.34 pkg/controller/controller_utils.go (FailedCreatePodReason); pkg/controller/replicaset.
    """
    stated = list(conditions)
    if stated:
        return Present(tuple(e for _, e in stated), {"message": stated[0][0]})
    wanted, created = workload.replicas, workload.created
    enough = created.observed and wanted.observed and created.value >= wanted.value
    if enough and all(_all_created(workload.scene, s) for s in replica_sets_of(workload.scene, workload.subject)):
        return Absent((Evidence(created.place, f"{created.value} of {wanted.value} pods exist"),))
    if events:
        because = tuple(Evidence(event.at, event.message) for event in events)
        return Present(because, {"message": events[0].message}, since=by(events[0].first))
    return unsure(
        f"whether the API server refuses pods of {workload.subject}",
        EVENTS.of(namespace=workload.namespace),
        DESCRIBE_NAMESPACED.of(kind="replicasets", name="", namespace=workload.namespace),
    )


#: Controllers that create pods.


def _known_by_events(scene: Scene) -> Iterable[Subject]:
    shown = known_by_events(scene, *CONTROLLERS)
    return [subject for subject in shown if not scene.exists(owner_of(scene, subject))]


@rule(PODS_NOT_CREATED, rows=("P10", "Q1"), among=_known_by_events, symptom=True)
def pods_not_created_by_events(workload: WorkloadView) -> Verdict:
    """The API server refuses the workload's pods, as events say.

    What it means: Only events were shown; the newest of them says that a pod could not be created.
    How it shows: FailedCreate within the last ten minutes, and no SuccessfulCreate after it.
    What looks like it: Events outlive their controller by an hour.
    Source: Kubernetes v1.34 pkg/controller/controller_utils.go (FailedCreatePodReason).
    """
    failure = None
    if not workload.observations:
        failure = unanswered(workload.scene, workload.subject, {"FailedCreate": ("SuccessfulCreate",)})
    if failure is None:
        return unsure(f"whether pods of {workload.subject} are created", *workload.probes())
    return Present((Evidence(failure.at, failure.message),), {"message": failure.message}, since=by(failure.first))
