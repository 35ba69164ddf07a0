"""The workload behind a Service that is needed has no replicas."""

from __future__ import annotations

from kwhy.knowledge.service.backend import Backend, Labelled, backend
from kwhy.knowledge.service.no_ready_endpoints import NO_READY_ENDPOINTS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import ServiceView

BACKEND_SCALED_TO_ZERO = Condition(
    code="service.backend-scaled-to-zero",
    kind="Service",
    nature=Nature.ROOT,
    title="{subject} is scaled to 0, and {service} needs it",
    summary="The workload that the Service selects has zero replicas while something depends on the Service.",
    remedies=(
        Remedy(
            id="scale-up",
            title="Give the workload its replicas back",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See who scaled it down: an autoscaler, a schedule or a person; and how many replicas it had.",
                    "kubectl describe {workload_kind} {workload_name} -n {namespace}",
                ),
                Step(
                    "Scale it up, to its former number where that is known.",
                    "kubectl scale {workload_kind} {workload_name} -n {namespace} --replicas=1",
                ),
            ),
            verify=(
                Step(
                    "The Service has addresses.",
                    "kubectl get endpointslices -n {namespace} -l kubernetes.io/service-name={service_name}",
                ),
                Step("Its pods are ready.", "kubectl get {workload_kind} {workload_name} -n {namespace}"),
            ),
            undo=(
                Step(
                    "Scale it to zero again.",
                    "kubectl scale {workload_kind} {workload_name} -n {namespace} --replicas=0",
                ),
            ),
        ),
    ),
)


@rule(BACKEND_SCALED_TO_ZERO, rows=("S1", "D7"), leads=(leads_to(NO_READY_ENDPOINTS, via=ITSELF),))
def backend_scaled_to_zero(service: ServiceView, behind: Backend = given(backend)) -> Verdict:
    """What the Service stands for is scaled to zero.

    What it means: Nothing is broken; nothing runs. It matters only where something depends on the Service, so it is
    judged only when a failing call asks for it.
    How it shows: spec.replicas of every Deployment and StatefulSet that the selector matches is 0.
    What looks like it: Workloads that an autoscaler (KEDA, Knative) or a schedule scales to zero when idle: a call is
    then to wake them, and what receives the call is not this Service.
    Source: Kubernetes v1.34 pkg/controller/endpointslice; k8s.io/api apps/v1 (spec.replicas).
    """
    if behind.pods:
        return Absent((Evidence(behind.pods[0].at, f"{behind.asked} matches {len(behind.pods)} pods"),))
    if not behind.workloads:
        if behind.nothing and behind.pods_known is not None:
            return Absent((Evidence(behind.pods_known, "no workload of the namespace matches the selector"),))
        return Unsure((Gap(f"the workloads of namespace {service.namespace}", behind.gaps),))
    empty = [w for w in behind.workloads if w.replicas == 0 and w.subject.kind != "DaemonSet"]
    running = [w for w in behind.workloads if w not in empty]
    if running:
        return Absent((Evidence(running[0].at, f"{running[0].subject} is not scaled to zero"),))
    first = empty[0]
    because = [Evidence(behind.selector_at, f"the Service selects {behind.asked}")]
    because += [_evidence(workload) for workload in empty]
    values = {
        "service": service.subject,
        "service_name": service.name,
        "workload_kind": first.subject.kind.lower(),
        "workload_name": first.subject.name,
    }
    return Present(tuple(reversed(because)), values, basis=Basis.RECOMPUTED, blames=first.subject)


def _evidence(workload: Labelled) -> Evidence:
    at = workload.replicas_at or workload.at
    shown = at if at.excerpt else at.document.at(at.line, at.path, "replicas: 0")
    return Evidence(shown, f"{workload.subject} asks for 0 replicas")
