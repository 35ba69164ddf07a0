"""A headless Service has no address of its own: nothing balances the load of its clients."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.objects import ApiObject, Observation, Service, ServicePort
from kwhy.knowledge.service.backend import Backend, backend
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, rule
from kwhy.model.seen import Seen
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict
from kwhy.scene.scene import Scene
from kwhy.scene.views import ServiceView

HEADLESS = Condition(
    code="service.headless",
    kind="Service",
    nature=Nature.ROOT,
    title="{subject} is headless: each client picks one of its {pods} pods itself, and nothing balances the load",
    summary="clusterIP is None. That is done on purpose; the report says so where it answers a question.",
    remedies=(
        Remedy(
            id="balance-on-the-way-or-in-the-client",
            title="Give the clients an address that balances, or let them balance themselves",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Ask who needs the pods' own addresses: a StatefulSet, clients that balance themselves, peers that "
                    "find each other. Those keep this Service.",
                    "kubectl get statefulsets -n {namespace}",
                ),
                Step(
                    "Put a second Service with a cluster address before the same pods, and point the other clients to "
                    "it. It spreads connections, not requests: clients with one long connection (gRPC, HTTP/2, "
                    "database pools) need a balancing client (gRPC: dns:/// with round_robin) or a proxy.",
                    "kubectl expose {workload_kind} {workload_name} -n {namespace} --name {name}-even --port {port}",
                ),
            ),
            verify=(Step("The pods use about as much CPU as each other.", "kubectl top pods -n {namespace}"),),
            undo=(
                Step(
                    "Point the clients to the former name, then delete the second Service.",
                    "kubectl delete service {name}-even -n {namespace}",
                ),
            ),
        ),
    ),
)


def _quiet(struct: ApiObject) -> bool:
    return not (isinstance(struct, Service) and struct.spec.cluster_ip == "None" and struct.spec.selector)


def _quiet_row(observation: Observation) -> bool:
    struct = observation.object
    return not (isinstance(struct, Service) and struct.spec.cluster_ip == "None")


def _headless(scene: Scene) -> Iterable[Subject]:
    return scene.suspicious("Service", _quiet, _quiet_row)


@rule(HEADLESS, rows=("S4",), among=_headless, answers=("balance",))
def headless(service: ServiceView, behind: Backend = given(backend)) -> Verdict:
    """The Service is headless, and several pods stand behind it.

    What it means: The cluster's DNS answers the Service's name with the addresses of its ready pods. kube-proxy does
    nothing for it, so a client that takes the first answer, or keeps its connection, uses one pod.
    How it shows: spec.clusterIP is None; kubectl prints None in column CLUSTER-IP.
    What looks like it: A Service with a cluster address whose clients keep one connection, or that has session
    affinity. One pod that does the work of a leader.
    Source: Kubernetes v1.34 pkg/proxy/service.go (ShouldSkipService); CoreDNS v1.12 plugin/kubernetes (headless
    answers); RFC 6724 section 6 (a resolver may sort the addresses always alike).
    """
    address = service.seen("spec.clusterIP", lambda s: s.spec.cluster_ip, "")
    if address.value != "None":
        return Absent((Evidence(address.place, f"it has the cluster address {address.value}"),))
    if len(behind.pods) < 2:
        if behind.pods_known is not None:
            return Absent((Evidence(behind.pods_known, "fewer than two pods match: there is nothing to balance"),))
        return Unsure((Gap(f"the pods behind {service.subject}", behind.gaps),))
    ports: Seen[list[ServicePort]] = service.seen("spec.ports", lambda s: s.spec.ports, [])
    workload = behind.workloads[0].subject if behind.workloads else None
    values = {
        "pods": len(behind.pods),
        "port": ports.value[0].port if ports.observed and ports.value else "PORT",
        "workload_kind": workload.kind.lower() if workload else "KIND",
        "workload_name": workload.name if workload else "WORKLOAD",
    }
    because = [Evidence(address.place, "clusterIP is None")]
    because += [Evidence(pod.at, f"{behind.asked} matches {pod.subject}") for pod in behind.pods[:3]]
    return Present(tuple(because), values, basis=Basis.RECOMPUTED)
