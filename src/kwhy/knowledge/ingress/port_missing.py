"""An Ingress sends to a port that its Service does not have."""

from __future__ import annotations

from kwhy.knowledge.ingress.path_unserved import PATH_UNSERVED
from kwhy.knowledge.ingress.routes import Broken, broken_of, ports_of, routes_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import ObjectView

BACKEND_PORT_MISSING = Condition(
    code="ingress.port-missing",
    kind="Ingress",
    nature=Nature.ROOT,
    title="{subject} sends {paths} to port {port} of {service}, which has {has}",
    summary="A path of the Ingress names a port that its Service does not offer.",
    remedies=(
        Remedy(
            id="name-the-right-port",
            title="Name a port of the Service",
            when="now",
            risk="low",
            steps=(
                Step("See the Service's ports.", "kubectl describe service {service_name} -n {namespace}"),
                Step(
                    "Set the port of {paths} to one of them: the Service's own port, not that of its pods.",
                    "kubectl edit ingress {name} -n {namespace}",
                ),
            ),
            verify=(Step("The backends have addresses.", "kubectl describe ingress {name} -n {namespace}"),),
            undo=(Step("Set port {port} again.", "kubectl edit ingress {name} -n {namespace}"),),
        ),
    ),
)


@rule(BACKEND_PORT_MISSING, rows=("S7",), leads=(leads_to(PATH_UNSERVED, via=ITSELF),))
def port_missing(ingress: ObjectView, broken: list[Broken] = given(broken_of)) -> Verdict:
    """The Service of a path does not have the port.

    What it means: The path asks for a number or a name that is none of the Service's ports.
    How it shows: The Ingress's backend compared with the Service's spec.ports.
    What looks like it: The port of the pods in place of the Service's: ingress-nginx takes that, other controllers do
    not. A Service of type ExternalName needs no ports.
    Source: k8s.io/api v0.34 networking/v1 types.go (ServiceBackendPort); ingress-nginx controller v1.15
    internal/ingress/controller/controller.go (serviceEndpoints).
    """
    wrong = [one for one in broken if one.problem == "port missing"]
    if wrong:
        route = wrong[0].route
        shown = ports_of(ingress.scene, route.service)
        has = ", ".join(f"{p.port}{f' ({p.name})' if p.name else ''}" for p in shown[0]) if shown else "other ports"
        same = [one for one in wrong if (one.route.service, one.route.port) == (route.service, route.port)]
        values = {
            "service": route.service,
            "service_name": route.service.name,
            "port": route.port,
            "has": f"only {has}" if shown and len(shown[0]) == 1 else has,
            "paths": ", ".join(dict.fromkeys(one.route.named for one in same)),
        }
        return Present(tuple(e for one in wrong for e in one.because), values, basis=Basis.RECOMPUTED)
    routes = ingress.scene.derive(routes_of, ingress.subject)
    known = [route for route in routes if ports_of(ingress.scene, route.service) is not None]
    if not known:
        probe = LIST.of(kind="services", namespace=ingress.namespace)
        return unsure(f"the ports of the Services in namespace {ingress.namespace}", probe)
    return Absent(tuple(Evidence(r.at, f"{r.service} has port {r.port}") for r in known[:3]))
