"""Ingress, IngressClass, NetworkPolicy, and the routes of the Gateway API.

Sources: k8s.io/api v0.34 networking/v1 types.go (and networking/v1beta1, extensions/v1beta1 of Kubernetes 1.16, whose
backends have serviceName and servicePort); sigs.k8s.io/gateway-api v1.2 apis/v1.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from kwhy.facts.api.meta import ApiStruct, Condition, ConditionsStatus, LabelSelector, Maybe, ObjectMeta


class LoadBalancerIngress(ApiStruct, frozen=True):
    ip: str = ""
    hostname: str = ""


class LoadBalancerStatus(ApiStruct, frozen=True):
    ingress: Maybe[list[LoadBalancerIngress]] = UNSET


class ExposedStatus(ApiStruct, frozen=True):
    """The status of a Service or an Ingress: where it can be reached from outside."""

    load_balancer: Maybe[LoadBalancerStatus] = UNSET


class BackendPort(ApiStruct, frozen=True):
    name: str = ""
    number: int = 0


class BackendService(ApiStruct, frozen=True):
    name: str = ""
    port: BackendPort = BackendPort()


class BackendResource(ApiStruct, frozen=True):
    kind: str = ""
    name: str = ""


class IngressBackend(ApiStruct, frozen=True):
    """``service`` (networking.k8s.io/v1), or ``serviceName`` and ``servicePort`` (before)."""

    service: BackendService | None = None
    resource: BackendResource | None = None
    service_name: str = ""
    service_port: int | str = 0


class IngressPath(ApiStruct, frozen=True):
    path: str | None = ""
    path_type: Maybe[str] = UNSET
    backend: IngressBackend = IngressBackend()


class IngressPaths(ApiStruct, frozen=True):
    paths: list[IngressPath] | None = None


class IngressRule(ApiStruct, frozen=True):
    host: str = ""
    http: IngressPaths | None = None


class IngressTLS(ApiStruct, frozen=True):
    hosts: list[str] | None = None
    secret_name: str = ""


class IngressSpec(ApiStruct, frozen=True):
    """``backend`` is what ``default_backend`` was called before networking.k8s.io/v1."""

    ingress_class_name: Maybe[str] = UNSET
    default_backend: Maybe[IngressBackend] = UNSET
    backend: Maybe[IngressBackend] = UNSET
    rules: Maybe[list[IngressRule]] = UNSET
    tls: Maybe[list[IngressTLS]] = UNSET


class Ingress(ApiStruct, frozen=True, tag_field="kind", tag="Ingress"):
    metadata: ObjectMeta
    spec: IngressSpec = IngressSpec()
    status: ExposedStatus = ExposedStatus()


class IngressClassSpec(ApiStruct, frozen=True):
    controller: Maybe[str] = UNSET


class IngressClass(ApiStruct, frozen=True, tag_field="kind", tag="IngressClass"):
    metadata: ObjectMeta
    spec: IngressClassSpec = IngressClassSpec()


class IPBlock(ApiStruct, frozen=True):
    cidr: str = ""
    except_: list[str] | None = msgspec.field(default=None, name="except")


class NetworkPolicyPeer(ApiStruct, frozen=True):
    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: IPBlock | None = None


class NetworkPolicyPort(ApiStruct, frozen=True):
    """``protocol`` None is TCP; ``port`` None is every port of the protocol."""

    protocol: str | None = None
    port: int | str | None = None
    end_port: int | None = None


class NetworkPolicyIngressRule(ApiStruct, frozen=True):
    ports: list[NetworkPolicyPort] | None = None
    peers: list[NetworkPolicyPeer] | None = msgspec.field(default=None, name="from")


class NetworkPolicyEgressRule(ApiStruct, frozen=True):
    ports: list[NetworkPolicyPort] | None = None
    peers: list[NetworkPolicyPeer] | None = msgspec.field(default=None, name="to")


class NetworkPolicySpec(ApiStruct, frozen=True):
    """Shown whole without ``podSelector`` it selects every pod; without ``policyTypes`` the API has a default."""

    pod_selector: Maybe[LabelSelector] = UNSET
    policy_types: Maybe[list[str]] = UNSET
    ingress: Maybe[list[NetworkPolicyIngressRule]] = UNSET
    egress: Maybe[list[NetworkPolicyEgressRule]] = UNSET


class NetworkPolicy(ApiStruct, frozen=True, tag_field="kind", tag="NetworkPolicy"):
    metadata: ObjectMeta
    spec: NetworkPolicySpec = NetworkPolicySpec()


class RouteParent(ApiStruct, frozen=True):
    kind: str = "Gateway"
    name: str = ""
    namespace: str | None = None
    section_name: str | None = None


class RouteParentStatus(ApiStruct, frozen=True):
    """What one controller says about the route on one of its parents."""

    parent_ref: RouteParent = RouteParent()
    controller_name: str = ""
    conditions: list[Condition] | None = None


class RouteStatus(ApiStruct, frozen=True):
    parents: Maybe[list[RouteParentStatus]] = UNSET


class RouteBackend(ApiStruct, frozen=True):
    group: str | None = ""
    kind: str | None = "Service"
    name: str = ""
    namespace: str | None = None
    port: int | None = None
    weight: int | None = 1


class RouteRule(ApiStruct, frozen=True):
    backend_refs: list[RouteBackend] | None = None


class RouteSpec(ApiStruct, frozen=True):
    hostnames: Maybe[list[str]] = UNSET
    parent_refs: Maybe[list[RouteParent]] = UNSET
    rules: Maybe[list[RouteRule]] = UNSET


class HTTPRoute(ApiStruct, frozen=True, tag_field="kind", tag="HTTPRoute"):
    metadata: ObjectMeta
    spec: RouteSpec = RouteSpec()
    status: RouteStatus = RouteStatus()


class GRPCRoute(ApiStruct, frozen=True, tag_field="kind", tag="GRPCRoute"):
    metadata: ObjectMeta
    spec: RouteSpec = RouteSpec()
    status: RouteStatus = RouteStatus()


class GatewaySpec(ApiStruct, frozen=True):
    gateway_class_name: Maybe[str] = UNSET


class Gateway(ApiStruct, frozen=True, tag_field="kind", tag="Gateway"):
    metadata: ObjectMeta
    spec: GatewaySpec = GatewaySpec()
    status: ConditionsStatus = ConditionsStatus()
