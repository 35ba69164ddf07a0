"""An Ingress sends to a Service that does not exist."""

from __future__ import annotations

from kwhy.knowledge.ingress.controller_finds_nothing import CONTROLLER_FINDS_NOTHING, IS_SENT_TO_BY
from kwhy.knowledge.ingress.path_unserved import PATH_UNSERVED
from kwhy.knowledge.ingress.routes import Broken, broken_of, routes_of
from kwhy.knowledge.service.backend import edit_distance
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import ObjectView

BACKEND_SERVICE_MISSING = Condition(
    code="ingress.service-missing",
    kind="Ingress",
    nature=Nature.ROOT,
    title="{subject} sends {paths} to {service}, which does not exist{near}",
    summary="A path of the Ingress names a Service that its namespace does not have.",
    remedies=(
        Remedy(
            id="name-the-right-service",
            title="Name a Service that exists, or make the missing one",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See which Services the namespace has; an Ingress reaches no other.",
                    "kubectl get services -n {namespace}",
                ),
                Step("Correct the Service's name, in the manifest too.", "kubectl edit ingress {name} -n {namespace}"),
            ),
            verify=(Step("The backends have addresses.", "kubectl describe ingress {name} -n {namespace}"),),
            undo=(Step("Set the former name again.", "kubectl edit ingress {name} -n {namespace}"),),
        ),
    ),
)  # fmt: skip

#: Names that differ by no more than this are taken for one name written in two ways.
_SLIP = 2


@rule(
    BACKEND_SERVICE_MISSING,
    rows=("S7",),
    leads=(leads_to(PATH_UNSERVED, via=ITSELF), leads_to(CONTROLLER_FINDS_NOTHING, via=IS_SENT_TO_BY)),
)
def service_missing(ingress: ObjectView, broken: list[Broken] = given(broken_of)) -> Verdict:
    """The Service of a path does not exist.

    What it means: An Ingress may name Services of its own namespace only; this one is not there.
    How it shows: All Services of the namespace were listed without it, or kubectl describe says that it found none.
    What looks like it: A Service of that name in another namespace, which the Ingress cannot reach; a Service that
    exists and has no endpoints.
    Source: k8s.io/api v0.34 networking/v1 types.go (IngressServiceBackend: "The service must exist in the same
    namespace as the Ingress object"); kubectl v0.34 pkg/describe/describe.go (describeBackendV1).
    """
    missing = [one for one in broken if one.problem == "service missing"]
    if missing:
        service = missing[0].route.service
        same = [one for one in missing if one.route.service == service]
        paths = ", ".join(dict.fromkeys(one.route.named for one in same))
        because = tuple(dict.fromkeys(e for one in missing for e in one.because))
        values = {"service": service, "paths": paths, "near": _near(ingress, service)}
        return Present(because, values, basis=Basis.RECOMPUTED)
    routes = ingress.scene.derive(routes_of, ingress.subject)
    known = [route for route in routes if ingress.scene.exists(route.service)]
    if not known or len(known) < len(routes):
        probe = LIST.of(kind="services", namespace=ingress.namespace)
        return unsure(f"the Services of namespace {ingress.namespace}", probe)
    return Absent(tuple(Evidence(route.at, f"{route.service} exists") for route in known[:3]))


def _near(ingress: ObjectView, service: Subject) -> str:
    """The Service that was probably meant: of nearly this name, or of this name elsewhere."""
    others = ingress.scene.subjects("Service")
    for other in others:
        if other.namespace == service.namespace and _alike(other.name, service.name):
            return f"; {other} does"
    elsewhere = next((other for other in others if other.name == service.name), None)
    return f"; {elsewhere} does, which an Ingress of {service.namespace} cannot reach" if elsewhere else ""


def _alike(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return (len(shorter) > _SLIP and shorter in longer) or edit_distance(one, other) <= _SLIP
