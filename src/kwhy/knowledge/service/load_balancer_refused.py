"""The controller of load balancers says why it cannot serve a Service."""

from __future__ import annotations

from kwhy.knowledge.service.load_balancer_pending import LOAD_BALANCER_PENDING
from kwhy.knowledge.service.load_balancer_words import controller_speaks, refusal_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import leads_to, rule
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE_NAMESPACED
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import ServiceView

LOAD_BALANCER_REFUSED = Condition(
    code="service.load-balancer-refused",
    kind="Service",
    nature=Nature.ROOT,
    title="{subject} gets no load balancer: {why}",
    summary="The cloud, or the pool of addresses, refuses a load balancer for the Service, and says why.",
    remedies=(
        Remedy(
            id="clear-what-is-refused",
            title="Clear what the message complains of",
            when="now",
            risk="low",
            steps=(
                Step("Read the whole message.", "kubectl describe service {name} -n {namespace}"),
                Step(
                    "A quota: free load balancers or addresses, or have it raised. An annotation or address: correct "
                    "it. A port that another Service has on the same load balancer: give one of them another.",
                    "kubectl edit service {name} -n {namespace}",
                ),
            ),
            verify=(Step("An address appears.", "kubectl get service {name} -n {namespace}"),),
            undo=(Step("Set the former values again.", "kubectl edit service {name} -n {namespace}"),),
        ),
    ),
)


@rule(LOAD_BALANCER_REFUSED, rows=("S5",), leads=(leads_to(LOAD_BALANCER_PENDING, via=ITSELF),))
def load_balancer_refused(service: ServiceView) -> Verdict:
    """The attempt to make a load balancer fails.

    What it means: The controller runs, tried, and was refused: by a quota, for an annotation, an address or a port, or
    for lack of permissions. It tries again, ever more rarely.
    How it shows: The newest event about it is SyncLoadBalancerFailed (MetalLB: AllocationFailed), with the answer of
    the cloud; Cilium writes a condition.
    What looks like it: No event at all: nobody tries. A failure that a later EnsuredLoadBalancer ended.
    Source: Kubernetes v1.34 staging/src/k8s.io/cloud-provider/controllers/service/controller.go (syncService); MetalLB
    v0.14 controller/service.go.
    """
    refusal = refusal_of(service.scene, service.subject)
    if refusal is not None:
        words = refusal.says.removeprefix("Error syncing load balancer: ").removeprefix(
            "failed to ensure load balancer: "
        )
        return Present((refusal,), {"why": words[:160]})
    word = controller_speaks(service.scene, service.subject)
    if word is not None:
        return Absent((Evidence(word.at, f"the controller's newest word is {word.reason}"),))
    probe = DESCRIBE_NAMESPACED.of(kind="service", name=service.name, namespace=service.namespace)
    return unsure(f"the events about {service.subject}", probe)
