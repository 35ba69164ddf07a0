"""What comes from outside is dropped on a node without a local endpoint of the Service."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.objects import Endpoints, EndpointSlice, Node, NodeAddress, Service
from kwhy.knowledge.net.connection_fails import CONNECTION_FAILS
from kwhy.knowledge.net.connections import SILENT, connections_of
from kwhy.knowledge.service.endpoints import SERVICE_NAME_LABEL
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.document import Locator
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.seen import NotObserved
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import ENDPOINTS
from kwhy.scene.scene import Scene
from kwhy.scene.views import ServiceView

NO_LOCAL_ENDPOINT = Condition(
    code="service.no-local-endpoint",
    kind="Service",
    nature=Nature.ROOT,
    title="{subject} has externalTrafficPolicy Local and no endpoint on {nodes}, which drops what comes from outside",
    summary="With externalTrafficPolicy Local a node serves outside traffic from its own pods only.",
    remedies=(
        Remedy(
            id="serve-from-every-node-that-is-asked",
            title="Send outside traffic to nodes with a pod of the Service, or let nodes hand it on",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See on which nodes its endpoints are.",
                    "kubectl get endpointslices -n {namespace} -l kubernetes.io/service-name={name} -o yaml",
                ),
                Step("Have the load balancer check the healthCheckNodePort; or run a pod on every node that is asked."),
                Step(
                    "Or set externalTrafficPolicy: Cluster; the pods then no longer see the clients' addresses.",
                    "kubectl edit service {name} -n {namespace}",
                ),
            ),
            verify=(Step("The node's port answers from outside."),),
            undo=(
                Step(
                    "Set externalTrafficPolicy: Local again.",
                    "kubectl edit service {name} -n {namespace}",
                ),
            ),
        ),
    ),
)  # fmt: skip


class Asked(msgspec.Struct, frozen=True):
    """A node whose port of the Service is called in vain."""

    node: str
    port: int


def _addresses(scene: Scene) -> dict[str, str]:
    """Nodes by their addresses."""
    found: dict[str, str] = {}
    for struct in scene.structs("Node"):
        addresses = struct.status.addresses if isinstance(struct, Node) else None
        for one in addresses if isinstance(addresses, list) else ():
            if isinstance(one, NodeAddress):
                found[one.address] = struct.metadata.name
    return found


def _node_ports(scene: Scene) -> dict[int, Subject]:
    """Services of policy Local by their node ports, health checks aside."""
    found: dict[int, Subject] = {}
    for struct in scene.structs("Service"):
        if isinstance(struct, Service) and struct.spec.external_traffic_policy == "Local":
            for port in struct.spec.ports if isinstance(struct.spec.ports, list) else ():
                if port.node_port:
                    found[port.node_port] = Subject("Service", struct.metadata.name, struct.metadata.namespace or None)
    return found


def _asked(scene: Scene, connection: Subject) -> tuple[Subject, Asked] | None:
    """Of a connection that nobody answers: the Service behind the node port that it goes to."""
    attempts = scene.derive(connections_of, Subject("Node", connection.node or "")).get(connection.name)
    if attempts is None or not set(SILENT) & set(attempts.outcomes):
        return None
    node = scene.derive_once(_addresses).get(attempts.address)
    if node is None and attempts.address in scene.node_names:
        node = attempts.address
    service = scene.derive_once(_node_ports).get(attempts.port)
    return (service, Asked(node, attempts.port)) if node is not None and service is not None else None


def _services(scene: Scene, connection: Subject) -> Iterable[Subject]:
    found = _asked(scene, connection)
    return [found[0]] if found is not None else []


GOES_TO_NODE_PORT_OF = Relation("goes to a node port of", _services)


def nodes_asked(scene: Scene, service: Subject) -> list[Asked]:
    """Nodes whose port of the Service is called in vain"""
    connections = [
        Subject("Connection", name, node=host.name)
        for host in scene.hosts.all
        for name, attempts in scene.derive(connections_of, host).items()
        if attempts.failed
    ]
    found = [_asked(scene, connection) for connection in connections]
    return [one[1] for one in found if one is not None and one[0] == service]


def nodes_with_endpoints(scene: Scene, service: Subject) -> tuple[set[str], Locator]:
    """The nodes of the Service's ready endpoints"""
    nodes: set[str] = set()
    place: Locator | None = None
    for subject in scene.subjects("EndpointSlice"):
        if subject.namespace != service.namespace:
            continue
        for observation in scene.observations(subject)[:1]:
            struct, labels = observation.object, observation.object.metadata.labels
            if not isinstance(struct, EndpointSlice) or not isinstance(labels, dict):
                continue
            if labels.get(SERVICE_NAME_LABEL) != service.name or not isinstance(struct.endpoints, list):
                continue
            place = place or observation.field_at("endpoints", "endpoints by node")
            nodes |= {e.node_name for e in struct.endpoints if e.node_name and e.conditions.ready is not False}
    if place is None:
        for observation in scene.observations(Subject("Endpoints", service.name, service.namespace)):
            subsets = observation.object.subsets if isinstance(observation.object, Endpoints) else None
            if observation.whole and isinstance(subsets, list):
                place = observation.field_at("subsets", "addresses by node")
                nodes |= {a.node_name for s in subsets for a in s.addresses or () if a.node_name}
    if place is None:
        probe = ENDPOINTS.of(name=service.name, namespace=service.namespace)
        raise NotObserved(f"the nodes of the endpoints of {service}", probe)
    return nodes, place


