"""A node's packet filter sends a Service's connections to addresses that are no endpoints of it any more."""

from __future__ import annotations

import msgspec

from kwhy.facts.netfilter import IptablesTable, NftTable, VirtualServerListing
from kwhy.facts.processes import ProcessSeen, same_program
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.net.connection_fails import CONNECTION_FAILS
from kwhy.knowledge.netfilter.services import Portal, ServiceRules
from kwhy.knowledge.proxy.failing_services import STARTS_AT, Behind, behind, failing_services
from kwhy.knowledge.proxy.rules_missing import CARRIED_BY, CalledAddress
from kwhy.knowledge.proxy.rules_on_node import service_rules_on
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.document import Locator
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.probes.kubectl import ENDPOINTS
from kwhy.probes.node import PROCESSES
from kwhy.probes.proxy import IPTABLES
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView, ObjectView

ENDPOINTS_STALE = Condition(
    code="proxy.endpoints-stale",
    kind="Node",
    nature=Nature.EFFECT,
    title="{subject} sends connections to {service} ({address}) to {stale}, no longer among its endpoints",
    summary="The node translates a Service's address into addresses of pods that are gone.",
)

PROXY_NOT_FOLLOWING = Condition(
    code="proxy.not-following",
    kind="Process",
    nature=Nature.ROOT,
    title="kube-proxy on {node} runs, but no longer follows the API: its rules hold endpoints that are gone",
    summary="kube-proxy stopped hearing of changes, so the node's Service rules stay as they were.",
    remedies=(
        Remedy(
            id="restart-kube-proxy",
            title="Restart kube-proxy on {node}",
            when="now",
            risk="low",
            steps=(
                Step("Read what it says about the API server.", "kubectl logs -n kube-system -l k8s-app=kube-proxy"),
                Step("See that it can reach the API server: the address is in its kubeconfig.",
                     "kubectl get configmap -n kube-system kube-proxy -o yaml"),
                Step("Delete its pod, its DaemonSet starts a new one; or restart the unit on {node}.",
                     "kubectl delete pod -n kube-system -l k8s-app=kube-proxy --field-selector spec.nodeName={node}"),
            ),
            verify=(
                Step("The rules hold the endpoints of today.", "iptables-save -t nat | grep KUBE-SEP"),
                Step("Callers on {node} get answers."),
            ),
            undo=(Step("Nothing to undo: it writes its rules anew."),),
        ),
        Remedy(
            id="watch-its-age",
            title="Raise an alarm when kube-proxy has not synchronised for long",
            when="lasting",
            risk="none",
            steps=(
                Step("Watch kubeproxy_sync_proxy_rules_last_timestamp_seconds, and when changes were last queued."),
                Step("Let it reach the API server by an address that survives the loss of one server."),
            ),
            verify=(Step("The figure moves when endpoints change.",
                         "curl -s http://127.0.0.1:10249/metrics | grep last_timestamp"),),
            undo=(Step("Remove the alarm again."),),
        ),
    ),
)  # fmt: skip

#: kube-proxy gathers changes for at most this long (pkg/proxy/apis/config minSyncPeriod 1 s; large clusters use 10 s);
#: a dump taken that soon after a change proves nothing.
_SETTLED = 60.0


class Stale(msgspec.Struct, frozen=True):
    """A Service whose rule leads to addresses that are not behind it."""

    called: CalledAddress
    portal: Portal
    gone: tuple[str, ...]
    place: Locator
    behind: Behind


def _kept_by(scene: Scene, node: Subject) -> list[Subject]:
    return [Subject("Process", "kube-proxy", node=node.name)]


WRITTEN_BY = Relation("is written by", _kept_by)


def stale_services(scene: Scene, node: Subject) -> list[Stale]:
    """Services called in vain whose rules on the node lead to addresses that are no endpoints"""
    found = []
    taken = _taken(scene, node)
    for rules, portal, called in _portals(scene, node):
        known = behind(scene, called.service)
        backends = rules.backends(portal)
        if known is None or not backends:
            continue
        gone = [backend for backend in backends if backend.address not in known.addresses]
        if not gone:
            continue
        settled = known.changed is not None and taken is not None and taken > known.changed + _SETTLED
        if settled or len(gone) == len(backends):
            names = tuple(dict.fromkeys(backend.address for backend in gone))
            found.append(Stale(called, portal, names, gone[0].at, known))
    return found


def _taken(scene: Scene, node: Subject) -> float | None:
    """When the rules were listed, at the earliest."""
    times = [
        *(table.observed.earliest for table in scene.facts_on(node, IptablesTable) if table.name == "nat"),
        *(table.observed.earliest for table in scene.facts_on(node, NftTable) if table.name == "kube-proxy"),
        *(listing.observed.earliest for listing in scene.facts_on(node, VirtualServerListing)),
    ]
    return min((time for time in times if time is not None), default=None)


