"""A Service with a selector has no ready endpoint. The generic symptom of Services."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.objects import ApiObject, Service
from kwhy.knowledge.admission.webhook_unreachable import ASKS, WEBHOOK_UNREACHABLE
from kwhy.knowledge.api.aggregated_unavailable import AGGREGATED_UNAVAILABLE, SERVED_BY
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.dns.no_endpoints import DNS_NO_ENDPOINTS
from kwhy.knowledge.ingress.controller_finds_nothing import CONTROLLER_FINDS_NOTHING
from kwhy.knowledge.ingress.path_unserved import PATH_UNSERVED, SENDS_TO
from kwhy.knowledge.service.consumers import CALLS
from kwhy.knowledge.service.endpoints import ready_addresses, surely_ready
from kwhy.knowledge.service.idle import scaled_to_zero
from kwhy.model.condition import Condition, Nature
from kwhy.model.document import Locator
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import ServiceView

NO_READY_ENDPOINTS = Condition(
    code="service.no-ready-endpoints",
    kind="Service",
    nature=Nature.EFFECT,
    title="{subject} has no ready endpoint",
    summary="The Service selects pods, and none of them can take traffic.",
)


def _selector(struct: ApiObject) -> dict[str, str]:
    selector = struct.spec.selector if isinstance(struct, Service) else None
    return selector if isinstance(selector, dict) else {}


def _with_selector(scene: Scene) -> Iterable[Subject]:
    """Services that select pods, ExternalName aside, and whose workload was not scaled to zero on purpose."""
    found: dict[Subject, None] = {}
    ready = scene.derive_once(surely_ready)
    for struct in scene.structs("Service"):
        if (struct.metadata.namespace, struct.metadata.name) in ready:
            continue
        if isinstance(struct, Service) and struct.spec.type != "ExternalName" and _selector(struct):
            subject = Subject("Service", struct.metadata.name, struct.metadata.namespace or None)
            if not scaled_to_zero(scene, subject, _selector(struct)):
                found[subject] = None
    return found


@rule(
    NO_READY_ENDPOINTS,
    rows=("S1",),
    leads=(
        leads_to(APP_ERRORS, via=CALLS),
        leads_to(DNS_NO_ENDPOINTS, via=ITSELF),
        leads_to(WEBHOOK_UNREACHABLE, via=ASKS),
        leads_to(AGGREGATED_UNAVAILABLE, via=SERVED_BY),
        leads_to(PATH_UNSERVED, via=SENDS_TO),
        leads_to(CONTROLLER_FINDS_NOTHING, via=ITSELF),
    ),
    among=_with_selector,
    symptom=True,
)
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
