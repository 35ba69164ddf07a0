"""A Service with a selector has no ready endpoint. The generic symptom of Services."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.kubectl import ReadyEndpoints
from kwhy.facts.objects import ApiObject, Endpoints, EndpointSlice, Service
from kwhy.model.condition import Condition, Nature
from kwhy.model.document import Locator
from kwhy.model.rule import given, rule
from kwhy.model.seen import NotObserved
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict
from kwhy.probes.kubectl import ENDPOINTS
from kwhy.scene.relations import selects
from kwhy.scene.scene import Scene
from kwhy.scene.views import ServiceView

NO_READY_ENDPOINTS = Condition(
    code="service.no-ready-endpoints",
    kind="Service",
    nature=Nature.EFFECT,
    title="{subject} has no ready endpoint",
    summary="The Service selects pods, and none of them can take traffic.",
)

SERVICE_NAME_LABEL = "kubernetes.io/service-name"


def _selector(struct: ApiObject) -> dict[str, str]:
    selector = struct.spec.selector if isinstance(struct, Service) else None
    return selector if isinstance(selector, dict) else {}


def _with_selector(scene: Scene) -> Iterable[Subject]:
    """Services that select pods, ExternalName aside, and whose workload was not scaled to zero on purpose."""
    found: dict[Subject, None] = {}
    for struct in scene.structs("Service"):
        if isinstance(struct, Service) and struct.spec.type != "ExternalName" and _selector(struct):
            subject = Subject("Service", struct.metadata.name, struct.metadata.namespace or None)
            if not scaled_to_zero(scene, subject, _selector(struct)):
                found[subject] = None
    return found


def scaled_to_zero(scene: Scene, service: Subject, selector: dict[str, str]) -> list[Subject]:
    """Workloads with zero replicas whose template the selector matches, where no other workload matches."""
    matching = []
    for kind in ("Deployment", "StatefulSet"):
        for struct in scene.structs(kind):
            template = getattr(struct.spec, "template", None)  # type: ignore[union-attr]
            labels = getattr(getattr(template, "metadata", None), "labels", None)
            same_namespace = struct.metadata.namespace == (service.namespace or "")
            if same_namespace and isinstance(labels, dict) and selects(selector, labels):
                replicas = getattr(struct.spec, "replicas", None)  # type: ignore[union-attr]
                matching.append((Subject(kind, struct.metadata.name, service.namespace), replicas))
    return [subject for subject, _ in matching] if matching and all(count == 0 for _, count in matching) else []


def _slices(scene: Scene) -> dict[tuple[str, str], list[tuple[EndpointSlice, Subject]]]:
    index: dict[tuple[str, str], list[tuple[EndpointSlice, Subject]]] = {}
    for subject in scene.subjects("EndpointSlice"):
        for observation in scene.observations(subject)[:1]:
            struct = observation.object
            labels = struct.metadata.labels
            if isinstance(struct, EndpointSlice) and isinstance(labels, dict):
                key = (struct.metadata.namespace, labels.get(SERVICE_NAME_LABEL, ""))
                index.setdefault(key, []).append((struct, subject))
    return index


def ready_addresses(scene: Scene, service: Subject) -> tuple[int, Locator]:
    """The Endpoints or EndpointSlices of the Service."""
    slices = scene.derive_once(_slices).get((service.namespace or "", service.name), [])
    if slices:
        count = sum(
            len(endpoint.addresses or ())
            for piece, _ in slices
            for endpoint in (piece.endpoints if isinstance(piece.endpoints, list) else ())
            if endpoint.conditions.ready is not False
        )
        place = scene.observations(slices[0][1])[0].field_at("endpoints", f"{count} ready endpoints")
        return count, place
    endpoints = Subject("Endpoints", service.name, service.namespace)
    for observation in scene.observations(endpoints):
        if isinstance(observation.object, Endpoints):
            subsets = observation.object.subsets
            if isinstance(subsets, list) or observation.whole:
                pieces = subsets if isinstance(subsets, list) else []
                count = sum(len(piece.addresses or ()) for piece in pieces)
                return count, observation.field_at("subsets", f"{count} ready addresses")
        printed = (observation.printed or {}).get("ENDPOINTS")
        if printed is not None:
            count = 0 if printed in ("", "<none>") else len(printed.split(","))
            return count, observation.field_at("", f"{service.name}  {printed}")
    printed_ports = [fact for fact in scene.facts(ReadyEndpoints) if fact.service == service]
    if printed_ports:
        best = max(printed_ports, key=lambda fact: len(fact.addresses) + fact.more)
        return len(best.addresses) + best.more, best.at
    listing = scene.listing("EndpointSlice", service.namespace)
    if listing is not None:
        return 0, listing.at
    raise NotObserved(f"the endpoints of {service}", ENDPOINTS.of(name=service.name, namespace=service.namespace))


@rule(NO_READY_ENDPOINTS, rows=("S1",), among=_with_selector, symptom=True)
def no_ready_endpoints(service: ServiceView, addresses: tuple[int, Locator] = given(ready_addresses)) -> Verdict:
    """The Service has no ready endpoint.

    What it means: Every connection to the Service fails: refused with kube-proxy in iptables mode, which rejects
    Services without endpoints; other proxies may time out.
    How it shows: Its EndpointSlices (or Endpoints) hold no address that is ready.
    What looks like it: A Service without a selector gets its endpoints from elsewhere; an ExternalName has none; a
    workload that was scaled to zero on purpose leaves its Service empty.
    Source: Kubernetes v1.34 pkg/controller/endpointslice; pkg/proxy/iptables/proxier.go (REJECT for Services without
    endpoints).
    """
    count, place = addresses
    if count:
        return Absent((Evidence(place, f"{count} endpoints are ready"),))
    selector = service.selector
    text = ", ".join(f"{key}={value}" for key, value in selector.value.items()) if selector.observed else "?"
    return Present((Evidence(place, f"no address behind selector {text} is ready"),), {"selector": text})
