"""The DNS Service does not exist."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.objects import Service
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.dns.no_endpoints import DNS_NO_ENDPOINTS
from kwhy.knowledge.dns.told_addresses import Told, told_by
from kwhy.knowledge.service.consumers import CLUSTER_DNS, RESOLVES_WITH, service_at
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST
from kwhy.scene.scene import Scene
from kwhy.scene.views import ServiceView

DNS_SERVICE_MISSING = Condition(
    code="dns.service-missing",
    kind="Service",
    nature=Nature.ROOT,
    title="{subject} does not exist: no name resolves in the cluster{asked}",
    summary="Pods ask for names at the address of a Service that was deleted.",
    remedies=(
        Remedy(
            id="make-the-service",
            title="Make the DNS Service again, with the address that pods ask",
            when="now",
            risk="low",
            steps=(
                Step("With kubeadm:", "kubeadm init phase addon coredns"),
                Step("Elsewhere apply the manifest of the DNS add-on; its clusterIP must be {address}."),
            ),
            verify=(
                Step(
                    "It has endpoints.",
                    "kubectl get endpointslices -n kube-system -l kubernetes.io/service-name={name}",
                ),
            ),
            undo=(Step("Nothing to undo: nothing else used the address."),),
        ),
    ),
)


def told_addresses(scene: Scene, service: Subject) -> list[Told]:
    """Which name servers the kubelets give pods"""
    return [told for node in scene.subjects("Node") for told in told_by(scene, node)]


def _only_the_dns(scene: Scene, service: Subject) -> Iterable[Subject]:
    if service == CLUSTER_DNS:
        yield service


@rule(
    DNS_SERVICE_MISSING,
    rows=("D7",),
    leads=(
        leads_to(DNS_NO_ENDPOINTS, via=Relation("is the same object", _only_the_dns)),
        leads_to(APP_ERRORS, via=RESOLVES_WITH),
    ),
)
def dns_service_missing(service: ServiceView, told: list[Told] = given(told_addresses)) -> Verdict:
    """The DNS Service does not exist.

    What it means: The address in every pod's resolv.conf belongs to nobody; the DNS pods may be well.
    How it shows: The Services of kube-system were listed without kube-dns, and the address that kubelets give pods is
    no Service's.
    What looks like it: Distributions that call it otherwise (rke2-coredns-rke2-coredns, OpenShift's dns-default,
    coredns): then that Service has the address. A Service that was made anew with another address.
    Source: Kubernetes v1.34 pkg/kubelet/network/dns/dns.go; cmd/kubeadm/app/phases/addons/dns.
    """
    scene = service.scene
    if scene.exists(service.subject):
        return Absent((Evidence(service.observations[0].at, f"{service.subject} exists"),))
    listing = scene.listing("Service", service.namespace, service.name)
    if listing is None:
        return unsure(f"whether {service.subject} exists", LIST.of(kind="services", namespace=service.namespace))
    proof = [Evidence(listing.at, f"{service.subject} is not listed")]
    for one in told:
        for address in one.addresses:
            other = service_at(scene, address)
            if other is not None:
                return Absent((Evidence(one.evidence.at, f"{other} has the address that pods ask"),))
    if not told:
        other = _other_dns(scene)
        if other is not None:
            return unsure(f"whether pods ask {other} for names")
    proof += [one.evidence for one in told[:2]]
    address = told[0].addresses[0] if told else ""
    values = {
        "asked": f" (pods ask {address})" if address else "",
        "address": address or "what pods' resolv.conf names",
    }
    return Present(tuple(proof), values, basis=Basis.RECOMPUTED if told else Basis.INFERRED)


def _other_dns(scene: Scene) -> Subject | None:
    """Another Service that offers port 53."""
    for struct in scene.structs("Service"):
        ports = struct.spec.ports if isinstance(struct, Service) else None
        if isinstance(ports, list) and any(port.port == 53 for port in ports):
            return Subject("Service", struct.metadata.name, struct.metadata.namespace or None)
    return None
