"""A running program asks for a Service that does not exist."""

from __future__ import annotations

from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.dependency.targets import writers_of
from kwhy.knowledge.service.callers import ASKS_FOR, askers
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST, PODS
from kwhy.scene.views import ServiceView

SERVICE_MISSING = Condition(
    code="service.missing",
    kind="Service",
    nature=Nature.ROOT,
    title="{subject} asks for {service}, which does not exist{near}",
    summary="A program is configured with the name of a Service that is not there.",
    remedies=(
        Remedy(
            id="correct-the-name",
            title="Give the program the right name, or make the Service",
            when="now",
            risk="low",
            steps=(
                Step("See which Services there are.", "kubectl get services -A"),
                Step("Correct the name where the program has it from: environment, ConfigMap, arguments."),
            ),
            verify=(Step("The program's log shows answers."),),
            undo=(Step("Restore the former configuration."),),
        ),
    ),
)


@rule(SERVICE_MISSING, rows=("D1", "S1"), leads=(leads_to(APP_ERRORS, via=ASKS_FOR),))
def service_missing(service: ServiceView, asking: dict[Subject, Evidence] = given(askers)) -> Verdict:
    """The Service that a program asks for does not exist.

    What it means: The DNS works and answers that there is no such name.
    How it shows: "no such host" (NXDOMAIN) for a Service's name; all Services of the namespace were listed without it.
    What looks like it: A DNS that does not answer: its errors are timeouts, refusals or SERVFAIL. A name in another
    namespace that is asked for without its namespace.
    Source: CoreDNS plugin kubernetes (NXDOMAIN for Services that it does not know); Kubernetes v1.34 DNS specification.
    """
    if service.observations:
        return Absent((Evidence(service.observations[0].at, f"{service.subject} exists"),))
    listing = service.scene.listing("Service", service.namespace, service.name)
    if listing is None:
        return unsure(
            f"the Services of namespace {service.namespace}", LIST.of(kind="services", namespace=service.namespace)
        )
    if not asking:
        return unsure(f"which running program asks for {service.subject}", PODS.of())
    writers = writers_of(service.scene, service.subject)
    if writers is None or len(writers) < len(asking):
        # The object to fix is the one in which the name is written.
        return unsure(f"where the callers of {service.subject} have its name from", PODS.of())
    elsewhere = service.scene.subjects_named("Service", service.name)
    because = [*asking.values(), Evidence(listing.at, f"{service.subject} is not listed")]
    because += [Evidence(service.scene.observations(s)[0].at, f"{s} exists") for s in elsewhere[:2]]
    near = f"; {elsewhere[0]} does" if elsewhere else ""
    only = next(iter(asking)) if len(asking) == 1 else None
    return Present(tuple(because), {"service": service.subject, "near": near}, basis=Basis.RECOMPUTED, blames=only)
