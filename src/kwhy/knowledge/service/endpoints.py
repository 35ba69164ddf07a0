"""What stands behind a Service, from EndpointSlices, Endpoints, or kubectl's words about them."""

from __future__ import annotations

from kwhy.facts.kubectl import ReadyEndpoints
from kwhy.facts.objects import Endpoints, EndpointSlice
from kwhy.model.document import Locator
from kwhy.model.seen import NotObserved
from kwhy.model.subject import Subject
from kwhy.probes.kubectl import ENDPOINTS
from kwhy.scene.scene import Scene

SERVICE_NAME_LABEL = "kubernetes.io/service-name"


def slices_by_service(scene: Scene) -> dict[tuple[str, str], list[tuple[EndpointSlice, Subject]]]:
    """The EndpointSlices of each Service, by its namespace and name."""
    index: dict[tuple[str, str], list[tuple[EndpointSlice, Subject]]] = {}
    for subject in scene.subjects("EndpointSlice"):
        for observation in scene.observations(subject)[:1]:
            struct = observation.object
            labels = struct.metadata.labels
            if isinstance(struct, EndpointSlice) and isinstance(labels, dict):
                key = (struct.metadata.namespace, labels.get(SERVICE_NAME_LABEL, ""))
                index.setdefault(key, []).append((struct, subject))
    return index


def surely_ready(scene: Scene) -> set[tuple[str, str]]:
    """Namespace and name of the Services with a ready endpoint in a slice that one document alone shows."""
    found: set[tuple[str, str]] = set()
    for _, struct in scene.lone_structs("EndpointSlice"):
        if not isinstance(struct, EndpointSlice) or not isinstance(struct.endpoints, list):
            continue
        labels = struct.metadata.labels
        ready = any(endpoint.conditions.ready is not False and endpoint.addresses for endpoint in struct.endpoints)
        if ready and isinstance(labels, dict):
            found.add((struct.metadata.namespace, labels.get(SERVICE_NAME_LABEL, "")))
    return found


def _printed(scene: Scene) -> dict[Subject, list[ReadyEndpoints]]:
    index: dict[Subject, list[ReadyEndpoints]] = {}
    for shown in scene.facts(ReadyEndpoints):
        index.setdefault(shown.service, []).append(shown)
    return index


def ready_addresses(scene: Scene, service: Subject) -> tuple[int, Locator]:
    """The Endpoints or EndpointSlices of the Service."""
    slices = scene.derive_once(slices_by_service).get((service.namespace or "", service.name), [])
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
    shown = scene.derive_once(_printed).get(service)
    if shown:
        # Ports of one Service repeat its addresses; the fullest one counts.
        fullest = max(shown, key=lambda port: len(port.addresses) + port.more)
        return len(fullest.addresses) + fullest.more, fullest.at
    listing = scene.listing("EndpointSlice", service.namespace)
    if listing is not None:
        return 0, listing.at
    raise NotObserved(f"the endpoints of {service}", ENDPOINTS.of(name=service.name, namespace=service.namespace))
