"""A pod is told to look names up elsewhere than in the cluster's DNS."""

from __future__ import annotations

from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.dns.asking import (
    ASKS_FOR_SERVICES,
    Ask,
    Resolver,
    cluster_domain,
    dns_address,
    failing_asks,
    is_node_local,
    resolver_of,
)
from kwhy.knowledge.service.consumers import service_at
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.probe import Probe
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST, LOGS, OBJECT
from kwhy.scene.views import PodView

ASK_IN_POD = Probe("kubectl exec {pod} -n {namespace} -- nslookup {name}", unlocks="what the pod gets for the name")

POD_RESOLVER_WRONG = Condition(
    code="dns.pod-resolver-wrong",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} cannot resolve names of Services: {what}",
    summary="The pod's own DNS settings keep its lookups from the cluster's DNS, or from its search list.",
    remedies=(
        Remedy(
            id="use-the-cluster-dns",
            title="Let the pod use the cluster's DNS",
            when="now",
            risk="low",
            steps=(
                Step("See what the pod was told.", "kubectl exec {pod} -n {namespace} -- cat /etc/resolv.conf"),
                Step("{mend}; the pods are replaced.", "kubectl edit {kind} {name} -n {namespace}"),
            ),
            verify=(Step("The name resolves in a new pod.", "kubectl logs {pod} -n {namespace} --tail=20"),),
            undo=(Step("Undo the edit.", "kubectl rollout undo {kind} {name} -n {namespace}"),),
        ),
    ),
)


@rule(POD_RESOLVER_WRONG, rows=("D2",), leads=(leads_to(APP_ERRORS, via=ASKS_FOR_SERVICES),))
def pod_resolver_wrong(
    pod: PodView, resolver: Resolver | None = given(resolver_of), asks: list[Ask] = given(failing_asks)
) -> Verdict:
    """A pod is told to look names up elsewhere than in the cluster's DNS.

    What it means: Only dnsPolicy ClusterFirst (ClusterFirstWithHostNet for pods on the host's network) gives a pod the
    cluster's name server and its search list; Default gives it what the node has, None what dnsConfig says.
    How it shows: The program asks for a Service that exists and does not get its address; the specification says
    Default, or hostNetwork with ClusterFirst, or None with other name servers or without the search list that the short
    name needs. The error names the server that was asked ("lookup web on 10.55.0.10:53").
    What looks like it: A node whose resolv.conf names the cluster's DNS itself: Default then fails only short names. A
    Service that does not exist. A cluster DNS that is down fails pods with ClusterFirst too.
    Source: Kubernetes v1.34 pkg/kubelet/network/dns/dns.go (getPodDNSType, GetPodDNS); k8s.io/api core/v1 DNSPolicy.
    """
    scene = pod.scene
    named = [ask for ask in asks if ask.service is not None]
    if resolver is None:
        return unsure(
            f"the DNS settings of {pod.subject}", OBJECT.of(kind="pod", name=pod.name, namespace=pod.namespace)
        )
    if not named:
        return unsure(f"which Service {pod.subject} asks for", LOGS.of(name=pod.name, namespace=pod.namespace))
    known = [ask for ask in named if ask.service is not None and scene.exists(ask.service)]
    found = _fault(pod, resolver, named)
    if found is None:
        return Absent((Evidence(resolver.at, f"dnsPolicy {resolver.policy} gives it the cluster's DNS"),))
    if not known:
        return unsure(f"whether {named[0].service} exists", LIST.of(kind="services", namespace=pod.namespace))
    ask = next((ask for ask in known if ask.ended != "maybe"), None)
    if ask is None:
        return unsure(
            f"whether {pod.subject} gets {known[0].name} resolved",
            ASK_IN_POD.of(pod=pod.name, namespace=pod.namespace, name=known[0].name),
        )
    what, mend = found
    service = scene.observations(ask.service)[0] if ask.service is not None else None
    proof = (
        (Evidence(service.field_at("metadata.name", f"name: {ask.name}"), f"{ask.service} exists"),) if service else ()
    )
    because = (Evidence(resolver.at, what), ask.evidence(scene), *proof)
    return Present(because, {"what": what, "mend": mend, "pod": pod.name}, basis=Basis.RECOMPUTED)


def _fault(pod: PodView, resolver: Resolver, asks: list[Ask]) -> tuple[str, str] | None:
    """What is wrong, and how to mend it; None where the pod asks the cluster's DNS as it should."""
    if resolver.policy == "Default":
        return "dnsPolicy Default gives it the name servers of its node", "Set dnsPolicy: ClusterFirst"
    if resolver.policy == "ClusterFirst" and resolver.host_network:
        what = "on the host's network, dnsPolicy ClusterFirst gives it the name servers of its node"
        return what, "Set dnsPolicy: ClusterFirstWithHostNet"
    if resolver.policy != "None":
        return None
    address = pod.scene.derive_once(dns_address)
    known = [server for server in resolver.nameservers if is_node_local(server) or service_at(pod.scene, server)]
    if address is not None and not known:
        told = ", ".join(resolver.nameservers) or "none"
        what = f"dnsPolicy None names {told}, and the cluster's DNS is {address}"
        return what, f"Name {address} in dnsConfig.nameservers, or set dnsPolicy: ClusterFirst"
    domain, _ = cluster_domain(pod.scene)
    wanted = f"{pod.namespace}.svc.{domain}"
    short = [ask for ask in asks if not ask.name.rstrip(".").endswith(f".svc.{domain}")]
    if short and not any(search.rstrip(".").endswith(f"svc.{domain}") for search in resolver.searches):
        what = f"dnsPolicy None gives it no search list, so that {short[0].name} is not completed to {wanted}"
        return what, f"Add {wanted}, svc.{domain} and {domain} to dnsConfig.searches"
    return None
