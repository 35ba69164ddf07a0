"""The two ends of a question: who sends, from which namespace, and what the target is."""

from __future__ import annotations

import msgspec

from kwhy.knowledge.net.rule_match import Flow
from kwhy.knowledge.path.endpoints import Endpoint, Target, service_by_name, service_target
from kwhy.knowledge.path.leaving import STATE_OF_A_NODE
from kwhy.knowledge.path.networks import Network
from kwhy.knowledge.path.objections import Objection, pod_objection
from kwhy.knowledge.path.world import World
from kwhy.knowledge.service.consumers import service_at
from kwhy.model.subject import Subject
from kwhy.model.trace import TraceEnd, TraceNeed, TraceStep
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

_ANYWHERE = "anywhere with kubectl"


class Sender(msgspec.Struct, frozen=True):
    """Who sends. ``network`` is its namespace; where only the node's is shown, ``host``, and ``dev`` leads to it."""

    name: str
    pod: Subject | None = None
    node: str | None = None
    addresses: tuple[str, ...] = ()
    network: Network | None = None
    host: Network | None = None
    dev: str | None = None
    stopped: Objection | None = None
    needs: tuple[TraceNeed, ...] = ()


def sender_of(scene: Scene, world: World, end: TraceEnd) -> Sender:
    if end.kind == "pod":
        return _pod_sender(scene, world, Subject("Pod", end.name, end.namespace))
    if end.kind == "node":
        network = world.hosts.get(end.name)
        addresses = (
            tuple(network.own) if network is not None else tuple(a for a, n in world.nodes.items() if n == end.name)
        )
        return Sender(
            f"node {end.name}", None, end.name, addresses, network, needs=() if network else (state_of(end.name),)
        )
    address = end.name
    pod = world.pods.get(address)
    if pod is not None:
        return _pod_sender(scene, world, pod.pod)
    network = world.owner(address)
    node = network.node if network is not None else world.nodes.get(address)
    need = TraceNeed(f"where packets from {address} come from", "ip route get ADDRESS", "its host")
    return Sender(address, None, node, (address,), network, needs=() if network is not None else (need,))


def _pod_sender(scene: Scene, world: World, pod: Subject) -> Sender:
    stopped = pod_objection(scene, pod)
    view = PodView(scene, pod)
    address = view.seen("status.podIP", lambda p: p.status.pod_ip, "")
    bound, on_host = view.node_name, view.seen("spec.hostNetwork", lambda p: p.spec.host_network, False)
    addresses = (address.value,) if address.observed and address.value else ()
    node = bound.value if bound.observed and bound.value else None
    network = world.by_pod.get(pod)
    host = world.hosts.get(node) if node is not None else None
    if on_host.observed and on_host.value:
        needs = (state_of(node),) if host is None and node else ()
        return Sender(str(pod), pod, node, addresses, host, needs=needs, stopped=stopped)
    dev = None
    if network is None and host is not None and addresses:
        dev = next(iter(host.route(Flow(destination=addresses[0])).result.devices), None)
    needs = () if network is not None or dev is not None or node is None else (state_of(node),)
    return Sender(str(pod), pod, node, addresses, network, host, dev, stopped, needs)


def state_of(node: str) -> TraceNeed:
    return TraceNeed(f"the network of node {node}", STATE_OF_A_NODE, f"node {node}")


def target_of(scene: Scene, world: World, end: TraceEnd, protocol: str, sender: Sender) -> Target:
    if end.kind == "service":
        return service_target(scene, end, protocol)
    number = end.port if isinstance(end.port, int) else None
    if end.kind == "pod":
        return _pod_target(scene, Subject("Pod", end.name, end.namespace), number)
    if end.kind == "node":
        network = world.hosts.get(end.name)
        known = [a for a, node in world.nodes.items() if node == end.name]
        addresses = known or ([a.address for a in network.database.addresses if a.scope == "global"] if network else [])
        if not addresses:
            return Target(port=number, needs=(state_of(end.name),))
        return Target((addresses[0],), number, (Endpoint(addresses[0], number, None, end.name, None),))
    if end.kind == "host":
        return _named_target(scene, end, protocol, sender)
    service = service_at(scene, end.name)
    if service is not None:
        return service_target(
            scene, msgspec.structs.replace(end, name=service.name, namespace=service.namespace), protocol
        )
    pod = world.pods.get(end.name)
    endpoint = Endpoint(
        end.name, number, pod.pod if pod else None, pod.node if pod else world.nodes.get(end.name), None
    )
    return Target((end.name,), number, (endpoint,))


def _pod_target(scene: Scene, pod: Subject, port: int | None) -> Target:
    stopped = pod_objection(scene, pod)
    if stopped.verdict is not None:
        return Target(refused=(stopped.verdict, stopped.why, stopped.by))
    view = PodView(scene, pod)
    address = view.seen("status.podIP", lambda p: p.status.pod_ip, "")
    if not address.observed or not address.value:
        command = f"kubectl get pod {pod.name} -n {pod.namespace} -o yaml"
        return Target(port=port, needs=(TraceNeed(f"the address of {pod}", command, _ANYWHERE),))
    node = view.node_name
    check = TraceStep("cluster", "service", f"{pod} has the address {address.value}", address.place)
    endpoint = Endpoint(address.value, port, pod, node.value if node.observed else None, address.place)
    return Target((address.value,), port, (endpoint,), None, (check,))


def _named_target(scene: Scene, end: TraceEnd, protocol: str, sender: Sender) -> Target:
    namespace = sender.pod.namespace if sender.pod is not None else None
    service = service_by_name(scene, end.name, namespace)
    if service is None:
        need = TraceNeed(f"which address {end.name} has", f"dig +short {end.name}", sender.name)
        return Target(needs=(need,))
    found = service_target(
        scene, msgspec.structs.replace(end, name=service.name, namespace=service.namespace), protocol
    )
    check = TraceStep("cluster", "service", f"the name {end.name} means {service}")
    return msgspec.structs.replace(found, checks=(check, *found.checks))
