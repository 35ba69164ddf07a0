"""A Gateway does not serve a route as it is written. The generic symptom of routes."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.gateway.route_status import ACCEPTED, KINDS, RESOLVED, Reported, failing, reported
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

ROUTE_NOT_SERVED = Condition(
    code="gateway.route-not-served",
    kind="HTTPRoute",
    nature=Nature.EFFECT,
    title="{subject} is not served as written: {reasons}",
    summary="The Gateway's controller has not accepted the route, or cannot resolve what it refers to.",
)


def _suspicious(scene: Scene) -> Iterable[Subject]:
    """Routes of which a controller reports that something is wrong."""
    for kind in KINDS:
        for route in scene.subjects(kind):
            if failing(scene.derive(reported, route), ACCEPTED, RESOLVED):
                yield route


@rule(ROUTE_NOT_SERVED, rows=("S7",), among=_suspicious, symptom=True)
def route_not_served(route: ObjectView, found: list[Reported] = given(reported)) -> Verdict:
    """The route is not served as written.

    What it means: Not accepted, the route takes no traffic from this parent; with references that are not resolved,
    requests that match them are answered with 500.
    How it shows: status.parents: Accepted or ResolvedRefs is False.
    What looks like it: A route with several parents may be served by another of them. Accepted routes whose Service has
    no endpoint are answered with 503.
    Source: sigs.k8s.io/gateway-api v1.2 apis/v1/shared_types.go (RouteConditionType), httproute_types.go
    (HTTPRouteRule.BackendRefs: "must receive a 500 status code").
    """
    wrong = failing(found, ACCEPTED, RESOLVED)
    if wrong:
        reasons = ", ".join(dict.fromkeys(one.condition.reason or one.condition.type for one in wrong))
        return Present(tuple(Evidence(one.at, one.says) for one in wrong), {"reasons": reasons})
    if found:
        return Absent(tuple(Evidence(one.at, one.says) for one in found[:3]))
    return unsure(f"what its Gateways report about {route.subject}", *route.probes())
