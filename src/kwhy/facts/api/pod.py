"""Pod, with its containers, probes, volumes, affinity and status."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET

from kwhy.facts.api.meta import (
    ApiStruct,
    Condition,
    LabelSelector,
    LocalObjectReference,
    Maybe,
    NodeSelector,
    ObjectMeta,
    Quantity,
    ResourceRequirements,
    Timestamp,
)


class ContainerPort(ApiStruct, frozen=True):
    """``name`` is None where a partial view does not show whether the port has one (describe before kubectl 1.33)."""

    container_port: int = 0
    host_port: int = 0
    protocol: str = "TCP"
    name: str | None = ""
    host_ip: str = msgspec.field(default="", name="hostIP")


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


class LifecycleHandler(ApiStruct, frozen=True):
    exec: dict[str, Any] | None = None
    http_get: HTTPGetAction | None = None
    sleep: dict[str, Any] | None = None


class Lifecycle(ApiStruct, frozen=True):
    pre_stop: LifecycleHandler | None = None
    post_start: LifecycleHandler | None = None


class VolumeMount(ApiStruct, frozen=True):
    name: str = ""
    mount_path: str = ""
    sub_path: str = ""
    read_only: bool = False


class SecurityContext(ApiStruct, frozen=True):
    """Of a pod (``fs_group``, ``supplemental_groups``) or of a container; what the container says wins."""

    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    privileged: bool | None = None
    read_only_root_filesystem: bool | None = None
    fs_group: int | None = None
    supplemental_groups: list[int] | None = None


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
    security_context: Maybe[SecurityContext] = UNSET
    lifecycle: Maybe[Lifecycle] = UNSET


class Toleration(ApiStruct, frozen=True):
    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""
    toleration_seconds: int | None = None


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


class KeyToPath(ApiStruct, frozen=True):
    """A key of a ConfigMap or Secret and the file that it becomes."""

    key: str = ""
    path: str = ""


class NamedSource(ApiStruct, frozen=True):
    """A ConfigMap volume source (``name``) or a Secret volume source (``secretName``)."""

    name: str = ""
    secret_name: str = ""
    optional: bool | None = None
    items: list[KeyToPath] | None = None


class ProjectedSource(ApiStruct, frozen=True):
    """One source of a projected volume; both None where it is of another kind. Its Secret has ``name``."""

    config_map: NamedSource | None = None
    secret: NamedSource | None = None


class ProjectedVolume(ApiStruct, frozen=True):
    sources: list[ProjectedSource] | None = None


class Volume(ApiStruct, frozen=True):
    name: str = ""
    persistent_volume_claim: ClaimSource | None = None
    config_map: NamedSource | None = None
    secret: NamedSource | None = None
    host_path: dict[str, Any] | None = None
    empty_dir: dict[str, Any] | None = None
    ephemeral: dict[str, Any] | None = None
    projected: ProjectedVolume | None = None
    nfs: dict[str, Any] | None = None
    csi: dict[str, Any] | None = None


class PodDNSOption(ApiStruct, frozen=True):
    name: str = ""
    value: str | None = None


class PodDNSConfig(ApiStruct, frozen=True):
    nameservers: list[str] | None = None
    searches: list[str] | None = None
    options: list[PodDNSOption] | None = None


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
    dns_config: Maybe[PodDNSConfig] = UNSET
    service_account_name: Maybe[str] = UNSET
    automount_service_account_token: Maybe[bool] = UNSET
    restart_policy: Maybe[str] = UNSET
    overhead: Maybe[dict[str, Quantity]] = UNSET
    image_pull_secrets: Maybe[list[LocalObjectReference]] = UNSET
    termination_grace_period_seconds: Maybe[int] = UNSET
    security_context: Maybe[SecurityContext] = UNSET
    hostname: Maybe[str] = UNSET
    subdomain: Maybe[str] = UNSET


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
