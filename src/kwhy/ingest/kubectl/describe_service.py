"""`kubectl describe` of Services, Endpoints and EndpointSlices.

Source: describeService, describeEndpoints, describeEndpointSliceV1, formatEndpointSlices (k8s.io/kubectl v0.34.4
pkg/describe/describe.go).
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from kwhy.facts import objects as api
from kwhy.facts.kubectl import ReadyEndpoints
from kwhy.facts.objects import Maybe, ObjectMeta
from kwhy.ingest.kubectl.tables import ready_endpoints
from kwhy.ingest.kubectl.tree import Entries, Entry, Lines, read_entries
from kwhy.ingest.kubectl.words import EMPTY, label_list
from kwhy.model.document import Document
from kwhy.model.expressions import expression
from kwhy.model.subject import Subject

Marks = dict[str, int]
Printed = dict[str, str]

#: "https  443/TCP", "<unset>  80/TCP".
_PORT = expression(r"(?P<name>\S+)\s+(?P<number>\d{1,5})/(?P<protocol>\w+)")
#: "8080/TCP", "http/TCP".
_TARGET = expression(r"(?P<port>[\w-]+)/\w+")


def _text(entries: Entries, key: str) -> Maybe[str]:
    value = entries.value(key)
    return UNSET if value is None else "" if value in EMPTY else value


def read_service(metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed) -> api.Service:
    for key, field in (
        ("Selector", "spec.selector"),
        ("Type", "spec.type"),
        ("IP", "spec.clusterIP"),
        ("Port", "spec.ports"),
        ("Session Affinity", "spec.sessionAffinity"),
        ("External Traffic Policy", "spec.externalTrafficPolicy"),
        ("LoadBalancer Ingress", "status.loadBalancer"),
    ):
        if (entry := entries.get(key)) is not None:
            lines[field] = entry.line
    for key in (
        "LoadBalancer Ingress",
        "External IPs",
        "Session Affinity",
        "External Traffic Policy",
        "Internal Traffic Policy",
    ):
        if (value := entries.value(key)) is not None:
            printed[key] = value
    chosen = entries.value("Selector")
    ports = _ports(entries, lines)
    return api.Service(
        metadata,
        api.ServiceSpec(
            type=_text(entries, "Type"),
            selector=UNSET if chosen is None else label_list(chosen),
            cluster_ip=_text(entries, "IP"),
            ports=ports if ports or "Session Affinity" in entries else UNSET,
            external_name=_text(entries, "External Name"),
            session_affinity=_text(entries, "Session Affinity"),
            external_traffic_policy=_text(entries, "External Traffic Policy"),
            internal_traffic_policy=_text(entries, "Internal Traffic Policy"),
        ),
        _status(entries),
    )


def _status(entries: Entries) -> api.ServiceStatus:
    """ "LoadBalancer Ingress" is printed before the ports, and only where there is one."""
    address = entries.value("LoadBalancer Ingress")
    if address is None:
        return api.ServiceStatus(api.LoadBalancerStatus([])) if "Session Affinity" in entries else api.ServiceStatus()
    places = [api.LoadBalancerIngress(hostname=part.split(" ")[0]) for part in address.split(", ")]
    return api.ServiceStatus(api.LoadBalancerStatus(places))


def _ports(entries: Entries, lines: Marks) -> list[api.ServicePort]:
    """Each "Port:" begins a port; "TargetPort:", "NodePort:" and "Endpoints:" follow it."""
    found: list[api.ServicePort] = []
    for entry in entries:
        matched = _PORT.fullmatch(entry.value)
        if entry.key == "Port" and matched:
            lines[f"spec.ports[{len(found)}]"] = entry.line
            name = "" if matched["name"] in EMPTY else matched["name"]
            found.append(api.ServicePort(name, int(matched["number"]), 0, matched["protocol"]))
        elif entry.key == "TargetPort" and found and (target := _TARGET.fullmatch(entry.value)):
            port = target["port"]
            found[-1] = _with(found[-1], int(port) if port.isdecimal() else port, found[-1].node_port)
        elif entry.key == "NodePort" and found and matched:
            found[-1] = _with(found[-1], found[-1].target_port, int(matched["number"]))
    return found


def _with(port: api.ServicePort, target: int | str, node: int) -> api.ServicePort:
    return api.ServicePort(port.name, port.port, target, port.protocol, node)


def read_ready_endpoints(service: Subject, entries: Entries, document: Document) -> Iterator[ReadyEndpoints]:
    """What stands behind each port."""
    port = ""
    for entry in entries:
        if entry.key == "Port" and (matched := _PORT.fullmatch(entry.value)):
            port = matched["number"] if matched["name"] in EMPTY else matched["name"]
        elif entry.key == "Endpoints" and (shown := ready_endpoints(entry.value)) is not None:
            at = document.at(entry.line, excerpt=f"Endpoints: {entry.value}")
            yield ReadyEndpoints(service, port, shown[0], shown[1], at)


def read_endpoints(metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed) -> api.Endpoints:
    entry = entries.get("Subsets")
    if entry is None:
        return api.Endpoints(metadata)
    lines["subsets"] = entry.line
    subsets: list[api.EndpointSubset] = []
    for field in read_entries(entry.below):
        if field.key == "Addresses":
            subsets.append(api.EndpointSubset(_addresses(field), []))
        elif field.key == "NotReadyAddresses" and subsets:
            subsets[-1] = api.EndpointSubset(subsets[-1].addresses, _addresses(field))
    return api.Endpoints(metadata, subsets)


def _addresses(entry: Entry) -> list[api.EndpointAddress]:
    return [api.EndpointAddress(address) for address in entry.value.split(",") if address not in EMPTY]


def read_endpoint_slice(metadata: ObjectMeta, entries: Entries, lines: Marks, printed: Printed) -> api.EndpointSlice:
    entry = entries.get("Endpoints")
    if entry is None:
        return api.EndpointSlice(metadata)
    lines["endpoints"] = entry.line
    return api.EndpointSlice(
        metadata, [_endpoint(read_entries(item), metadata.namespace) for item in _items(entry.below)]
    )


def _items(below: Lines) -> list[list[tuple[int, str]]]:
    """The lines of each "- Addresses: …" item, its dash made a space."""
    items: list[list[tuple[int, str]]] = []
    for number, line in below:
        if line.lstrip().startswith("- "):
            items.append([(number, line.replace("- ", "  ", 1))])
        elif items:
            items[-1].append((number, line))
    return items


def _endpoint(fields: Entries, namespace: str) -> api.Endpoint:
    conditions = fields.get("Conditions")
    ready = read_entries(conditions.below).value("Ready") if conditions is not None else None
    node, target = fields.value("NodeName"), fields.value("TargetRef")
    kind, _, name = (target or "").partition("/")
    return api.Endpoint(
        addresses=[
            address.strip() for address in (fields.value("Addresses") or "").split(",") if address.strip() not in EMPTY
        ],
        conditions=api.EndpointConditions(ready={"true": True, "false": False}.get(ready or "")),
        node_name=None if node is None or node in EMPTY else node,
        target_ref=api.ObjectReference(kind, namespace, name) if target else None,
    )
