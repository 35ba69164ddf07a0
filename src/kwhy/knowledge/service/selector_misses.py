"""A Service's selector misses the pods that it is meant for by one label."""

from __future__ import annotations

from kwhy.knowledge.service.backend import Backend, backend
from kwhy.knowledge.service.no_ready_endpoints import NO_READY_ENDPOINTS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import ServiceView

SELECTOR_MISSES = Condition(
    code="service.selector-misses",
    kind="Service",
    nature=Nature.ROOT,
    title="{subject} selects {asked}, and the pods of {workload} carry {has}",
    summary="No pod has the labels that the Service selects, and an unselected workload differs in one of them.",
    remedies=(
        Remedy(
            id="correct-the-selector",
            title="Make the Service select the labels that the pods carry",
            when="now",
            risk="low",
            steps=(
                Step("See the labels of the pods.", "kubectl get pods -n {namespace} --show-labels"),
                Step(
                    "Set spec.selector of the Service to {has} in place of {asked}, in its manifest too.",
                    "kubectl edit service {name} -n {namespace}",
                ),
            ),
            verify=(
                Step(
                    "Addresses appear.",
                    "kubectl get endpointslices -n {namespace} -l kubernetes.io/service-name={name}",
                ),
            ),
            undo=(Step("Set the former selector again.", "kubectl edit service {name} -n {namespace}"),),
        ),
    ),
)


@rule(SELECTOR_MISSES, rows=("S1",), leads=(leads_to(NO_READY_ENDPOINTS, via=ITSELF),))
def selector_misses(service: ServiceView, behind: Backend = given(backend)) -> Verdict:
    """The Service's selector misses its pods.

    What it means: The endpoints controller finds no pod for the Service, so it has no address to send traffic to.
    How it shows: No pod of the namespace has all labels of the selector, and a workload that no Service selects has all
    but one: the same key with a value that is a slip away, or the same value under another key.
    What looks like it: The backend does not exist at all (nothing is near); it is scaled to zero (its template
    matches); its pods exist and are not ready (they match). Values that differ in their numbers are different things.
    Source: Kubernetes v1.34 staging/src/k8s.io/endpointslice/reconciler.go; pkg/controller/endpointslice
    (syncService: labels.Set(service.Spec.Selector).AsSelectorPreValidated()).
    """
    if behind.pods:
        return Absent((Evidence(behind.pods[0].at, f"{behind.asked} matches {len(behind.pods)} pods"),))
    if behind.workloads:
        return Absent((Evidence(behind.workloads[0].at, f"{behind.asked} matches {behind.workloads[0].subject}"),))
    if behind.pods_known is None:
        return Unsure((Gap(f"the labels of all pods in namespace {service.namespace}", behind.gaps[:1]),))
    if len(behind.near) == 1:
        near = behind.near[0]
        because = (
            Evidence(behind.selector_at, f"the Service selects {behind.asked}"),
            Evidence(near.at, f"{near.owner} carries {near.has}"),
        )
        values = {"asked": near.asked, "has": near.has, "workload": near.owner}
        return Present(because, values, basis=Basis.RECOMPUTED)
    if behind.workloads_known:
        says = "several workloads are near" if behind.near else "no workload's labels are near the selector"
        if not behind.near:
            return Absent((Evidence(behind.pods_known, says),))
        places = tuple(Evidence(near.at, f"{near.owner} carries {near.has}") for near in behind.near)
        return Unsure((Gap(f"which of them {service.subject} is meant for"),), places)
    return Unsure((Gap(f"the workloads of namespace {service.namespace}", behind.gaps),))
