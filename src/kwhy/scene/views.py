"""Typed views of one subject over all its observations. Reading what no document showed raises NotObserved."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import UNSET, UnsetType

from kwhy.facts.objects import (
    ApiObject,
    Condition,
    Container,
    ContainerStatus,
    CronJob,
    Node,
    ObjectReference,
    Observation,
    OwnerReference,
    PersistentVolumeClaim,
    Pod,
    Quantity,
    Service,
    Taint,
    Toleration,
    WorkloadSpec,
    WorkloadStatus,
)
from kwhy.model.probe import ProbeCall
from kwhy.model.seen import Seen
from kwhy.model.subject import Subject
from kwhy.probes.kubectl import DESCRIBE, OBJECT

if TYPE_CHECKING:
    from kwhy.scene.scene import Scene

S = TypeVar("S", bound=ApiObject)
T = TypeVar("T")


class View(Generic[S]):
    """A subject and everything that was observed of it."""

    def __init__(self, scene: Scene, subject: Subject) -> None:
        self.scene = scene
        self.subject = subject
        self.observations: list[Observation] = scene.observations(subject)

    @property
    def name(self) -> str:
        return self.subject.name

    @property
    def namespace(self) -> str | None:
        return self.subject.namespace

    def seen(self, field: str, read: Callable[[S], T | UnsetType | None], default: T) -> Seen[T]:
        """``field`` by ``read`` from the best observation that shows it.

        An object shown whole without the field has ``default``. Two undated documents that show different scalars
        leave the field undetermined: nothing tells which of them is newer.
        """
        best: tuple[T, Observation] | None = None
        for observation in self.observations:
            value = read(observation.object)  # type: ignore[arg-type]  # the index holds only this kind
            if value is UNSET or value is None:
                if not observation.whole:
                    continue
                value = default
            if best is None:
                best = (value, observation)
            elif _contradicts(best[0], value, best[1], observation):
                return Seen.missing(
                    f"{field} of {self.subject}: {best[1].document.source} and "
                    f"{observation.document.source} disagree and neither is dated",
                    *self.probes(),
                )
        if best is None:
            return Seen.missing(f"{field} of {self.subject}", *self.probes())
        return Seen(best[0], best[1].field_at(field, _excerpt(field, best[0])))

    def printed(self, column: str) -> Seen[str]:
        """A word as kubectl printed it, from the newest table that has the column."""
        for observation in self.observations:
            if observation.printed and column in observation.printed:
                word = observation.printed[column]
                return Seen(word, observation.document.at(line=observation.line, path=None, excerpt=_row(observation)))
        return Seen.missing(f"column {column} of {self.subject}", *self.probes())

    def probes(self) -> tuple[ProbeCall, ...]:
        kind = self.subject.kind.lower()
        if self.subject.namespace:
            return (OBJECT.of(kind=kind, name=self.subject.name, namespace=self.subject.namespace),)
        return (DESCRIBE.of(kind=kind, name=self.subject.name),)


def _contradicts(one: object, other: object, a: Observation, b: Observation) -> bool:
    dated = a.observed.known or b.observed.known
    scalar = isinstance(one, str | int | bool) and isinstance(other, str | int | bool)
    return scalar and not dated and a.document is not b.document and one != other


def _excerpt(field: str, value: object) -> str:
    if isinstance(value, str | int | float | bool) or value is None:
        return f"{field}: {value}"
    return ""


def _row(observation: Observation) -> str:
    return "  ".join((observation.printed or {}).values())


class _WithConditions(View[S]):
    def _conditions(self) -> Seen[list[Condition]]:
        # Some kinds, CronJobs among them, have no conditions, others no status.
        return self.seen("status.conditions", lambda o: getattr(getattr(o, "status", None), "conditions", UNSET), [])

    def condition(self, kind: str) -> Seen[Condition | None]:
        """The condition of a type; None where the object was shown whole (or its conditions were) without it."""
        conditions = self._conditions()
        if not conditions.observed:
            return Seen.missing(f"condition {kind} of {self.subject}", *self.probes())
        for index, condition in enumerate(conditions.value):
            if condition.type == kind:
                observation = self._showing_conditions()
                place = observation.field_at(f"status.conditions[{index}]", condition_text(condition))
                if observation.line is not None and f"status.conditions[{index}]" not in (observation.lines or {}):
                    place = observation.field_at(f"status.conditions.{kind}", condition_text(condition))
                return Seen(condition, place)
        return Seen(None, conditions.place)

    def _showing_conditions(self) -> Observation:
        for observation in self.observations:
            value = observation.object.status.conditions  # type: ignore[union-attr]
            if isinstance(value, list):
                return observation
        raise AssertionError("conditions were observed")


def condition_text(condition: Condition) -> str:
    """A condition on one line, as a reader of YAML would say it."""
    parts = [f"{condition.type}={condition.status}", condition.reason or "", condition.message or ""]
    return " ".join(part for part in parts if part)


class NodeView(_WithConditions[Node]):
    @property
    def unschedulable(self) -> Seen[bool]:
        return self.seen("spec.unschedulable", lambda n: n.spec.unschedulable, False)

    @property
    def taints(self) -> Seen[list[Taint]]:
        return self.seen("spec.taints", lambda n: n.spec.taints, [])

    @property
    def labels(self) -> Seen[dict[str, str]]:
        return self.seen("metadata.labels", lambda n: n.metadata.labels, {})

    @property
    def allocatable(self) -> Seen[dict[str, Quantity]]:
        return self.seen("status.allocatable", lambda n: n.status.allocatable, {})


class PodView(_WithConditions[Pod]):
    @property
    def phase(self) -> Seen[str]:
        return self.seen("status.phase", lambda p: p.status.phase, "")

    @property
    def reason(self) -> Seen[str]:
        return self.seen("status.reason", lambda p: p.status.reason, "")

    @property
    def message(self) -> Seen[str]:
        return self.seen("status.message", lambda p: p.status.message, "")

    @property
    def node_name(self) -> Seen[str]:
        return self.seen("spec.nodeName", lambda p: p.spec.node_name, "")

    @property
    def labels(self) -> Seen[dict[str, str]]:
        return self.seen("metadata.labels", lambda p: p.metadata.labels, {})

    @property
    def deletion_timestamp(self) -> Seen[str]:
        return self.seen("metadata.deletionTimestamp", lambda p: p.metadata.deletion_timestamp, "")

    @property
    def creation_timestamp(self) -> Seen[str]:
        return self.seen("metadata.creationTimestamp", lambda p: p.metadata.creation_timestamp, "")

    @property
    def owner_references(self) -> Seen[list[OwnerReference]]:
        return self.seen("metadata.ownerReferences", lambda p: p.metadata.owner_references, [])

    @property
    def containers(self) -> Seen[list[Container]]:
        return self.seen("spec.containers", lambda p: p.spec.containers, [])

    @property
    def container_statuses(self) -> Seen[list[ContainerStatus]]:
        return self.seen("status.containerStatuses", lambda p: p.status.container_statuses, [])

    @property
    def init_container_statuses(self) -> Seen[list[ContainerStatus]]:
        return self.seen("status.initContainerStatuses", lambda p: p.status.init_container_statuses, [])

    @property
    def node_selector(self) -> Seen[dict[str, str]]:
        return self.seen("spec.nodeSelector", lambda p: p.spec.node_selector, {})

    @property
    def tolerations(self) -> Seen[list[Toleration]]:
        return self.seen("spec.tolerations", lambda p: p.spec.tolerations, [])


class WorkloadView(_WithConditions[ApiObject]):
    """A Deployment, ReplicaSet, ReplicationController, StatefulSet, DaemonSet or Job."""

    def spec(self, field: str, read: Callable[[WorkloadSpec], T | UnsetType | None], default: T) -> Seen[T]:
        return self.seen(f"spec.{field}", lambda w: read(w.spec), default)  # type: ignore[union-attr, arg-type]

    def status(self, field: str, read: Callable[[WorkloadStatus], T | UnsetType | None], default: T) -> Seen[T]:
        return self.seen(f"status.{field}", lambda w: read(w.status), default)  # type: ignore[union-attr, arg-type]

    @property
    def replicas(self) -> Seen[int]:
        """Desired pods. apps/v1 defaults an absent spec.replicas to 1 on admission, so a served object shows it."""
        if self.subject.kind == "DaemonSet":
            return self.status("desiredNumberScheduled", lambda s: s.desired_number_scheduled, 0)
        return self.spec("replicas", lambda s: s.replicas, 1)

    @property
    def ready(self) -> Seen[int]:
        if self.subject.kind == "DaemonSet":
            return self.status("numberReady", lambda s: s.number_ready, 0)
        return self.status("readyReplicas", lambda s: s.ready_replicas, 0)

    @property
    def created(self) -> Seen[int]:
        if self.subject.kind == "DaemonSet":
            return self.status("currentNumberScheduled", lambda s: s.current_number_scheduled, 0)
        return self.status("replicas", lambda s: s.replicas, 0)


class CronJobView(View[CronJob]):
    @property
    def suspended(self) -> Seen[bool]:
        return self.seen("spec.suspend", lambda c: c.spec.suspend, False)

    @property
    def schedule(self) -> Seen[str]:
        return self.seen("spec.schedule", lambda c: c.spec.schedule, "")

    @property
    def policy(self) -> Seen[str]:
        return self.seen("spec.concurrencyPolicy", lambda c: c.spec.concurrency_policy, "Allow")

    @property
    def deadline(self) -> Seen[int]:
        """startingDeadlineSeconds; -1 where none is set."""
        return self.seen("spec.startingDeadlineSeconds", lambda c: c.spec.starting_deadline_seconds, -1)

    @property
    def active(self) -> Seen[list[ObjectReference]]:
        return self.seen("status.active", lambda c: c.status.active, [])

    def text(self, field: str, read: Callable[[CronJob], str | UnsetType | None]) -> str:
        """A field's text; "" where it is not set or not shown."""
        seen = self.seen(field, read, "")
        return seen.value if seen.observed else ""


