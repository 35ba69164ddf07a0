"""A running program calls a Service behind which nothing exists."""

from __future__ import annotations

from kwhy.knowledge.ingress.routes import sends_to
from kwhy.knowledge.service.backend import Backend, backend
from kwhy.knowledge.service.callers import callers
from kwhy.knowledge.service.no_ready_endpoints import NO_READY_ENDPOINTS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.probes.kubectl import PODS
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import ServiceView

BACKEND_MISSING = Condition(
    code="service.backend-missing",
    kind="Service",
    nature=Nature.ROOT,
    title="{subject} {needs}: no pod or workload carries {asked}",
    summary="A program calls, or an Ingress sends to, a Service whose backend was never deployed, or was removed.",
    remedies=(
        Remedy(
            id="deploy-the-backend",
            title="Deploy what the Service stands for, or point the caller elsewhere",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See that nothing carries the labels, in any namespace.",
                    "kubectl get pods,deployments,statefulsets,daemonsets -A -l {labels}",
                ),
                Step("Deploy the missing workload with labels {asked}; or configure the caller to use what exists."),
            ),
            verify=(
                Step(
                    "The Service has addresses.",
                    "kubectl get endpointslices -n {namespace} -l kubernetes.io/service-name={service_name}",
                ),
            ),
            undo=(Step("Remove the workload again, or restore the caller's configuration."),),
        ),
    ),
)


def ingresses(scene: Scene, service: Subject) -> dict[Subject, Evidence]:
    """Which Ingresses send to the Service"""
    found = scene.derive_once(sends_to).get(service, ())
    return {ingress: Evidence(route.at, f"{ingress} sends {route.named} to it") for ingress, route in found[:3]}


@rule(BACKEND_MISSING, rows=("S1",), leads=(leads_to(NO_READY_ENDPOINTS, via=ITSELF),))
def backend_missing(
    service: ServiceView,
    behind: Backend = given(backend),
    calling: dict[Subject, Evidence] = given(callers),
    sending: dict[Subject, Evidence] = given(ingresses),
) -> Verdict:
    """What the Service stands for does not exist.

    What it means: The caller depends on something that is not there. The object to fix is the only one that depends on
    it; where several do, or an Ingress does, the Service.
    How it shows: All pods and workloads of the namespace were listed with their labels, none matches the selector, none
    is near it, and the log of a running program shows calls to the Service that fail, or an Ingress sends to it.
    What looks like it: A selector that misses its pods by a slip; a workload scaled to zero; a program that does not
    even start without the Service; a backend in a namespace that was not captured.
    Source: Kubernetes v1.34 pkg/controller/endpointslice.
    """
    if behind.pods or behind.workloads:
        other = (*behind.pods, *behind.workloads)[0]
        return Absent((Evidence(other.at, f"{behind.asked} matches {other.subject}"),))
    if behind.near:
        return Absent((Evidence(behind.near[0].at, f"{behind.near[0].owner} is near: {behind.near[0].has}"),))
    if behind.pods_known is None or not behind.nothing:
        return Unsure((Gap(f"every pod and workload of namespace {service.namespace}", behind.gaps),))
    if not calling and not sending:
        return unsure(f"which running program calls {service.subject}", PODS.of())
    because = (
        Evidence(behind.selector_at, f"the Service selects {behind.asked}"),
        Evidence(behind.pods_known, "no listed pod carries these labels"),
        *calling.values(),
        *sending.values(),
    )
    only = next(iter(calling)) if len(calling) == 1 and not sending else None
    values = {
        "needs": f"needs {service.subject}, and nothing exists behind it" if only else "has nothing behind it",
        "service": service.subject,
        "service_name": service.name,
        "asked": behind.asked,
        "labels": behind.asked.replace(", ", ","),
    }
    return Present(because, values, basis=Basis.RECOMPUTED, blames=only)
