"""What objects say of a target: the Service, its port, the endpoints behind it, whether they can answer."""

from __future__ import annotations

import msgspec

from kwhy.facts.objects import EndpointPort, Endpoints, EndpointSlice, ServicePort
from kwhy.knowledge.service.endpoints import SERVICE_NAME_LABEL
from kwhy.model.document import Locator
from kwhy.model.subject import Subject
from kwhy.model.trace import TraceEnd, TraceNeed, TraceStep, TraceVerdict
from kwhy.scene.scene import Scene
from kwhy.scene.views import ServiceView


class Endpoint(msgspec.Struct, frozen=True):
    """A place behind a Service, or the target itself. ``pod`` None: no object of a pod has the address."""

    address: str
    port: int | None
    pod: Subject | None
    node: str | None
    at: Locator | None


class Target(msgspec.Struct, frozen=True):
    """What to send packets to: ``addresses`` as the sender dials them, ``endpoints`` those that stand behind.

    ``refused`` decides without any packet ("the Service has no endpoints"): its verdict, sentence and place.
    """

    addresses: tuple[str, ...] = ()
    port: int | None = None
    endpoints: tuple[Endpoint, ...] = ()
    service: Subject | None = None
    checks: tuple[TraceStep, ...] = ()
    refused: tuple[TraceVerdict, str, Locator | None] | None = None
    needs: tuple[TraceNeed, ...] = ()


ANYWHERE = "anywhere with kubectl"
_CLUSTER = "cluster"


def service_target(scene: Scene, end: TraceEnd, protocol: str) -> Target:
    """The Service that the question names."""
    subject = Subject("Service", end.name, end.namespace)
    need = TraceNeed(f"{subject}", f"kubectl get service {end.name} -n {end.namespace} -o yaml", ANYWHERE)
    if not scene.exists(subject):
        listing = scene.listing("Service", end.namespace, end.name)
        if listing is None:
            return Target(service=subject, needs=(need,))
        says = f"{subject} does not exist: its name does not resolve"
        return Target(service=subject, refused=("refused", says, listing.at))
    view = ServiceView(scene, subject)
    kind = view.type
    if kind.observed and kind.value == "ExternalName":
        external = view.seen("spec.externalName", lambda s: s.spec.external_name, "")
        name = external.value if external.observed else "a name elsewhere"
        check = TraceStep(_CLUSTER, "service", f"{subject} is another name for {name}", kind.place)
        return Target(service=subject, checks=(check,), needs=(TraceNeed(f"where {name} leads", f"dig {name}", "pod"),))
    none: list[ServicePort] = []
    ports = view.seen("spec.ports", lambda s: s.spec.ports, none)
    address = view.seen("spec.clusterIP", lambda s: s.spec.cluster_ip, "")
    if not ports.observed or not address.observed:
        return Target(service=subject, needs=(need,))
    chosen = _chosen(ports.value, end.port, protocol)
    offered = ", ".join(f"{port.port}/{port.protocol}" for port in ports.value) or "none"
    if chosen is None:
        says = f"{subject} has no port {end.port or ''}/{protocol.upper()}; it has {offered}"
        return Target(service=subject, refused=("dropped", says.replace(" /", " "), ports.place))
    headless = address.value in ("None", "")
    dials = "its endpoints themselves (headless)" if headless else f"{address.value}:{chosen.port}"
    check = TraceStep(_CLUSTER, "service", f"{subject} is reached as {dials}", address.place)
    found, at, needs = endpoints_of(scene, subject, chosen)
    if found is None:
        return Target((address.value,) if not headless else (), chosen.port, (), subject, (check,), None, needs)
    if not found:
        says = f"{subject} has no ready endpoint for port {chosen.port}"
        return Target((), chosen.port, (), subject, (check,), ("refused", says, at), needs)
    numbers = ", ".join(f"{each.address}:{each.port}" for each in found[:4]) + (" …" if len(found) > 4 else "")
    ready = TraceStep(_CLUSTER, "service", f"{len(found)} ready endpoint{'s'[: len(found) > 1]}: {numbers}", at)
    dialled = tuple(each.address for each in found) if headless else (address.value,)
    port = chosen.port if not headless else found[0].port
    return Target(dialled, port, tuple(found), subject, (check, ready), None, needs)