@rule(
    NO_LOCAL_ENDPOINT,
    rows=("S6",),
    leads=(leads_to(CONNECTION_FAILS, via=GOES_TO_NODE_PORT_OF),),
)
def no_local_endpoint(
    service: ServiceView,
    asked: list[Asked] = given(nodes_asked),
    having: tuple[set[str], Locator] = given(nodes_with_endpoints),
) -> Verdict:
    """The node that is asked has no endpoint of the Service, and may not hand the traffic on.

    What it means: externalTrafficPolicy Local keeps the clients' addresses, at the price that a node answers from its
    own pods alone. Without one it drops what comes from outside; what pods of the cluster call is served all the same.
    How it shows: Connections to a node's address and the Service's node port time out; the policy is Local; the ready
    endpoints are all on other nodes.
    What looks like it: A load balancer that checks the nodes' health leaves such nodes out: then nothing fails. A
    firewall before the node. A Service without any endpoint refuses.
    Source: Kubernetes v1.34 pkg/proxy/iptables/proxier.go ("has no local endpoints", -j DROP in
    KUBE-EXTERNAL-SERVICES); k8s.io/api v0.34 core/v1 types.go (ServiceExternalTrafficPolicyLocal).
    """
    policy = service.seen("spec.externalTrafficPolicy", lambda s: s.spec.external_traffic_policy, "Cluster")
    if policy.value != "Local":
        return Absent((Evidence(policy.place, "its nodes hand outside traffic on"),))
    if not asked:
        return unsure(f"which node's port of {service.subject} is called", *service.probes())
    nodes, place = having
    without = sorted({one.node for one in asked} - nodes)
    if not without:
        return Absent((Evidence(place, "the nodes that are asked have endpoints of their own"),))
    if not nodes:
        return unsure(f"the nodes of the endpoints of {service.subject}", *service.probes())
    on = ", ".join(sorted(nodes))
    because = (
        Evidence(policy.place, "externalTrafficPolicy is Local"),
        Evidence(place.quoting(f"nodeName: {on}"), f"its ready endpoints are on {on} only"),
    )
    values = {"nodes": " and ".join(f"node {name}" for name in without)}
    return Present(because, values, basis=Basis.RECOMPUTED)
