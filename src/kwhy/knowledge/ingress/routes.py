"""Where the paths of an Ingress lead, and what is wrong on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from kwhy.facts.kubectl import IngressBackendShown
from kwhy.facts.objects import Ingress, IngressBackend, IngressClass, Observation, ServicePort
from kwhy.knowledge.service.endpoints import ready_addresses
from kwhy.knowledge.service.idle import scaled_to_zero
from kwhy.model.document import Locator
from kwhy.model.seen import NotObserved
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene
from kwhy.scene.views import ServiceView

#: spec.controller of ingress-nginx's classes (charts/ingress-nginx values.yaml, ingressClassResource.controllerValue).
_NGINX = "k8s.io/ingress-nginx"
#: The class annotation that spec.ingressClassName replaced (kubernetes.io/docs, Ingress).
CLASS_ANNOTATION = "kubernetes.io/ingress.class"
IS_DEFAULT = "ingressclass.kubernetes.io/is-default-class"

Problem = Literal["service missing", "port missing", "no endpoint"]


class Route(msgspec.Struct, frozen=True):
    """One path of an Ingress (or its default backend) and the Service's port that it leads to."""

    host: str
    path: str
    service: Subject
    port: int | str
    at: Locator

    @property
    def named(self) -> str:
        """As a person writes it: "shop.example/cart", "*" for every host."""
        return f"{self.host or '*'}{self.path or '/'}"


class Broken(msgspec.Struct, frozen=True):
    """A route that leads to nothing, and the places that prove it."""

    route: Route
    problem: Problem
    because: tuple[Evidence, ...]


def routes_of(scene: Scene, ingress: Subject) -> list[Route]:
    """The paths of an Ingress, from the best document that shows its rules"""
    for observation in scene.observations(ingress):
        struct = observation.object
        if isinstance(struct, Ingress) and (observation.whole or isinstance(struct.spec.rules, list)):
            return list(_routes(observation, struct, ingress.namespace))
    raise NotObserved(f"the rules of {ingress}")


def _routes(observation: Observation, struct: Ingress, namespace: str | None) -> Iterator[Route]:
    for field in ("default_backend", "backend"):
        backend = getattr(struct.spec, field)
        if isinstance(backend, IngressBackend):
            path = "spec.defaultBackend" if field == "default_backend" else "spec.backend"
            yield from _route(observation, "", "", backend, path, namespace)
    for index, rule in enumerate(struct.spec.rules if isinstance(struct.spec.rules, list) else ()):
        for number, path_ in enumerate((rule.http.paths if rule.http else None) or ()):
            where = f"spec.rules[{index}].http.paths[{number}]"
            yield from _route(observation, rule.host, path_.path or "", path_.backend, where, namespace)


def _route(
    observation: Observation, host: str, path: str, backend: IngressBackend, where: str, namespace: str | None
) -> Iterator[Route]:
    if backend.service is not None:
        name, port = backend.service.name, backend.service.port.number or backend.service.port.name
    else:
        name, port = backend.service_name, backend.service_port
    if isinstance(port, str) and port.isdecimal():
        port = int(port)
    if name:
        at = observation.field_at(where, f"{host or '*'}{path or '/'} → {name}:{port}")
        yield Route(host, path, Subject("Service", name, namespace), port, at)


def broken_of(scene: Scene, ingress: Subject) -> list[Broken]:
    """The paths of an Ingress that lead to no Service, to no port of it, or to no pod"""
    found = []
    for route in scene.derive(routes_of, ingress):
        broken = _service_missing(scene, ingress, route) or _port_missing(scene, ingress, route)
        broken = broken or _no_endpoint(scene, route)
        if broken is not None:
            found.append(broken)
    return found


def _shown(scene: Scene) -> dict[tuple[Subject, Subject, str], IngressBackendShown]:
    return {(fact.ingress, fact.service, fact.port): fact for fact in scene.facts(IngressBackendShown)}