class ServiceView(View[Service]):
    @property
    def selector(self) -> Seen[dict[str, str]]:
        return self.seen("spec.selector", lambda s: s.spec.selector, {})

    @property
    def type(self) -> Seen[str]:
        return self.seen("spec.type", lambda s: s.spec.type, "ClusterIP")


class ClaimView(View[PersistentVolumeClaim]):
    @property
    def phase(self) -> Seen[str]:
        return self.seen("status.phase", lambda c: c.status.phase, "")

    @property
    def storage_class(self) -> Seen[str]:
        return self.seen("spec.storageClassName", lambda c: c.spec.storage_class_name, "")

    @property
    def volume_name(self) -> Seen[str]:
        return self.seen("spec.volumeName", lambda c: c.spec.volume_name, "")


class ObjectView(_WithConditions[ApiObject]):
    """Any other kind."""


VIEWS: dict[str, type[View[ApiObject]]] = {
    "Node": NodeView,  # type: ignore[dict-item]
    "Pod": PodView,  # type: ignore[dict-item]
    "Deployment": WorkloadView,
    "ReplicaSet": WorkloadView,
    "StatefulSet": WorkloadView,
    "DaemonSet": WorkloadView,
    "Job": WorkloadView,
    "ReplicationController": WorkloadView,
    "CronJob": CronJobView,  # type: ignore[dict-item]
    "Service": ServiceView,  # type: ignore[dict-item]
    "PersistentVolumeClaim": ClaimView,  # type: ignore[dict-item]
}


def view_of(scene: Scene, subject: Subject) -> View[ApiObject]:
    """The view that fits the subject's kind."""
    return VIEWS.get(subject.kind, ObjectView)(scene, subject)