def _chosen(ports: list[ServicePort], asked: int | str | None, protocol: str) -> ServicePort | None:
    fitting = [port for port in ports if port.protocol.lower() == protocol or protocol == "icmp"]
    if asked is None:
        return fitting[0] if fitting else None
    return next((port for port in fitting if asked in (port.port, port.name)), None)


def endpoints_of(
    scene: Scene, service: Subject, port: ServicePort
) -> tuple[list[Endpoint] | None, Locator | None, tuple[TraceNeed, ...]]:
    """The ready endpoints of one port, by EndpointSlices or Endpoints; None where neither is shown."""
    slices = scene.derive_once(_slices).get((service.namespace or "", service.name), [])
    if slices:
        found = [each for subject, piece in slices for each in _of_slice(scene, subject, piece, port)]
        return found, scene.observations(slices[0][0])[0].field_at("endpoints", ""), ()
    subject = Subject("Endpoints", service.name, service.namespace)
    for observation in scene.observations(subject):
        struct = observation.object
        if isinstance(struct, Endpoints) and (isinstance(struct.subsets, list) or observation.whole):
            at = observation.field_at("subsets", "")
            return _of_subsets(struct, port, at), at, ()
    listing = scene.listing("EndpointSlice", service.namespace)
    if listing is not None:
        return [], listing.at, ()
    command = f"kubectl get endpointslices -n {service.namespace} -l {SERVICE_NAME_LABEL}={service.name} -o yaml"
    return None, None, (TraceNeed(f"the endpoints of {service}", command, ANYWHERE),)


def _slices(scene: Scene) -> dict[tuple[str, str], list[tuple[Subject, EndpointSlice]]]:
    index: dict[tuple[str, str], list[tuple[Subject, EndpointSlice]]] = {}
    for subject in scene.subjects("EndpointSlice"):
        for observation in scene.observations(subject)[:1]:
            struct = observation.object
            labels = struct.metadata.labels
            if isinstance(struct, EndpointSlice) and isinstance(labels, dict):
                key = (struct.metadata.namespace, labels.get(SERVICE_NAME_LABEL, ""))
                index.setdefault(key, []).append((subject, struct))
    return index


def _of_slice(scene: Scene, subject: Subject, piece: EndpointSlice, port: ServicePort) -> list[Endpoint]:
    number = _number(piece.ports if isinstance(piece.ports, list) else [], port)
    found: list[Endpoint] = []
    if number is None:
        return found
    for index, endpoint in enumerate(piece.endpoints if isinstance(piece.endpoints, list) else []):
        if endpoint.conditions.ready is False:
            continue
        for address in endpoint.addresses or ():
            target = endpoint.target_ref
            pod = None
            if target is not None and getattr(target, "kind", "") == "Pod":
                pod = Subject("Pod", target.name, target.namespace or subject.namespace)
            at = scene.observations(subject)[0].field_at(f"endpoints[{index}].addresses", f"{address}:{number}")
            found.append(Endpoint(address, number, pod, endpoint.node_name, at))
    return found


def _of_subsets(struct: Endpoints, port: ServicePort, at: Locator) -> list[Endpoint]:
    found: list[Endpoint] = []
    for subset in struct.subsets if isinstance(struct.subsets, list) else []:
        number = _number(subset.ports if isinstance(subset.ports, list) else [], port)
        for address in subset.addresses or ():
            if number is None:
                continue
            target = address.target_ref
            pod = None
            if target is not None and getattr(target, "kind", "") == "Pod":
                pod = Subject("Pod", target.name, target.namespace or struct.metadata.namespace)
            found.append(Endpoint(address.ip, number, pod, address.node_name, at))
    return found


def _number(ports: list[EndpointPort], port: ServicePort) -> int | None:
    """Ports of a slice and of its Service belong together by their name."""
    for each in ports:
        if (each.name or "") == port.name and (each.protocol or "TCP") == port.protocol:
            return each.port
    return None


def service_by_name(scene: Scene, name: str, namespace: str | None) -> Subject | None:
    """The Service that a cluster's name means for a pod of ``namespace``: "db", "db.shop", "db.shop.svc…"."""
    parts = name.rstrip(".").split(".")
    if len(parts) > 2 and parts[2] != "svc":
        return None
    where = parts[1] if len(parts) > 1 else namespace
    subject = Subject("Service", parts[0], where)
    return subject if len(parts) > 2 or scene.exists(subject) else None