def _service_missing(scene: Scene, ingress: Subject, route: Route) -> Broken | None:
    here = Evidence(route.at, f"{route.named} leads to {route.service}")
    if scene.exists(route.service):
        return None
    shown = scene.derive_once(_shown).get((ingress, route.service, str(route.port)))
    if shown is not None and shown.says.startswith("<error:") and shown.says.endswith("not found>"):
        return Broken(route, "service missing", (here, Evidence(shown.at, f"kubectl found no {route.service}")))
    listing = scene.listing("Service", route.service.namespace, route.service.name)
    if listing is None:
        return None
    return Broken(route, "service missing", (here, Evidence(listing.at, f"{route.service} is not listed")))


def ports_of(scene: Scene, service: Subject) -> tuple[list[ServicePort], Locator] | None:
    """The ports of a Service that exists; None where they were not shown."""
    none: list[ServicePort] = []
    seen = ServiceView(scene, service).seen("spec.ports", lambda s: s.spec.ports, none)
    return (seen.value, seen.place) if seen.observed else None


def _port_missing(scene: Scene, ingress: Subject, route: Route) -> Broken | None:
    shown = ports_of(scene, route.service)
    view = ServiceView(scene, route.service)
    if shown is None or not shown[0] or not view.type.observed or view.type.value == "ExternalName":
        return None
    ports, place = shown
    if any(route.port in (port.port, port.name) for port in ports):
        return None
    if any(route.port == port.target_port for port in ports) and _may_be_nginx(scene, ingress):
        return None  # ingress-nginx takes the targetPort too (controller.go, serviceEndpoints)
    has = ", ".join(f"{port.port}{f' ({port.name})' if port.name else ''}" for port in ports)
    at = place.quoting(f"ports: {has}")
    because = (Evidence(route.at, f"{route.named} leads to port {route.port}"), Evidence(at, f"the Service has {has}"))
    return Broken(route, "port missing", because)


def _may_be_nginx(scene: Scene, ingress: Subject) -> bool:
    """Whether ingress-nginx may serve the Ingress: its class says so, or nothing says otherwise."""
    class_name = class_of(scene, ingress)
    if class_name is None:
        return True
    for observation in scene.observations(Subject("IngressClass", class_name[0])):
        struct = observation.object
        if isinstance(struct, IngressClass) and isinstance(struct.spec.controller, str):
            return struct.spec.controller == _NGINX
    return True


def class_of(scene: Scene, ingress: Subject) -> tuple[str, Locator] | None:
    """spec.ingressClassName; None where it is not set or not shown."""
    for observation in scene.observations(ingress):
        struct = observation.object
        name = struct.spec.ingress_class_name if isinstance(struct, Ingress) else None
        if isinstance(name, str) and name:
            return name, observation.field_at("spec.ingressClassName", f"ingressClassName: {name}")
        if name == "":
            return None
    return None


def _no_endpoint(scene: Scene, route: Route) -> Broken | None:
    view = ServiceView(scene, route.service)
    selector = view.selector
    if not selector.observed or not selector.value or scaled_to_zero(scene, route.service, selector.value):
        return None
    try:
        count, place = scene.derive(ready_addresses, route.service)
    except NotObserved:
        return None
    if count:
        return None
    because = (
        Evidence(route.at, f"{route.named} leads to {route.service}"),
        Evidence(place, f"{route.service} has no ready endpoint"),
    )
    return Broken(route, "no endpoint", because)


def sends_to(scene: Scene) -> dict[Subject, list[tuple[Subject, Route]]]:
    """Ingresses with their routes, by the Service that they send to."""
    index: dict[Subject, list[tuple[Subject, Route]]] = {}
    for ingress in scene.subjects("Ingress"):
        try:
            found = scene.derive(routes_of, ingress)
        except NotObserved:
            continue
        for route in found:
            index.setdefault(route.service, []).append((ingress, route))
    return index
