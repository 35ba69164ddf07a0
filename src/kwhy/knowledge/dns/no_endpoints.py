"""The cluster's DNS Service has no endpoint."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.objects import Service
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.service.consumers import CLUSTER_DNS, RESOLVES_WITH
from kwhy.knowledge.service.endpoints import ready_addresses
from kwhy.model.condition import Condition, Nature
from kwhy.model.document import Locator
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict
from kwhy.scene.scene import Scene
from kwhy.scene.views import ServiceView

DNS_NO_ENDPOINTS = Condition(
    code="dns.no-endpoints",
    kind="Service",
    nature=Nature.EFFECT,
    title="No name resolves in the cluster: {subject} has no ready endpoint",
    summary="Pods send their DNS queries to this Service, and no DNS server stands behind it.",
)


def _cluster_dns(scene: Scene) -> Iterable[Subject]:
    """kube-dns, under which name CoreDNS serves too, where it selects pods."""
    if any(isinstance(o.object, Service) for o in scene.observations(CLUSTER_DNS)):
        selector = ServiceView(scene, CLUSTER_DNS).selector
        if selector.observed and selector.value:
            yield CLUSTER_DNS


@rule(
    DNS_NO_ENDPOINTS,
    rows=("D7",),
    leads=(leads_to(APP_ERRORS, via=RESOLVES_WITH),),
    among=_cluster_dns,
    symptom=True,
)
def dns_no_endpoints(service: ServiceView, addresses: tuple[int, Locator] = given(ready_addresses)) -> Verdict:
    """The cluster's DNS has no endpoint.

    What it means: Pods with dnsPolicy ClusterFirst ask this Service's address; nothing answers, so lookups time out or
    are refused, and programs report whatever their own time limit makes of that.
    How it shows: EndpointSlices (or Endpoints) of kube-system/kube-dns hold no ready address.
    What looks like it: A name that does not exist is answered (NXDOMAIN): the DNS works. A name that resolves while the
    connection then fails is no DNS fault. Node-local DNS caches keep answering for a while, for cached names.
    Source: Kubernetes v1.34 pkg/kubelet/network/dns/dns.go (GetPodDNS); kubeadm addons/dns (Service kube-dns).
    """
    count, place = addresses
    if count:
        return Absent((Evidence(place, f"{count} DNS servers are ready"),))
    return Present((Evidence(place, "no DNS server stands behind the Service"),))
