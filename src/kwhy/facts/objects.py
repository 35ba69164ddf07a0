"""Kubernetes API objects, with only the fields that the catalogue reads.

One struct per kind serves every form of evidence. Fields default to UNSET: in an object that was shown whole (JSON or
YAML from the API) an UNSET field has its API default, in a partial view (a table row, a describe) it was not shown.
:class:`Observation` says which of the two it is. Field names are the API's, in snake_case.

Sources: k8s.io/api v0.34 core/v1, apps/v1, batch/v1, autoscaling/v2, policy/v1, storage/v1, discovery/v1,
coordination/v1, admissionregistration/v1; older served versions differ only in fields not read here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from kwhy.model.document import Document, Locator
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment

T = TypeVar("T")
Maybe: TypeAlias = T | UnsetType | None

#: metav1.Time as the API writes it, RFC 3339; kept as text and parsed where a rule reads it.
Timestamp: TypeAlias = str
#: resource.Quantity as written ("100m", "1Gi", 2); kept as given.
Quantity: TypeAlias = str | int | float


class ApiStruct(msgspec.Struct, frozen=True, gc=False, rename="camel", omit_defaults=True):
    """Decoding settings shared by all API structs; holds no fields and no behaviour."""


class OwnerReference(ApiStruct, frozen=True):
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


class ObjectMeta(ApiStruct, frozen=True):
    name: str = ""
    namespace: str = ""
    uid: Maybe[str] = UNSET
    labels: Maybe[dict[str, str]] = UNSET
    annotations: Maybe[dict[str, str]] = UNSET
    creation_timestamp: Maybe[Timestamp] = UNSET
    deletion_timestamp: Maybe[Timestamp] = UNSET
    finalizers: Maybe[list[str]] = UNSET
    owner_references: Maybe[list[OwnerReference]] = UNSET
    generation: Maybe[int] = UNSET


class Condition(ApiStruct, frozen=True):
    """A status condition of any kind (NodeCondition, PodCondition, DeploymentCondition …).

    ``reason`` and ``message`` are None where a partial view does not show them (describe pod: type and status only).
    """

    type: str = ""
    status: str = ""
    reason: str | None = ""
    message: str | None = ""
    last_heartbeat_time: Maybe[Timestamp] = UNSET
    last_transition_time: Maybe[Timestamp] = UNSET
    last_update_time: Maybe[Timestamp] = UNSET


class LabelSelectorRequirement(ApiStruct, frozen=True):
    key: str = ""
    operator: str = ""
    values: list[str] | None = None


class LabelSelector(ApiStruct, frozen=True):
    match_labels: dict[str, str] | None = None
    match_expressions: list[LabelSelectorRequirement] | None = None


# --- Node ---------------------------------------------------------------------------------------------------------


class Taint(ApiStruct, frozen=True):
    key: str = ""
    value: str = ""
    effect: str = ""
    time_added: Maybe[Timestamp] = UNSET


class NodeAddress(ApiStruct, frozen=True):
    type: str = ""
    address: str = ""


class NodeSystemInfo(ApiStruct, frozen=True):
    kubelet_version: Maybe[str] = UNSET
    container_runtime_version: Maybe[str] = UNSET
    kernel_version: Maybe[str] = UNSET
    os_image: Maybe[str] = UNSET
    boot_id: Maybe[str] = msgspec.field(default=UNSET, name="bootID")
    machine_id: Maybe[str] = msgspec.field(default=UNSET, name="machineID")


class NodeSpec(ApiStruct, frozen=True):
    unschedulable: Maybe[bool] = UNSET
    taints: Maybe[list[Taint]] = UNSET
    pod_cidr: Maybe[str] = msgspec.field(default=UNSET, name="podCIDR")


class NodeStatus(ApiStruct, frozen=True):
    conditions: Maybe[list[Condition]] = UNSET
    addresses: Maybe[list[NodeAddress]] = UNSET
    capacity: Maybe[dict[str, Quantity]] = UNSET
    allocatable: Maybe[dict[str, Quantity]] = UNSET
    node_info: Maybe[NodeSystemInfo] = UNSET


class Node(ApiStruct, frozen=True, tag_field="kind", tag="Node"):
    metadata: ObjectMeta
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


# --- Pod ----------------------------------------------------------------------------------------------------------


class ContainerPort(ApiStruct, frozen=True):
    """``name`` is None where a partial view does not show whether the port has one (describe before kubectl 1.33)."""

    container_port: int = 0
    host_port: int = 0
    protocol: str = "TCP"
    name: str | None = ""
    host_ip: str = msgspec.field(default="", name="hostIP")


class ResourceRequirements(ApiStruct, frozen=True):
    requests: Maybe[dict[str, Quantity]] = UNSET
    limits: Maybe[dict[str, Quantity]] = UNSET


class EnvVar(ApiStruct, frozen=True):
    """``value`` may be secret: it is compared, never printed."""

    name: str = ""
    value: Maybe[str] = UNSET
    value_from: Maybe[dict[str, Any]] = UNSET


class HTTPGetAction(ApiStruct, frozen=True):
    path: str = ""
    port: int | str = 0
    scheme: str = "HTTP"


class TCPSocketAction(ApiStruct, frozen=True):
    port: int | str = 0


class Probe(ApiStruct, frozen=True):
    http_get: HTTPGetAction | None = None
    tcp_socket: TCPSocketAction | None = None
    exec: dict[str, Any] | None = None
    grpc: dict[str, Any] | None = None
    initial_delay_seconds: int = 0
    timeout_seconds: int = 1
    period_seconds: int = 10
    success_threshold: int = 1
    failure_threshold: int = 3


class VolumeMount(ApiStruct, frozen=True):
    name: str = ""
    mount_path: str = ""
    sub_path: str = ""


class Container(ApiStruct, frozen=True):
    name: str = ""
    image: Maybe[str] = UNSET
    command: Maybe[list[str]] = UNSET
    args: Maybe[list[str]] = UNSET
    ports: Maybe[list[ContainerPort]] = UNSET
    env: Maybe[list[EnvVar]] = UNSET
    env_from: Maybe[list[dict[str, Any]]] = UNSET
    resources: Maybe[ResourceRequirements] = UNSET
    volume_mounts: Maybe[list[VolumeMount]] = UNSET
    liveness_probe: Maybe[Probe] = UNSET
    readiness_probe: Maybe[Probe] = UNSET
    startup_probe: Maybe[Probe] = UNSET
    restart_policy: Maybe[str] = UNSET


class Toleration(ApiStruct, frozen=True):
    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""
    toleration_seconds: int | None = None


class NodeSelectorRequirement(ApiStruct, frozen=True):
    key: str = ""
    operator: str = ""
    values: list[str] | None = None


class NodeSelectorTerm(ApiStruct, frozen=True):
    match_expressions: list[NodeSelectorRequirement] | None = None
    match_fields: list[NodeSelectorRequirement] | None = None


class NodeSelector(ApiStruct, frozen=True):
    node_selector_terms: list[NodeSelectorTerm] | None = None


class NodeAffinity(ApiStruct, frozen=True):
    required: NodeSelector | None = msgspec.field(default=None, name="requiredDuringSchedulingIgnoredDuringExecution")


class PodAffinityTerm(ApiStruct, frozen=True):
    label_selector: LabelSelector | None = None
    namespaces: list[str] | None = None
    namespace_selector: LabelSelector | None = None
    topology_key: str = ""


class PodAffinity(ApiStruct, frozen=True):
    required: list[PodAffinityTerm] | None = msgspec.field(
        default=None, name="requiredDuringSchedulingIgnoredDuringExecution"
    )


class Affinity(ApiStruct, frozen=True):
    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAffinity | None = None


class TopologySpreadConstraint(ApiStruct, frozen=True):
    max_skew: int = 1
    topology_key: str = ""
    when_unsatisfiable: str = ""
    label_selector: LabelSelector | None = None
    min_domains: int | None = None


class ClaimSource(ApiStruct, frozen=True):
    claim_name: str = ""


class NamedSource(ApiStruct, frozen=True):
    """A ConfigMap volume source (``name``) or a Secret volume source (``secretName``)."""

    name: str = ""
    secret_name: str = ""
    optional: bool | None = None
    items: list[dict[str, Any]] | None = None


class Volume(ApiStruct, frozen=True):
    name: str = ""
    persistent_volume_claim: ClaimSource | None = None
    config_map: NamedSource | None = None
    secret: NamedSource | None = None
    host_path: dict[str, Any] | None = None
    empty_dir: dict[str, Any] | None = None
    ephemeral: dict[str, Any] | None = None
    projected: dict[str, Any] | None = None


class LocalObjectReference(ApiStruct, frozen=True):
    name: str = ""


class PodSpec(ApiStruct, frozen=True):
    node_name: Maybe[str] = UNSET
    node_selector: Maybe[dict[str, str]] = UNSET
    affinity: Maybe[Affinity] = UNSET
    tolerations: Maybe[list[Toleration]] = UNSET
    topology_spread_constraints: Maybe[list[TopologySpreadConstraint]] = UNSET
    containers: Maybe[list[Container]] = UNSET
    init_containers: Maybe[list[Container]] = UNSET
    volumes: Maybe[list[Volume]] = UNSET
    scheduler_name: Maybe[str] = UNSET
    scheduling_gates: Maybe[list[LocalObjectReference]] = UNSET
    priority: Maybe[int] = UNSET
    priority_class_name: Maybe[str] = UNSET
    preemption_policy: Maybe[str] = UNSET
    host_network: Maybe[bool] = UNSET
    dns_policy: Maybe[str] = UNSET
    service_account_name: Maybe[str] = UNSET
    restart_policy: Maybe[str] = UNSET
    overhead: Maybe[dict[str, Quantity]] = UNSET
    image_pull_secrets: Maybe[list[LocalObjectReference]] = UNSET
    termination_grace_period_seconds: Maybe[int] = UNSET


class StateWaiting(ApiStruct, frozen=True):
    """``message`` is None where a partial view does not show it (describe prints the reason only)."""

    reason: str = ""
    message: str | None = ""


class StateRunning(ApiStruct, frozen=True):
    started_at: Maybe[Timestamp] = UNSET


class StateTerminated(ApiStruct, frozen=True):
    exit_code: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    started_at: Maybe[Timestamp] = UNSET
    finished_at: Maybe[Timestamp] = UNSET


class ContainerState(ApiStruct, frozen=True):
    waiting: StateWaiting | None = None
    running: StateRunning | None = None
    terminated: StateTerminated | None = None


class ContainerStatus(ApiStruct, frozen=True):
    name: str = ""
    ready: Maybe[bool] = UNSET
    started: Maybe[bool] = UNSET
    restart_count: Maybe[int] = UNSET
    state: Maybe[ContainerState] = UNSET
    last_state: Maybe[ContainerState] = UNSET
    image: Maybe[str] = UNSET
    container_id: Maybe[str] = msgspec.field(default=UNSET, name="containerID")


class PodStatus(ApiStruct, frozen=True):
    phase: Maybe[str] = UNSET
    reason: Maybe[str] = UNSET
    message: Maybe[str] = UNSET
    conditions: Maybe[list[Condition]] = UNSET
    container_statuses: Maybe[list[ContainerStatus]] = UNSET
    init_container_statuses: Maybe[list[ContainerStatus]] = UNSET
    pod_ip: Maybe[str] = msgspec.field(default=UNSET, name="podIP")
    host_ip: Maybe[str] = msgspec.field(default=UNSET, name="hostIP")
    nominated_node_name: Maybe[str] = UNSET
    start_time: Maybe[Timestamp] = UNSET
    qos_class: Maybe[str] = UNSET


class Pod(ApiStruct, frozen=True, tag_field="kind", tag="Pod"):
    metadata: ObjectMeta
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


# --- Workloads ----------------------------------------------------------------------------------------------------


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


# --- Services -----------------------------------------------------------------------------------------------------


class ServicePort(ApiStruct, frozen=True):
    name: str = ""
    port: int = 0
    target_port: int | str = 0
    protocol: str = "TCP"
    node_port: int = 0


class ServiceSpec(ApiStruct, frozen=True):
    type: Maybe[str] = UNSET
    selector: Maybe[dict[str, str]] = UNSET
    cluster_ip: Maybe[str] = msgspec.field(default=UNSET, name="clusterIP")
    ports: Maybe[list[ServicePort]] = UNSET
    external_name: Maybe[str] = UNSET
    publish_not_ready_addresses: Maybe[bool] = UNSET


class Service(ApiStruct, frozen=True, tag_field="kind", tag="Service"):
    metadata: ObjectMeta
    spec: ServiceSpec = ServiceSpec()


class ObjectReference(ApiStruct, frozen=True):
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    field_path: str = ""


class EndpointAddress(ApiStruct, frozen=True):
    ip: str = ""
    node_name: str | None = None
    target_ref: ObjectReference | None = None


class EndpointSubset(ApiStruct, frozen=True):
    addresses: list[EndpointAddress] | None = None
    not_ready_addresses: list[EndpointAddress] | None = None


class Endpoints(ApiStruct, frozen=True, tag_field="kind", tag="Endpoints"):
    metadata: ObjectMeta
    subsets: Maybe[list[EndpointSubset]] = UNSET


class EndpointConditions(ApiStruct, frozen=True):
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Endpoint(ApiStruct, frozen=True):
    addresses: list[str] | None = None
    conditions: EndpointConditions = EndpointConditions()
    node_name: str | None = None
    target_ref: ObjectReference | None = None


class EndpointSlice(ApiStruct, frozen=True, tag_field="kind", tag="EndpointSlice"):
    metadata: ObjectMeta
    endpoints: Maybe[list[Endpoint]] = UNSET


# --- Storage ------------------------------------------------------------------------------------------------------


class ClaimSpec(ApiStruct, frozen=True):
    storage_class_name: Maybe[str] = UNSET
    volume_name: Maybe[str] = UNSET
    access_modes: Maybe[list[str]] = UNSET
    resources: Maybe[ResourceRequirements] = UNSET


class ClaimStatus(ApiStruct, frozen=True):
    phase: Maybe[str] = UNSET
    conditions: Maybe[list[Condition]] = UNSET


class PersistentVolumeClaim(ApiStruct, frozen=True, tag_field="kind", tag="PersistentVolumeClaim"):
    metadata: ObjectMeta
    spec: ClaimSpec = ClaimSpec()
    status: ClaimStatus = ClaimStatus()


class VolumeNodeAffinity(ApiStruct, frozen=True):
    required: NodeSelector | None = None


class PersistentVolumeSpec(ApiStruct, frozen=True):
    storage_class_name: Maybe[str] = UNSET
    capacity: Maybe[dict[str, Quantity]] = UNSET
    access_modes: Maybe[list[str]] = UNSET
    claim_ref: Maybe[ObjectReference] = UNSET
    node_affinity: Maybe[VolumeNodeAffinity] = UNSET


class PersistentVolume(ApiStruct, frozen=True, tag_field="kind", tag="PersistentVolume"):
    metadata: ObjectMeta
    spec: PersistentVolumeSpec = PersistentVolumeSpec()
    status: ClaimStatus = ClaimStatus()


class StorageClass(ApiStruct, frozen=True, tag_field="kind", tag="StorageClass"):
    metadata: ObjectMeta
    provisioner: Maybe[str] = UNSET
    volume_binding_mode: Maybe[str] = UNSET


# --- Policy, quota, leases, the rest ------------------------------------------------------------------------------


class QuotaSpec(ApiStruct, frozen=True):
    hard: Maybe[dict[str, Quantity]] = UNSET


class QuotaStatus(ApiStruct, frozen=True):
    hard: Maybe[dict[str, Quantity]] = UNSET
    used: Maybe[dict[str, Quantity]] = UNSET


class ResourceQuota(ApiStruct, frozen=True, tag_field="kind", tag="ResourceQuota"):
    metadata: ObjectMeta
    spec: QuotaSpec = QuotaSpec()
    status: QuotaStatus = QuotaStatus()


class BudgetSpec(ApiStruct, frozen=True):
    min_available: Maybe[int | str] = UNSET
    max_unavailable: Maybe[int | str] = UNSET
    selector: Maybe[LabelSelector] = UNSET


class BudgetStatus(ApiStruct, frozen=True):
    disruptions_allowed: Maybe[int] = UNSET
    current_healthy: Maybe[int] = UNSET
    desired_healthy: Maybe[int] = UNSET
    expected_pods: Maybe[int] = UNSET
    conditions: Maybe[list[Condition]] = UNSET


class PodDisruptionBudget(ApiStruct, frozen=True, tag_field="kind", tag="PodDisruptionBudget"):
    metadata: ObjectMeta
    spec: BudgetSpec = BudgetSpec()
    status: BudgetStatus = BudgetStatus()


class ScaleTargetRef(ApiStruct, frozen=True):
    kind: str = ""
    name: str = ""


class AutoscalerSpec(ApiStruct, frozen=True):
    scale_target_ref: Maybe[ScaleTargetRef] = UNSET
    min_replicas: Maybe[int] = UNSET
    max_replicas: Maybe[int] = UNSET


class ConditionsStatus(ApiStruct, frozen=True):
    phase: Maybe[str] = UNSET
    conditions: Maybe[list[Condition]] = UNSET


class HorizontalPodAutoscaler(ApiStruct, frozen=True, tag_field="kind", tag="HorizontalPodAutoscaler"):
    metadata: ObjectMeta
    spec: AutoscalerSpec = AutoscalerSpec()
    status: ConditionsStatus = ConditionsStatus()


class LeaseSpec(ApiStruct, frozen=True):
    holder_identity: Maybe[str] = UNSET
    lease_duration_seconds: Maybe[int] = UNSET
    renew_time: Maybe[Timestamp] = UNSET


class Lease(ApiStruct, frozen=True, tag_field="kind", tag="Lease"):
    metadata: ObjectMeta
    spec: LeaseSpec = LeaseSpec()


class ApiServiceSpec(ApiStruct, frozen=True):
    service: ObjectReference | None = None


class APIService(ApiStruct, frozen=True, tag_field="kind", tag="APIService"):
    metadata: ObjectMeta
    spec: ApiServiceSpec = ApiServiceSpec()
    status: ConditionsStatus = ConditionsStatus()


class WebhookService(ApiStruct, frozen=True):
    name: str = ""
    namespace: str = ""
    path: str = ""
    port: int | None = None


class WebhookClientConfig(ApiStruct, frozen=True):
    service: WebhookService | None = None
    url: str | None = None


class Webhook(ApiStruct, frozen=True):
    name: str = ""
    failure_policy: str = "Fail"
    client_config: WebhookClientConfig = WebhookClientConfig()


class ValidatingWebhookConfiguration(ApiStruct, frozen=True, tag_field="kind", tag="ValidatingWebhookConfiguration"):
    metadata: ObjectMeta
    webhooks: Maybe[list[Webhook]] = UNSET


class MutatingWebhookConfiguration(ApiStruct, frozen=True, tag_field="kind", tag="MutatingWebhookConfiguration"):
    metadata: ObjectMeta
    webhooks: Maybe[list[Webhook]] = UNSET


class ConfigMap(ApiStruct, frozen=True, tag_field="kind", tag="ConfigMap"):
    metadata: ObjectMeta
    data: Maybe[dict[str, str]] = UNSET


class Secret(ApiStruct, frozen=True, tag_field="kind", tag="Secret"):
    """Values are decoded into nothing: only the key names are kept."""

    metadata: ObjectMeta
    type: Maybe[str] = UNSET
    data: Maybe[dict[str, msgspec.Raw]] = UNSET


class Namespace(ApiStruct, frozen=True, tag_field="kind", tag="Namespace"):
    metadata: ObjectMeta
    status: ConditionsStatus = ConditionsStatus()


class ServiceAccount(ApiStruct, frozen=True, tag_field="kind", tag="ServiceAccount"):
    metadata: ObjectMeta
    image_pull_secrets: Maybe[list[LocalObjectReference]] = UNSET


# --- Authorisation ------------------------------------------------------------------------------------------------


class PolicyRule(ApiStruct, frozen=True):
    """rbac.authorization.k8s.io/v1 PolicyRule."""

    verbs: list[str] | None = None
    api_groups: list[str] | None = None
    resources: list[str] | None = None
    resource_names: list[str] | None = None
    non_resource_urls: list[str] | None = msgspec.field(default=None, name="nonResourceURLs")


class RoleRef(ApiStruct, frozen=True):
    kind: str = ""
    name: str = ""


class RoleSubject(ApiStruct, frozen=True):
    kind: str = ""
    name: str = ""
    namespace: str = ""


class Role(ApiStruct, frozen=True, tag_field="kind", tag="Role"):
    metadata: ObjectMeta
    rules: Maybe[list[PolicyRule]] = UNSET


class ClusterRole(ApiStruct, frozen=True, tag_field="kind", tag="ClusterRole"):
    metadata: ObjectMeta
    rules: Maybe[list[PolicyRule]] = UNSET


class RoleBinding(ApiStruct, frozen=True, tag_field="kind", tag="RoleBinding"):
    metadata: ObjectMeta
    role_ref: Maybe[RoleRef] = UNSET
    subjects: Maybe[list[RoleSubject]] = UNSET


class ClusterRoleBinding(ApiStruct, frozen=True, tag_field="kind", tag="ClusterRoleBinding"):
    metadata: ObjectMeta
    role_ref: Maybe[RoleRef] = UNSET
    subjects: Maybe[list[RoleSubject]] = UNSET


class Generic(ApiStruct, frozen=True):
    """Any other kind, custom resources included: its identity and its conditions."""

    kind: str = ""
    metadata: ObjectMeta = ObjectMeta()
    status: ConditionsStatus = ConditionsStatus()


ApiObject: TypeAlias = (
    Node
    | Pod
    | Deployment
    | ReplicaSet
    | StatefulSet
    | DaemonSet
    | Job
    | Service
    | Endpoints
    | EndpointSlice
    | PersistentVolumeClaim
    | PersistentVolume
    | StorageClass
    | ResourceQuota
    | PodDisruptionBudget
    | HorizontalPodAutoscaler
    | Lease
    | APIService
    | ValidatingWebhookConfiguration
    | MutatingWebhookConfiguration
    | ConfigMap
    | Secret
    | Namespace
    | ServiceAccount
    | Role
    | ClusterRole
    | RoleBinding
    | ClusterRoleBinding
    | Generic
)


class Observation(msgspec.Struct, frozen=True, gc=False):
    """One document's view of one object.

    ``whole``: the object was shown entire, so an UNSET field has its API default. Otherwise UNSET means not shown.
    ``path`` (JSON path of the object, as "items[3]", "" for a lone object) or ``line`` (of the row or the describe
    block) locates it. ``printed`` keeps words as kubectl rendered them (column STATUS of a pod …) by column name in
    capitals; they are not API fields. ``lines`` locates single fields of a describe ("status.conditions" → line).
    ``observed`` is when, where the document says so.
    """

    object: ApiObject
    document: Document
    whole: bool
    path: str = ""
    line: int | None = None
    printed: Mapping[str, str] | None = None
    lines: Mapping[str, int] | None = None
    observed: Moment = UNKNOWN_MOMENT

    @property
    def kind(self) -> str:
        return self.object.kind if isinstance(self.object, Generic) else type(self.object).__name__

    @property
    def subject(self) -> Subject:
        meta = self.object.metadata
        return Subject(self.kind, meta.name, meta.namespace or None)

    @property
    def at(self) -> Locator:
        return self.field_at("")

    def field_at(self, field: str, excerpt: str = "") -> Locator:
        """Where ``field`` (JSON path below the object, as "status.conditions[2]") stands.

        ``excerpt`` is what to quote from a structured document; of text, the line itself is quoted.
        """
        if self.line is None:
            return self.document.at(path=".".join(part for part in (self.path, field) if part), excerpt=excerpt)
        line = (self.lines or {}).get(field, self.line)
        return self.document.at(line=line, excerpt=self.document.line(line).strip())


class ObjectBatch(msgspec.Struct, frozen=True, gc=False):
    """Many objects of one document, shown whole; the scene makes an Observation of one when it is asked for.

    ``path`` is the JSON path of the list ("items"), or "" where ``objects`` is the lone object of the document.
    ``indexes`` gives each object's index in the source list where it differs from its position; None where equal.
    """

    objects: list[ApiObject]
    document: Document
    path: str = "items"
    indexes: list[int] | None = None
    observed: Moment = UNKNOWN_MOMENT

    @property
    def at(self) -> Locator:
        return self.document.at(path=self.path)

    def observation(self, position: int) -> Observation:
        """The observation of the object at ``position`` in ``objects``."""
        index = position if self.indexes is None else self.indexes[position]
        path = f"{self.path}[{index}]" if self.path else ""
        return Observation(self.objects[position], self.document, whole=True, path=path, observed=self.observed)


class Event(msgspec.Struct, frozen=True, gc=False):
    """A Kubernetes Event, from the API or from a text table.

    ``count`` occurrences between ``first`` and ``last``. ``component`` is reportingComponent or source.component;
    ``host`` is source.host. ``age`` and ``first_age`` are seconds before the document was written, as text tables print
    them ("8m29s (x19 over 42m)"). The identity for merging is (about, reason, message, component).
    """

    about: Subject
    reason: str
    message: str
    type: str
    component: str
    at: Locator
    host: str | None = None
    count: int = 1
    first: Moment = UNKNOWN_MOMENT
    last: Moment = UNKNOWN_MOMENT
    age: float | None = None
    first_age: float | None = None


class Listing(msgspec.Struct, frozen=True, gc=False):
    """The document lists every object of ``kind`` in ``namespace`` (None: in all namespaces, or cluster-scoped).

    Only a Listing supports "there is none". ``kind`` "Event" says that events were captured.
    """

    kind: str
    namespace: str | None
    at: Locator
    observed: Moment = UNKNOWN_MOMENT
