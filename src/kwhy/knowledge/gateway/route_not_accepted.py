"""A Gateway does not take a route."""

from __future__ import annotations

from kwhy.knowledge.gateway.route_not_served import ROUTE_NOT_SERVED
from kwhy.knowledge.gateway.route_status import ACCEPTED, Reported, failing, reported
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import ObjectView

ROUTE_NOT_ACCEPTED = Condition(
    code="gateway.route-not-accepted",
    kind="HTTPRoute",
    nature=Nature.ROOT,
    title="{subject} is not accepted by {parent}: {what}",
    summary="The route and the Gateway's listeners do not fit together.",
    remedies=(
        Remedy(
            id="fit-route-and-listener",
            title="Make the route fit a listener of its Gateway",
            when="now",
            risk="low",
            steps=(
                Step("See the listeners: hostname, allowedRoutes, section names.", "kubectl get gateways -A -o yaml"),
                Step(
                    "Correct the route's parentRefs or hostnames; or let a listener's allowedRoutes admit it.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
            ),
            verify=(Step("Accepted is True.", "kubectl get {kind} {name} -n {namespace} -o yaml"),),
            undo=(Step("Set the former values again.", "kubectl edit {kind} {name} -n {namespace}"),),
        ),
    ),
)

_WHAT = {
    "NotAllowedByListeners": "no listener's allowedRoutes admits it",
    "NoMatchingListenerHostname": "no listener has a hostname that fits its own",
    "NoMatchingParent": "the parent has no such listener or port",
}


@rule(ROUTE_NOT_ACCEPTED, rows=("S7",), leads=(leads_to(ROUTE_NOT_SERVED, via=ITSELF),))
def route_not_accepted(route: ObjectView, found: list[Reported] = given(reported)) -> Verdict:
    """The route is not accepted by its parent.

    What it means: None of the Gateway's listeners takes the route, so it serves no request.
    How it shows: Accepted is False; its reason says what does not fit.
    What looks like it: Pending: the controller has not decided yet. A route without any status: no controller knows it.
    Source: sigs.k8s.io/gateway-api v1.2 apis/v1/shared_types.go (RouteReasonNotAllowedByListeners,
    RouteReasonNoMatchingListenerHostname, RouteReasonNoMatchingParent, RouteReasonPending).
    """
    wrong = failing(found, ACCEPTED)
    pending = [one for one in wrong if one.condition.reason == "Pending"]
    if wrong and len(wrong) == len(pending):
        gap = Gap(f"what the controller of {pending[0].parent} decides", route.probes())
        return Unsure((gap,), tuple(Evidence(one.at, one.says) for one in pending))
    if wrong:
        first = next(one for one in wrong if one not in pending)
        reason, message = first.condition.reason or "", first.condition.message or ""
        values = {"parent": first.parent, "what": _WHAT.get(reason) or message or reason}
        return Present(tuple(Evidence(one.at, one.says) for one in wrong), values)
    accepted = [one for one in found if one.condition.type == ACCEPTED]
    if accepted:
        return Absent(tuple(Evidence(one.at, one.says) for one in accepted[:3]))
    return unsure(f"what its Gateways report about {route.subject}", *route.probes())
