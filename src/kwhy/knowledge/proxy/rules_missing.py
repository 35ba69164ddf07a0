"""A node's packet filter does not know a Service that a pod on the node calls."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.logs import AppErrors
from kwhy.knowledge.app.errors import APP_ERRORS, logging_pods
from kwhy.knowledge.netfilter.services import Portal, ServiceRules
from kwhy.knowledge.proxy.rules_on_node import service_rules_on
from kwhy.knowledge.service.consumers import CLUSTER_DNS, UNREACHED, calls_of
from kwhy.model.condition import Condition, Nature
from kwhy.model.document import Locator
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict
from kwhy.probes.proxy import IPTABLES
from kwhy.scene.relations import node_of_pod
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView, ServiceView

SERVICE_RULES_MISSING = Condition(
    code="proxy.service-rules-missing",
    kind="Node",
    nature=Nature.EFFECT,
    title="The packet filter of {subject} has no rule for {service} ({address})",
    summary="Packets to the Service's address leave the node as they are, and no host has that address.",
)


class CalledAddress(msgspec.Struct, frozen=True):
    """A Service's cluster address that a pod on the node calls in vain."""

    service: Subject
    address: str
    at: Locator


def _nodes(scene: Scene, caller: Subject) -> Iterable[Subject]:
    """The node of a pod whose calls to cluster addresses come to nothing."""
    if any(_through_the_proxy(call.errors) for call in scene.derive(calls_of, caller)):
        return node_of_pod(scene, caller) if caller.kind == "Pod" else ()
    return ()


def _through_the_proxy(errors: AppErrors) -> bool:
    return errors.complaint in UNREACHED or errors.complaint == "name resolution"


CARRIED_BY = Relation("sends its packets through", _nodes)


def _callers(scene: Scene) -> dict[str, list[Subject]]:
    """Pods with failing calls, by node."""
    index: dict[str, list[Subject]] = {}
    for pod in logging_pods(scene):
        for node in node_of_pod(scene, pod):
            index.setdefault(node.name, []).append(pod)
    return index


def called_addresses(scene: Scene, node: Subject) -> list[CalledAddress]:
    """The cluster addresses that pods on the node call in vain, the DNS of the cluster's included"""
    services: dict[Subject, None] = {}
    for caller in scene.derive_once(_callers).get(node.name, []):
        for call in scene.derive(calls_of, caller):
            if not _through_the_proxy(call.errors):
                continue
            if call.service is not None:
                services[call.service] = None
            if call.stage != "connecting":
                services[CLUSTER_DNS] = None
    found = []
    for service in services:
        seen = ServiceView(scene, service).seen("spec.clusterIP", lambda s: s.spec.cluster_ip, "")
        if seen.observed and seen.value not in ("", "None"):
            found.append(CalledAddress(service, seen.value, seen.place))
    return found


@rule(SERVICE_RULES_MISSING, rows=("S2", "S3"), leads=(leads_to(APP_ERRORS, via=CARRIED_BY),))
def service_rules_missing(
    node: NodeView,
    called: list[CalledAddress] = given(called_addresses),
    services: list[ServiceRules] = given(service_rules_on),
) -> Verdict:
    """The node has no rules for a Service that is called there.

    What it means: Nothing on the node turns the Service's address into that of a pod. Packets are routed to wherever
    the default route leads and end in timeouts, or in "no route to host".
    How it shows: iptables-save lists the whole nat table with kube-proxy's chain KUBE-SERVICES, and no rule of it has
    the Service's cluster IP as destination.
    What looks like it: kube-proxy in IPVS or nftables mode, or a replacement (Cilium, kube-router, OVN), keeps Services
    elsewhere: then the chain does not exist. A Service without endpoints has a REJECT rule in the table filter.
    Source: Kubernetes v1.34 pkg/proxy/iptables/proxier.go (syncProxyRules, kubeServicesChain).
    """
    if not services or not called:
        what = f"which Services are called on {node.name}" if services else f"the Service rules of {node.name}"
        return Unsure((Gap(what, (IPTABLES.of(node=node.name),)),))
    judged = [(each, _of_family(services, each)) for each in called]
    missing = [(each, known) for each, known in judged if known and not any(each.address in k.addresses for k in known)]
    if missing:
        first, known = missing[0]
        rules = known[0]
        if not all(each.complete for each in known):
            return Unsure((Gap(f"all Service rules of {node.name}", (IPTABLES.of(node=node.name),)),))
        place = first.at.document.at(first.at.line, first.at.path, f"clusterIP: {first.address}")
        stale = next((p for p in rules.portals.values() if _names(p, first.service)), None)
        because = [
            Evidence(place, f"{first.service} has address {first.address}"),
            Evidence(rules.at, f"the Service rules of {node.name} ({rules.mode}) do not name {first.address}"),
        ]
        if stale is not None:
            because.append(Evidence(stale.at, f"a rule of its name sends {stale.address}, an address it had before"))
        values = {"service": first.service, "address": first.address}
        return Present(tuple(because), values, basis=Basis.RECOMPUTED)
    portals = [rules.addresses[c.address] for c, shown in judged for rules in shown if c.address in rules.addresses]
    if not portals:
        return Unsure((Gap(f"the Service rules of {node.name}", (IPTABLES.of(node=node.name),)),))
    return Absent(tuple(Evidence(portal.at, f"the node knows {portal.address}") for portal in portals[:3]))


def _of_family(services: list[ServiceRules], called: CalledAddress) -> list[ServiceRules]:
    return [rules for rules in services if rules.family == (6 if ":" in called.address else 4)]


def _names(portal: Portal, service: Subject) -> bool:
    return portal.service == f"{service.namespace}/{service.name}"
