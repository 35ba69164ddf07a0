"""A route refers to a backend that does not exist, or that it may not refer to."""

from __future__ import annotations

from kwhy.facts.objects import GRPCRoute, HTTPRoute, RouteBackend
from kwhy.knowledge.gateway.route_not_served import ROUTE_NOT_SERVED
from kwhy.knowledge.gateway.route_status import RESOLVED, Reported, failing, reported
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import ObjectView

BACKEND_NOT_RESOLVED = Condition(
    code="gateway.backend-not-resolved",
    kind="HTTPRoute",
    nature=Nature.ROOT,
    title="{subject} refers to {backend}: {what}",
    summary="The Gateway's controller cannot resolve a backend of the route.",
    remedies=(
        Remedy(
            id="refer-to-what-exists",
            title="Refer to a Service that exists and may be referred to",
            when="now",
            risk="low",
            steps=(
                Step("Read what the controller says.", "kubectl get {kind} {name} -n {namespace} -o yaml"),
                Step(
                    "BackendNotFound: correct the name, namespace or port of the backendRef. RefNotPermitted: add a "
                    "ReferenceGrant in the backend's namespace.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
            ),
            verify=(Step("ResolvedRefs is True.", "kubectl get {kind} {name} -n {namespace} -o yaml"),),
            undo=(Step("Set the former backendRef again.", "kubectl edit {kind} {name} -n {namespace}"),),
        ),
    ),
)

_WHAT = {
    "BackendNotFound": "it does not exist",
    "RefNotPermitted": "no ReferenceGrant in its namespace permits that",
    "InvalidKind": "the controller knows no such kind",
    "UnsupportedProtocol": "the controller does not speak its protocol",
}


@rule(BACKEND_NOT_RESOLVED, rows=("S7",), leads=(leads_to(ROUTE_NOT_SERVED, via=ITSELF),))
def backend_not_resolved(route: ObjectView, found: list[Reported] = given(reported)) -> Verdict:
    """A backend of the route cannot be resolved.

    What it means: Requests that match the rule are answered with 500.
    How it shows: ResolvedRefs is False; its reason says why, and the route's backendRefs show which one it is.
    What looks like it: A Service that exists and has no endpoint: the reference is resolved, and requests get 503.
    Source: sigs.k8s.io/gateway-api v1.2 apis/v1/shared_types.go (RouteReasonBackendNotFound and others).
    """
    wrong = failing(found, RESOLVED)
    if wrong:
        first = wrong[0].condition
        backend = _backend(route, first.reason or "")
        what = _WHAT.get(first.reason or "") or first.message or first.reason or "not resolved"
        values = {"backend": backend or "a backend", "what": what}
        return Present(tuple(Evidence(one.at, one.says) for one in wrong), values)
    resolved = [one for one in found if one.condition.type == RESOLVED]
    if resolved:
        return Absent(tuple(Evidence(one.at, one.says) for one in resolved[:3]))
    return unsure(f"what its Gateways report about {route.subject}", *route.probes())


def _backend(route: ObjectView, reason: str) -> Subject | None:
    """The backend that is meant: the only one; else one that is not there, or lies in another namespace."""
    for observation in route.observations:
        struct = observation.object
        if not isinstance(struct, HTTPRoute | GRPCRoute) or not isinstance(struct.spec.rules, list):
            continue
        named = [_subject(one, route.namespace) for each in struct.spec.rules for one in each.backend_refs or ()]
        unique = list(dict.fromkeys(named))
        if len(unique) == 1:
            return unique[0]
        if reason == "RefNotPermitted":
            away = [one for one in unique if one.namespace != route.namespace]
            return away[0] if len(away) == 1 else None
        listed = [one for one in unique if one.kind == "Service" and route.scene.listing("Service", one.namespace)]
        missing = [one for one in listed if not route.scene.exists(one)]
        return missing[0] if len(missing) == 1 else None
    return None


def _subject(backend: RouteBackend, namespace: str | None) -> Subject:
    return Subject(backend.kind or "Service", backend.name, backend.namespace or namespace)
