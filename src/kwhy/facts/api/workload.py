"""Deployment, ReplicaSet, StatefulSet, DaemonSet, Job."""

from __future__ import annotations

from msgspec import UNSET

from kwhy.facts.api.meta import ApiStruct, Condition, LabelSelector, Maybe, ObjectMeta
from kwhy.facts.api.pod import PodSpec


class PodTemplate(ApiStruct, frozen=True):
    metadata: ObjectMeta = ObjectMeta()
    spec: PodSpec = PodSpec()


class WorkloadSpec(ApiStruct, frozen=True):
    """The fields of DeploymentSpec, ReplicaSetSpec, StatefulSetSpec, DaemonSetSpec and JobSpec that rules read."""

    replicas: Maybe[int] = UNSET
    selector: Maybe[LabelSelector] = UNSET
    template: Maybe[PodTemplate] = UNSET
    paused: Maybe[bool] = UNSET
    suspend: Maybe[bool] = UNSET
    completions: Maybe[int] = UNSET
    parallelism: Maybe[int] = UNSET
    backoff_limit: Maybe[int] = UNSET
    service_name: Maybe[str] = UNSET
    progress_deadline_seconds: Maybe[int] = UNSET


class WorkloadStatus(ApiStruct, frozen=True):
    replicas: Maybe[int] = UNSET
    ready_replicas: Maybe[int] = UNSET
    available_replicas: Maybe[int] = UNSET
    updated_replicas: Maybe[int] = UNSET
    unavailable_replicas: Maybe[int] = UNSET
    observed_generation: Maybe[int] = UNSET
    conditions: Maybe[list[Condition]] = UNSET
    desired_number_scheduled: Maybe[int] = UNSET
    current_number_scheduled: Maybe[int] = UNSET
    number_ready: Maybe[int] = UNSET
    number_available: Maybe[int] = UNSET
    number_unavailable: Maybe[int] = UNSET
    number_misscheduled: Maybe[int] = UNSET
    active: Maybe[int] = UNSET
    succeeded: Maybe[int] = UNSET
    failed: Maybe[int] = UNSET


class Deployment(ApiStruct, frozen=True, tag_field="kind", tag="Deployment"):
    metadata: ObjectMeta
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class ReplicaSet(ApiStruct, frozen=True, tag_field="kind", tag="ReplicaSet"):
    metadata: ObjectMeta
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class StatefulSet(ApiStruct, frozen=True, tag_field="kind", tag="StatefulSet"):
    metadata: ObjectMeta
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class DaemonSet(ApiStruct, frozen=True, tag_field="kind", tag="DaemonSet"):
    metadata: ObjectMeta
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class Job(ApiStruct, frozen=True, tag_field="kind", tag="Job"):
    metadata: ObjectMeta
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()
