"""Kubernetes API objects, with only the fields that the catalogue reads.

One struct per kind serves every form of evidence. Fields default to UNSET: in an object that was shown whole (JSON or
YAML from the API) an UNSET field has its API default, in a partial view (a table row, a describe) it was not shown.
:class:`Observation` says which of the two it is. Field names are the API's, in snake_case.

Sources: k8s.io/api v0.34 core/v1, apps/v1, batch/v1, autoscaling/v2, policy/v1, storage/v1, discovery/v1,
coordination/v1, admissionregistration/v1, networking/v1; older served versions differ only in fields not read here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from kwhy.facts.api.access import ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, RoleSubject
from kwhy.facts.api.meta import (
    ApiStruct,
    Condition,
    ConditionsStatus,
    Generic,
    LabelSelector,
    LabelSelectorRequirement,
    LocalObjectReference,
    Maybe,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    ObjectMeta,
    ObjectReference,
    OwnerReference,
    Quantity,
    ResourceRequirements,
    Timestamp,
)
from kwhy.facts.api.network import (
    BackendPort,
    BackendResource,
    BackendService,
    ExposedStatus,
    Gateway,
    GatewaySpec,
    GRPCRoute,
    HTTPRoute,
    Ingress,
    IngressBackend,
    IngressClass,
    IngressClassSpec,
    IngressPath,
    IngressPaths,
    IngressRule,
    IngressSpec,
    IngressTLS,
    IPBlock,
    LoadBalancerIngress,
    LoadBalancerStatus,
    NetworkPolicy,
    NetworkPolicyEgressRule,
    NetworkPolicyIngressRule,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicySpec,
    RouteBackend,
    RouteParent,
    RouteParentStatus,
    RouteRule,
    RouteSpec,
    RouteStatus,
)
from kwhy.facts.api.node import Node, NodeAddress, NodeSpec, NodeStatus, NodeSystemInfo, Taint
from kwhy.facts.api.pod import (
    Affinity,
    ClaimSource,
    Container,
    ContainerPort,
    ContainerState,
    ContainerStatus,
    EnvVar,
    HTTPGetAction,
    KeyToPath,
    Lifecycle,
    LifecycleHandler,
    NamedSource,
    NodeAffinity,
    Pod,
    PodAffinity,
    PodAffinityTerm,
    PodSpec,
    PodStatus,
    Probe,
    ProjectedSource,
    ProjectedVolume,
    SecurityContext,
    StateRunning,
    StateTerminated,
    StateWaiting,
    TCPSocketAction,
    Toleration,
    TopologySpreadConstraint,
    Volume,
    VolumeMount,
)
from kwhy.facts.api.policy import (
    APIService,
    ApiServiceSpec,
    AutoscalerSpec,
    AutoscalerStatus,
    BudgetSpec,
    BudgetStatus,
    ConfigMap,
    HorizontalPodAutoscaler,
    Lease,
    LeaseSpec,
    LimitRange,
    LimitRangeItem,
    LimitRangeSpec,
    MutatingWebhookConfiguration,
    Namespace,
    NamespaceSpec,
    PodDisruptionBudget,
    QuotaSpec,
    QuotaStatus,
    ResourceQuota,
    ScaleTargetRef,
    Secret,
    ServiceAccount,
    ValidatingWebhookConfiguration,
    Webhook,
    WebhookClientConfig,
    WebhookService,
)
from kwhy.facts.api.service import (
    Endpoint,
    EndpointAddress,
    EndpointConditions,
    EndpointPort,
    Endpoints,
    EndpointSlice,
    EndpointSubset,
    Service,
    ServicePort,
    ServiceSpec,
    ServiceStatus,
)
from kwhy.facts.api.storage import (
    ClaimSpec,
    ClaimStatus,
    CSINode,
    PersistentVolume,
    PersistentVolumeClaim,
    PersistentVolumeSpec,
    StorageClass,
    VolumeAttachment,
    VolumeNodeAffinity,
)
from kwhy.facts.api.workload import (
    ControllerSpec,
    CronJob,
    CronJobSpec,
    CronJobStatus,
    DaemonSet,
    Deployment,
    Job,
    PodTemplate,
    ReplicaSet,
    ReplicationController,
    RollingUpdate,
    StatefulSet,
    UpdateStrategy,
    WorkloadSpec,
    WorkloadStatus,
)
from kwhy.model.document import Document, Locator
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment

__all__ = [
    "APIService",
    "Affinity",
    "ApiObject",
    "ApiServiceSpec",
    "ApiStruct",
    "AutoscalerSpec",
    "AutoscalerStatus",
    "BackendPort",
    "BackendResource",
    "BackendService",
    "BudgetSpec",
    "BudgetStatus",
    "CSINode",
    "ClaimSource",
    "ClaimSpec",
    "ClaimStatus",
    "ClusterRole",
    "ClusterRoleBinding",
    "Condition",
    "ConditionsStatus",
    "ConfigMap",
    "Container",
    "ContainerPort",
    "ContainerState",
    "ContainerStatus",
    "ControllerSpec",
    "CronJob",
    "CronJobSpec",
    "CronJobStatus",
    "DaemonSet",
    "Deployment",
    "Endpoint",
    "EndpointAddress",
    "EndpointConditions",
    "EndpointPort",
    "EndpointSlice",
    "EndpointSubset",
    "Endpoints",
    "EnvVar",
    "Event",
    "ExposedStatus",
    "GRPCRoute",
    "Gateway",
    "GatewaySpec",
    "Generic",
    "HTTPGetAction",
    "HTTPRoute",
    "HorizontalPodAutoscaler",
    "IPBlock",
    "Ingress",
    "IngressBackend",
    "IngressClass",
    "IngressClassSpec",
    "IngressPath",
    "IngressPaths",
    "IngressRule",
    "IngressSpec",
    "IngressTLS",
    "Job",
    "KeyToPath",
    "LabelSelector",
    "LabelSelectorRequirement",
    "Lease",
    "LeaseSpec",
    "Lifecycle",
    "LifecycleHandler",
    "LimitRange",
    "LimitRangeItem",
    "LimitRangeSpec",
    "Listing",
    "LoadBalancerIngress",
    "LoadBalancerStatus",
    "LocalObjectReference",
    "Maybe",
    "MutatingWebhookConfiguration",
    "NamedSource",
    "Namespace",
    "NamespaceSpec",
    "NetworkPolicy",
    "NetworkPolicyEgressRule",
    "NetworkPolicyIngressRule",
    "NetworkPolicyPeer",
    "NetworkPolicyPort",
    "NetworkPolicySpec",
    "Node",
    "NodeAddress",
    "NodeAffinity",
    "NodeSelector",
    "NodeSelectorRequirement",
    "NodeSelectorTerm",
    "NodeSpec",
    "NodeStatus",
    "NodeSystemInfo",
    "ObjectBatch",
    "ObjectMeta",
    "ObjectReference",
    "Observation",
    "OwnerReference",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "PersistentVolumeSpec",
    "Pod",
    "PodAffinity",
    "PodAffinityTerm",
    "PodDisruptionBudget",
    "PodSpec",
    "PodStatus",
    "PodTemplate",
    "PolicyRule",
    "Probe",
    "ProjectedSource",
    "ProjectedVolume",
    "Quantity",
    "QuotaSpec",
    "QuotaStatus",
    "ReplicaSet",
    "ReplicationController",
    "ResourceQuota",
    "ResourceRequirements",
    "Role",
    "RoleBinding",
    "RoleRef",
    "RoleSubject",
    "RollingUpdate",
    "RouteBackend",
    "RouteParent",
    "RouteParentStatus",
    "RouteRule",
    "RouteSpec",
    "RouteStatus",
    "ScaleTargetRef",
    "Secret",
    "SecurityContext",
    "Service",
    "ServiceAccount",
    "ServicePort",
    "ServiceSpec",
    "ServiceStatus",
    "StateRunning",
    "StateTerminated",
    "StateWaiting",
    "StatefulSet",
    "StorageClass",
    "TCPSocketAction",
    "Taint",
    "Timestamp",
    "Toleration",
    "TopologySpreadConstraint",
    "UpdateStrategy",
    "ValidatingWebhookConfiguration",
    "Volume",
    "VolumeAttachment",
    "VolumeMount",
    "VolumeNodeAffinity",
    "Webhook",
    "WebhookClientConfig",
    "WebhookService",
    "WorkloadSpec",
    "WorkloadStatus",
]


ApiObject: TypeAlias = (
    Node
    | Pod
    | Deployment
    | ReplicaSet
    | StatefulSet
    | DaemonSet
    | Job
    | CronJob
    | ReplicationController
    | LimitRange
    | Service
    | Endpoints
    | EndpointSlice
    | Ingress
    | IngressClass
    | NetworkPolicy
    | HTTPRoute
    | GRPCRoute
    | Gateway
    | PersistentVolumeClaim
    | PersistentVolume
    | StorageClass
    | VolumeAttachment
    | CSINode
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
