"""A gateway calls the pods behind a headless Service on a port on which they do not listen."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.app.errors import APP_ERRORS, errors_of, lasting
from kwhy.knowledge.gateway.routes import Route, routes_of
from kwhy.knowledge.service.backend import backend
from kwhy.knowledge.service.consumers import calls_of
from kwhy.knowledge.service.listening import ListeningPort, ports_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.seen import NotObserved
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST, LOGS
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView, ServiceView

WRONG_UPSTREAM_PORT = Condition(
    code="gateway.wrong-upstream-port",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} sends {path} to port {port} of {upstream}, whose pods listen on {listening}",
    summary="A gateway's route table names a port on which the pods behind a headless Service do not listen.",
    remedies=(
        Remedy(
            id="correct-the-port",
            title="Name the port on which the pods listen",
            when="now",
            risk="low",
            steps=(
                Step("See the table of routes.", "kubectl get {kind} {name} -n {namespace} -o yaml"),
                Step("Set port {listening} for the upstream of {path}, in the manifest too."),
                Step("Restart the gateway where it does not read its table again by itself."),
            ),
            verify=(Step("Callers of {path} get answers other than 502."),),
            undo=(Step("Set port {port} again."),),
        ),
    ),
)


def _gateway_itself(scene: Scene, pod: Subject) -> Iterable[Subject]:
    """The pod, where its own calls are refused."""
    if any(e.complaint == "connection refused" and lasting(e) for e in errors_of(scene, pod)):
        yield pod


def _gateways(scene: Scene, caller: Subject) -> Iterable[Subject]:
    """The pods behind Services that answer the caller with 502 and the like."""
    for call in scene.derive(calls_of, caller):
        if call.service is not None and call.errors.complaint == "server error":
            try:
                yield from (pod.subject for pod in scene.derive(backend, call.service).pods[:5])
            except NotObserved:
                continue


FORWARDS = Relation("forwards calls", _gateway_itself)
ANSWERED_WITH_AN_ERROR_BY = Relation("is answered with an error by", _gateways)


def headless_routes(scene: Scene, pod: Subject) -> list[tuple[Route, list[ListeningPort]]]:
    """Routes of the pod's program to headless Services, with the ports on which the pods there say they listen"""
    found = []
    for route in scene.derive(routes_of, pod):
        address = ServiceView(scene, route.upstream).seen("spec.clusterIP", lambda s: s.spec.cluster_ip, "")
        if not address.observed or address.value != "None":
            continue
        try:
            pods = scene.derive(backend, route.upstream).pods
        except NotObserved:
            continue
        listening = [port for one in pods[:10] for port in ports_of(scene, one.subject) if port.by == "logged"]
        found.append((route, listening))
    return found


@rule(
    WRONG_UPSTREAM_PORT,
    rows=("S8",),
    leads=(leads_to(APP_ERRORS, via=FORWARDS), leads_to(APP_ERRORS, via=ANSWERED_WITH_AN_ERROR_BY)),
)
def wrong_upstream_port(
    pod: PodView, routes: list[tuple[Route, list[ListeningPort]]] = given(headless_routes)
) -> Verdict:
    """The route's port is not the one on which the upstream's pods listen.

    What it means: The name of a headless Service stands for its pods: the port in the address is the pods' own, and
    the Service's ports change nothing. The pods refuse, the gateway answers 502.
    How it shows: The route table names a port; the log of every pod behind the Service names another.
    What looks like it: A Service with a cluster address, whose port and its pods' may differ; pods not yet started.
    Source: kubernetes.io/docs, Headless Services; nginx.org ngx_http_proxy_module (proxy_pass).
    """
    if not routes:
        return unsure(
            f"the routes of {pod.subject} to headless Services",
            LIST.of(kind="services,configmaps", namespace=pod.namespace),
        )
    right: list[Evidence] = []
    for route, listening in routes:
        port = route.port or 80
        if any(one.port == port for one in listening):
            right.append(Evidence(route.at, f"the pods behind {route.upstream} listen on {port}"))
        elif listening:
            numbers = ", ".join(dict.fromkeys(str(one.port) for one in listening))
            because = [Evidence(route.at, f"the route {route.prefix} leads to port {port} of {route.upstream}")]
            because += [Evidence(one.at, f"{one.pod.name} says that it listens on {one.port}") for one in listening[:3]]
            values = {"path": route.prefix, "port": port, "upstream": route.upstream, "listening": numbers}
            return Present(tuple(because), values, basis=Basis.RECOMPUTED, blames=route.holder)
    if len(right) == len(routes):
        return Absent(tuple(right[:3]))
    upstream = next(route.upstream for route, listening in routes if not listening)
    return unsure(f"the ports on which the pods behind {upstream} listen", LOGS.of(namespace=upstream.namespace))
