"""A gateway sends a path to the Service that serves another one."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec

from kwhy.facts.logs import AppErrors
from kwhy.knowledge.app.errors import APP_ERRORS, logging_pods
from kwhy.knowledge.gateway.routes import Route, routes_of, segment, serves
from kwhy.knowledge.service.backend import backend
from kwhy.knowledge.service.consumers import calls_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.seen import NotObserved
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import ServiceView

WRONG_UPSTREAM = Condition(
    code="gateway.wrong-upstream",
    kind="Service",
    nature=Nature.ROOT,
    title="{subject} sends {path} to {upstream}, which does not know it; by its name {right} would",
    summary="A gateway's route table sends a path to a Service that serves another path.",
    remedies=(
        Remedy(
            id="correct-the-route",
            title="Send the path to the Service that serves it",
            when="now",
            risk="low",
            steps=(
                Step("See the table of routes.", "kubectl get {kind} {name} -n {namespace} -o yaml"),
                Step("Set the upstream of {path} to {right} in place of {upstream}, in the manifest too."),
                Step("Restart the gateway where it does not read its table again by itself."),
            ),
            verify=(Step("Callers of {path} get answers other than 404 and 405."),),
            undo=(Step("Set {upstream} again."),),
        ),
    ),
)

#: Answers of a program that does not know the path, or not with this method.
_NOT_KNOWN = frozenset({"not found", "other"})


class Refused(msgspec.Struct, frozen=True):
    """A call through a gateway to a path that was not known."""

    caller: Subject
    path: str
    errors: AppErrors


def _answered_not_found(errors: AppErrors) -> bool:
    if errors.complaint not in _NOT_KNOWN or not errors.target or "://" not in errors.target:
        return False
    text = errors.last.excerpt
    return errors.complaint == "not found" or "405" in text


def _gateways(scene: Scene, caller: Subject) -> Iterable[Subject]:
    """Services that answer the caller's calls with 404 or 405."""
    for call in scene.derive(calls_of, caller):
        if call.service is not None and _answered_not_found(call.errors):
            yield call.service


ANSWERED_BY = Relation("is answered by", _gateways)


def _refused(scene: Scene) -> dict[Subject, list[Refused]]:
    index: dict[Subject, list[Refused]] = {}
    for caller in logging_pods(scene):
        for call in scene.derive(calls_of, caller):
            if call.service is not None and _answered_not_found(call.errors):
                path = urlsplit(call.errors.target or "").path
                index.setdefault(call.service, []).append(Refused(caller, path, call.errors))
    return index


def refused_by(scene: Scene, service: Subject) -> list[Refused]:
    """Paths for which callers of the Service get 404 or 405"""
    return scene.derive_once(_refused).get(service, [])


def table_behind(scene: Scene, service: Subject) -> list[Route]:
    """The route tables of the programs behind the Service: environment, arguments, ConfigMaps"""
    try:
        pods = scene.derive(backend, service).pods
    except NotObserved:
        return []
    for pod in pods[:5]:
        found = scene.derive(routes_of, pod.subject)
        if found:
            return found
    return []


@rule(WRONG_UPSTREAM, rows=("S8",), leads=(leads_to(APP_ERRORS, via=ANSWERED_BY),))
def wrong_upstream(
    service: ServiceView,
    refused: list[Refused] = given(refused_by),
    table: list[Route] = given(table_behind),
) -> Verdict:
    """A route leads to the wrong upstream.

    What it means: The gateway does what its table says, and the program that gets the request does not know the path.
    How it shows: Callers get 404 or 405 for a path; the route with the longest prefix of it leads to a Service of
    another name, and one Service of the namespace is named after the path.
    What looks like it: A path that nobody serves, and one that the right program does not know any more: then the
    upstream's name fits the path. A Service that does not exist, or has no endpoint, gives 502 or 503, not 404.
    Source: The tables' own formats, see kwhy.knowledge.gateway.tables; RFC 9110 (404, 405).
    """
    if not table:
        return unsure(
            f"the route table of what stands behind {service.subject}",
            LIST.of(kind="pods,configmaps", namespace=service.namespace),
        )
    for call in refused:
        route = _route_for(table, call.path)
        if route is None:
            continue
        right = _right(service.scene, route, call.path)
        if right is not None:
            return _present(service, call, route, right, table)
    routes = [route for call in refused if (route := _route_for(table, call.path)) is not None]
    if routes and all(serves(route.upstream.name, segment(route.prefix)) for route in routes):
        return Absent(tuple(Evidence(r.at, f"{r.prefix} goes to {r.upstream}, named after it") for r in routes[:3]))
    return unsure(f"which Service serves the paths that {service.subject} is asked for", *service.probes())


def _route_for(table: list[Route], path: str) -> Route | None:
    """The route with the longest prefix, in whole segments."""
    fitting = [r for r in table if path == r.prefix or path.startswith(r.prefix.rstrip("/") + "/")]
    return max(fitting, key=lambda route: len(route.prefix), default=None)


def _right(scene: Scene, route: Route, path: str) -> Subject | None:
    """The one other Service of the upstream's namespace that is named after the path."""
    word = segment(route.prefix) or segment(path)
    if not word or serves(route.upstream.name, word) or not scene.exists(route.upstream):
        return None
    others = [s for s in scene.subjects("Service") if s.namespace == route.upstream.namespace and serves(s.name, word)]
    return others[0] if len(others) == 1 else None


def _present(service: ServiceView, call: Refused, route: Route, right: Subject, table: list[Route]) -> Present:
    errors = call.errors
    caller = owner_of(service.scene, call.caller)
    siblings = [r for r in table if r is not route and serves(r.upstream.name, segment(r.prefix))]
    because = [
        Evidence(route.at, f"the route {route.prefix} leads to {route.upstream}"),
        Evidence(service.scene.observations(right)[0].at, f"{right} is named after the path"),
        Evidence(errors.locate(errors.last), f"{caller}: {call.path} is not known, {errors.count} times"),
    ]
    because += [Evidence(r.at, f"the route {r.prefix} leads to {r.upstream}, named after it") for r in siblings[:1]]
    values = {"path": route.prefix, "upstream": route.upstream, "right": right}
    basis = Basis.RECOMPUTED if siblings else Basis.INFERRED
    return Present(tuple(because), values, basis=basis, blames=route.holder)
