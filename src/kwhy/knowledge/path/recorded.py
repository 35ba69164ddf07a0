"""The namespaces that the evidence shows: its network facts by host and namespace, pods told by their addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import cache

from kwhy.facts import devices, netfilter, network, sockets
from kwhy.facts.network import InterfaceAddress, NetworkNamespace, Route
from kwhy.facts.objects import Node, Pod
from kwhy.knowledge.path.networks import Network
from kwhy.knowledge.path.networks import network as network_of
from kwhy.knowledge.path.world import PodAddress, World
from kwhy.model.document import Locator
from kwhy.model.fact import Fact
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

#: Everything that a namespace is put together from.
_KINDS: tuple[type[Fact], ...] = tuple(
    kind
    for module in (network, devices, netfilter, sockets)
    for kind in vars(module).values()
    if isinstance(kind, type) and kind.__module__ == module.__name__ and hasattr(kind, "at")
)
#: Without one of these a namespace says nothing about ways.
_NEEDED = (Route, InterfaceAddress, netfilter.IptablesTable, netfilter.NftTable)


def world_of(scene: Scene) -> World:
    """The namespaces of nodes and pods (ip -d addr, ip route, iptables-save …), and the addresses of objects"""
    pods = _pods(scene)
    by_pod = {each.pod: each for each in pods.values()}
    grouped: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    named: dict[tuple[str, str], Subject] = {}
    for kind in _KINDS:
        for fact in scene.facts(kind):
            netns: NetworkNamespace | None = getattr(fact, "netns", None)
            host = scene.host_of(fact.at.document).name
            if netns is not None and netns.kind == "pod":
                pod = _pod_named(scene, netns)
                shown = by_pod.get(pod)
                if shown is not None and shown.node:
                    host = shown.node
                    if shown.host_network:
                        netns = None
                named[host, str(netns) if netns else ""] = pod
            grouped[host, str(netns) if netns else ""].append(fact)
    found = [
        _network(host, label, facts, named.get((host, label)), pods)
        for (host, label), facts in grouped.items()
        if any(isinstance(fact, _NEEDED) for fact in facts)
    ]
    return World(found, pods, _nodes(scene), _place_in(scene))


def _network(host: str, label: str, facts: list[Fact], pod: Subject | None, pods: dict[str, PodAddress]) -> Network:
    if not label:
        return network_of(facts, name=_host_name(host), node=host)
    if pod is None:
        owned = (pods[fact.address] for fact in facts if isinstance(fact, InterfaceAddress) and fact.address in pods)
        pod = next((each.pod for each in owned if not each.host_network), None)
    name = str(pod) if pod is not None else f"namespace {label.partition(' ')[2]} on {_host_name(host)}"
    return network_of(facts, name=name, node=host, label=label, pod=pod)


def _host_name(host: str) -> str:
    subject = Subject("Node", host)
    return host if subject.anonymous else f"node {host}"


def _pod_named(scene: Scene, netns: NetworkNamespace) -> Subject:
    """The pod that a command line names; without namespace the only one of the name."""
    if netns.namespace is None:
        known = scene.subjects_named("Pod", netns.name)
        if len(known) == 1:
            return known[0]
    return Subject("Pod", netns.name, netns.namespace)


def _pods(scene: Scene) -> dict[str, PodAddress]:
    """Running pods by address, without those that share their node's."""
    found: dict[str, PodAddress] = {}
    for struct in scene.structs("Pod"):
        if not isinstance(struct, Pod) or struct.spec.host_network is True:
            continue
        address = struct.status.pod_ip
        if isinstance(address, str) and address and struct.status.phase not in ("Succeeded", "Failed"):
            subject = Subject("Pod", struct.metadata.name, struct.metadata.namespace or None)
            node = struct.spec.node_name if isinstance(struct.spec.node_name, str) else ""
            found.setdefault(address, PodAddress(subject, node, False))
    return found


def _place_in(scene: Scene) -> Callable[[Subject], Locator | None]:
    @cache
    def place_of(pod: Subject) -> Locator | None:
        seen = PodView(scene, pod).seen("status.podIP", lambda p: p.status.pod_ip, "")
        return seen.place if seen.observed else None

    return place_of


def _nodes(scene: Scene) -> dict[str, str]:
    found: dict[str, str] = {}
    for struct in scene.structs("Node"):
        if isinstance(struct, Node):
            addresses = getattr(struct.status, "addresses", None)
            for each in addresses if isinstance(addresses, list) else ():
                address = getattr(each, "address", None)
                if isinstance(address, str) and address[:1].isdigit():
                    found[address] = struct.metadata.name
    return found
