"""Service, Endpoints, EndpointSlice."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from kwhy.facts.api.meta import ApiStruct, Condition, Maybe, ObjectMeta, ObjectReference
from kwhy.facts.api.network import LoadBalancerStatus


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
    session_affinity: Maybe[str] = UNSET
    external_traffic_policy: Maybe[str] = UNSET
    internal_traffic_policy: Maybe[str] = UNSET
    load_balancer_class: Maybe[str] = UNSET


class ServiceStatus(ApiStruct, frozen=True):
    load_balancer: Maybe[LoadBalancerStatus] = UNSET
    conditions: Maybe[list[Condition]] = UNSET


class Service(ApiStruct, frozen=True, tag_field="kind", tag="Service"):
    metadata: ObjectMeta
    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()


class EndpointAddress(ApiStruct, frozen=True):
    ip: str = ""
    node_name: str | None = None
    target_ref: ObjectReference | None = None


class EndpointPort(ApiStruct, frozen=True):
    name: str | None = None
    port: int | None = None
    protocol: str | None = "TCP"


class EndpointSubset(ApiStruct, frozen=True):
    addresses: list[EndpointAddress] | None = None
    not_ready_addresses: list[EndpointAddress] | None = None
    ports: Maybe[list[EndpointPort]] = UNSET


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
    ports: Maybe[list[EndpointPort]] = UNSET