def _portals(scene: Scene, node: Subject) -> list[tuple[ServiceRules, Portal, CalledAddress]]:
    return [
        (rules, portal, called)
        for rules in scene.derive(service_rules_on, node)
        for called in scene.derive(failing_services, node)
        for portal in rules.of_address(called.address)
    ]


@rule(
    ENDPOINTS_STALE,
    rows=("S10", "S2", "S3"),
    leads=(leads_to(APP_ERRORS, via=CARRIED_BY), leads_to(CONNECTION_FAILS, via=STARTS_AT)),
)
def endpoints_stale(
    node: NodeView,
    stale: list[Stale] = given(stale_services),
    called: list[CalledAddress] = given(failing_services),
    services: list[ServiceRules] = given(service_rules_on),
) -> Verdict:
    """The node's rules lead to endpoints that are gone.

    What it means: Connections to the Service go to addresses that no pod has any more: they time out, end in "no route
    to host", or reach another pod that was given the address.
    How it shows: The rules of the node (KUBE-SEP chains of iptables-save, endpoint chains of nft, servers of ipvsadm)
    translate the Service's address into addresses that its EndpointSlices do not list.
    What looks like it: Rules and endpoints that were read at different moments of a rollout: so either all endpoints of
    the rules must be gone, or the rules must be a minute younger than the last change of the endpoints. An endpoint
    that is listed as not ready is not gone.
    Source: Kubernetes v1.34 pkg/proxy/iptables/proxier.go (writeServiceToEndpointRules), endpointslicecache.go.
    """
    if stale:
        first = stale[0]
        because = (
            Evidence(first.place, f"{first.called.service} leads to {first.gone[0]} on {node.name}"),
            Evidence(first.behind.at, f"its endpoints are {', '.join(sorted(first.behind.addresses)) or 'none'}"),
            Evidence(first.portal.at, f"the rule for {first.called.address}"),
        )
        values = {
            "service": first.called.service,
            "address": first.called.address,
            "stale": ", ".join(first.gone[:4]),
        }
        return Present(because, values, basis=Basis.RECOMPUTED)
    if not services or not called:
        what = f"which Services are called on {node.name}" if services else f"the Service rules of {node.name}"
        return Unsure((Gap(what, (IPTABLES.of(node=node.name),)),))
    return _compared(node, called)


def _compared(node: NodeView, called: list[CalledAddress]) -> Verdict:
    """No called Service is stale: proven where every one of them could be compared."""
    proof = []
    found = {each.address: (rules, portal) for rules, portal, each in _portals(node.scene, node.subject)}
    for each in called:
        known = behind(node.scene, each.service)
        if known is None or each.address not in found:
            probe = ENDPOINTS.of(name=each.service.name, namespace=each.service.namespace)
            return unsure(f"the endpoints of {each.service} beside the rules of {node.name}", probe)
        rules, portal = found[each.address]
        gone = [backend for backend in rules.backends(portal) if backend.address not in known.addresses]
        if gone:
            return unsure(f"whether kube-proxy has caught up with {each.service}", IPTABLES.of(node=node.name))
        proof.append(Evidence(portal.at, f"the rules for {each.service} lead to its endpoints"))
    return Absent(tuple(proof[:3]))


@rule(PROXY_NOT_FOLLOWING, rows=("S10", "S3"), leads=(leads_to(ENDPOINTS_STALE, via=WRITTEN_BY),))
def proxy_not_following(proxy: ObjectView) -> Verdict:
    """kube-proxy runs and does not follow.

    What it means: Its watch of the API is broken, or it hangs: it goes on running with what it knew.
    How it shows: A list of processes with kube-proxy, and rules on its node that lead to endpoints that are gone.
    What looks like it: Where kube-proxy does not run at all, starting it is the remedy (proxy.not-running). A node that
    cannot reach the API server has a kubelet that cannot either, and is not ready.
    Source: Kubernetes v1.34 cmd/kube-proxy/app/server.go (informers), client-go v0.34 tools/cache/reflector.go (a watch
    that is refused is tried again without a message).
    """
    node = Subject("Node", proxy.subject.node or "")
    stale = proxy.scene.derive(stale_services, node)
    running = [p for p in proxy.scene.facts_on(node, ProcessSeen) if same_program(p.program, "kube-proxy")]
    alive = [p for p in running if not p.zombie]
    if not alive:
        return unsure(f"whether kube-proxy runs on {node.name}", PROCESSES.of(node=node.name))
    if not stale:
        return unsure(f"the Service rules of {node.name} beside the endpoints", IPTABLES.of(node=node.name))
    first = stale[0]
    because = (
        Evidence(alive[0].at, f"kube-proxy runs as pid {alive[0].pid}"),
        Evidence(first.place, f"its rule leads to {first.gone[0]}"),
        Evidence(first.behind.at, f"the endpoints of {first.called.service} are others"),
    )
    return Present(because, basis=Basis.RECOMPUTED)
