"""A Service has ready pods, and no port of them to send to."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.kubectl import ReadyEndpoints
from kwhy.facts.objects import ApiObject, EndpointSlice
from kwhy.knowledge.service.endpoints import SERVICE_NAME_LABEL
from kwhy.model.condition import Condition, Nature
from kwhy.model.document import Locator
from kwhy.model.rule import rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import ENDPOINTS
from kwhy.scene.scene import Scene
from kwhy.scene.views import ServiceView

ENDPOINTS_WITHOUT_PORT = Condition(
    code="service.endpoints-without-port",
    kind="Service",
    nature=Nature.EFFECT,
    title="{subject} has ready pods and knows no port of them: nothing reaches them through it",
    summary="The endpoints of the Service hold addresses without a port.",
)


def _slices(scene: Scene) -> dict[Subject, list[tuple[Subject, bool]]]:
    """Slices with a ready endpoint by Service, and whether they have a port."""
    index: dict[Subject, list[tuple[Subject, bool]]] = {}
    for subject, lone in scene.lone_structs("EndpointSlice"):
        struct = lone if lone is not None else _whole(scene, subject)
        if not isinstance(struct, EndpointSlice) or not isinstance(struct.endpoints, list):
            continue
        labels = struct.metadata.labels
        if not isinstance(labels, dict):
            continue
        if any(endpoint.addresses and endpoint.conditions.ready is not False for endpoint in struct.endpoints):
            service = Subject("Service", labels.get(SERVICE_NAME_LABEL, ""), subject.namespace)
            index.setdefault(service, []).append((subject, isinstance(struct.ports, list) and bool(struct.ports)))
    return index


def _whole(scene: Scene, subject: Subject) -> ApiObject | None:
    """The object as the best document shows it, if entire."""
    return next((view.object for view in scene.observations(subject)[:1] if view.whole), None)


def _printed(scene: Scene) -> dict[Subject, list[ReadyEndpoints]]:
    index: dict[Subject, list[ReadyEndpoints]] = {}
    for shown in scene.facts(ReadyEndpoints):
        if shown.addresses and shown.port:
            index.setdefault(shown.service, []).append(shown)
    return index


def endpoints_without_port(scene: Scene, service: Subject) -> Evidence | None:
    """Where the Service's ready endpoints are shown, none of them with a port."""
    slices = scene.derive_once(_slices).get(service, [])
    if slices:
        if any(has_port for _, has_port in slices):
            return None
        return Evidence(_ports(scene, slices[0][0], "ports: null"), "its ready endpoints have no port")
    shown = scene.derive_once(_printed).get(service, [])
    if shown and not any(_with_port(address) for one in shown for address in one.addresses):
        return Evidence(shown[0].at, "its ready endpoints have no port")
    return None


def _ports(scene: Scene, slice_: Subject, excerpt: str) -> Locator:
    return scene.observations(slice_)[0].field_at("ports", excerpt)


def _with_port(address: str) -> bool:
    """ "10.0.0.1:8080", "[fd00::1]:8080"; formatEndpointSlices prints bare addresses where a slice has no port."""
    return "]:" in address or address.count(":") == 1


def _suspicious(scene: Scene) -> Iterable[Subject]:
    """Services, headless ones aside, whose endpoints are seen to lack ports."""
    for service in dict.fromkeys((*scene.derive_once(_slices), *scene.derive_once(_printed))):
        if endpoints_without_port(scene, service) is None:
            continue
        address = ServiceView(scene, service).seen("spec.clusterIP", lambda s: s.spec.cluster_ip, "")
        if address.observed and address.value != "None":
            yield service


@rule(ENDPOINTS_WITHOUT_PORT, rows=("S1", "S2"), among=_suspicious, symptom=True)
def without_port(service: ServiceView) -> Verdict:
    """The Service's endpoints have no port.

    What it means: The endpoints controller looks up a targetPort that is a name in each pod. Where no container
    declares a port of that name it keeps the address and leaves the port out; kube-proxy has nothing to send to, and
    rejects connections.
    How it shows: EndpointSlices with ready addresses and no ports; kubectl describe prints addresses without ":port".
    What looks like it: A headless Service without ports, of which only the addresses matter.
    Source: Kubernetes v1.34 staging/src/k8s.io/endpointslice/utils.go (getEndpointPorts: "Failed to find port for
    service"); kubectl v0.34 pkg/describe/describe.go (formatEndpointSlices).
    """
    found = endpoints_without_port(service.scene, service.subject)
    if found is not None:
        return Present((found,))
    slices = service.scene.derive_once(_slices).get(service.subject, [])
    if slices:
        return Absent((Evidence(_ports(service.scene, slices[0][0], "ports"), "its endpoints have a port"),))
    probe = ENDPOINTS.of(name=service.name, namespace=service.namespace)
    return unsure(f"the ports of the endpoints of {service.subject}", probe)
