"""Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, CronJob, ReplicationController."""

from __future__ import annotations

from msgspec import UNSET

from kwhy.facts.api.meta import ApiStruct, Condition, LabelSelector, Maybe, ObjectMeta, ObjectReference, Timestamp
from kwhy.facts.api.pod import PodSpec


class PodTemplate(ApiStruct, frozen=True):
    metadata: ObjectMeta = ObjectMeta()
    spec: PodSpec = PodSpec()


class RollingUpdate(ApiStruct, frozen=True):
    """``partition`` belongs to StatefulSets: ordinals below it keep the old revision."""

    max_unavailable: Maybe[int | str] = UNSET
    max_surge: Maybe[int | str] = UNSET
    partition: Maybe[int] = UNSET


class UpdateStrategy(ApiStruct, frozen=True):
    type: Maybe[str] = UNSET
    rolling_update: Maybe[RollingUpdate] = UNSET


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
    strategy: Maybe[UpdateStrategy] = UNSET
    update_strategy: Maybe[UpdateStrategy] = UNSET
    pod_management_policy: Maybe[str] = UNSET
    active_deadline_seconds: Maybe[int] = UNSET


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
    current_revision: Maybe[str] = UNSET
    update_revision: Maybe[str] = UNSET
    start_time: Maybe[Timestamp] = UNSET


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


class CronJobSpec(ApiStruct, frozen=True):
    schedule: Maybe[str] = UNSET
    time_zone: Maybe[str] = UNSET
    concurrency_policy: Maybe[str] = UNSET
    suspend: Maybe[bool] = UNSET
    starting_deadline_seconds: Maybe[int] = UNSET


class CronJobStatus(ApiStruct, frozen=True):
    active: Maybe[list[ObjectReference]] = UNSET
    last_schedule_time: Maybe[Timestamp] = UNSET
    last_successful_time: Maybe[Timestamp] = UNSET


class CronJob(ApiStruct, frozen=True, tag_field="kind", tag="CronJob"):
    metadata: ObjectMeta
    spec: CronJobSpec = CronJobSpec()
    status: CronJobStatus = CronJobStatus()


class ControllerSpec(ApiStruct, frozen=True):
    """ReplicationControllerSpec: the selector is a plain map of labels."""

    replicas: Maybe[int] = UNSET
    selector: Maybe[dict[str, str]] = UNSET
    template: Maybe[PodTemplate] = UNSET


class ReplicationController(ApiStruct, frozen=True, tag_field="kind", tag="ReplicationController"):
    metadata: ObjectMeta
    spec: ControllerSpec = ControllerSpec()
    status: WorkloadStatus = WorkloadStatus()
