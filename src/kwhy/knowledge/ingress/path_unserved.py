"""Paths of an Ingress lead to nothing. The generic symptom of Ingresses."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.ingress.routes import Broken, broken_of, routes_of
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, given, rule
from kwhy.model.seen import NotObserved
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

PATH_UNSERVED = Condition(
    code="ingress.path-unserved",
    kind="Ingress",
    nature=Nature.EFFECT,
    title="{subject} has nothing behind {paths}: requests end in 503, or in the 404 of a default backend",
    summary="What the Ingress sends a request to does not exist, or has no pod that is ready.",
)


def _suspicious(scene: Scene) -> Iterable[Subject]:
    """Ingresses of which some path is seen to lead to nothing."""
    for ingress in scene.subjects("Ingress"):
        try:
            if scene.derive(broken_of, ingress):
                yield ingress
        except NotObserved:
            continue


def _services(scene: Scene, ingress: Subject) -> Iterable[Subject]:
    """The Services behind which there is no endpoint."""
    return [broken.route.service for broken in scene.derive(broken_of, ingress) if broken.problem == "no endpoint"]


SENDS_TO = Relation("sends to", _services)


@rule(PATH_UNSERVED, rows=("S7",), among=_suspicious, symptom=True)
def path_unserved(ingress: ObjectView, broken: list[Broken] = given(broken_of)) -> Verdict:
    """Some path of the Ingress leads to nothing.

    What it means: The controller has no address to send the request to. It answers 503, or hands the request to its
    default backend, which answers 404.
    How it shows: The Service of a path does not exist, does not have the port, or has no ready endpoint.
    What looks like it: A workload that was scaled to zero on purpose; ingress-nginx takes the number of a targetPort
    for that of the Service's port; a 404 that the program behind a right path answers itself.
    Source: k8s.io/api v0.34 networking/v1 types.go (IngressBackend); ingress-nginx controller v1.15
    internal/ingress/controller/controller.go (createUpstreams, serviceEndpoints).
    """
    if broken:
        paths = ", ".join(dict.fromkeys(one.route.named for one in broken))
        return Present(tuple(dict.fromkeys(e for one in broken for e in one.because)), {"paths": paths})
    routes = ingress.scene.derive(routes_of, ingress.subject)
    if not routes:
        return unsure(f"the rules of {ingress.subject}", *ingress.probes())
    return Absent(tuple(Evidence(route.at, f"{route.named} leads to {route.service}") for route in routes[:3]))
