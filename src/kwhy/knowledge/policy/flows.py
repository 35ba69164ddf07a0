"""The connections that an application's failing calls need, and what network policies say about each.

A call to a Service needs three ways free: out of the caller to the DNS, out of the caller to a pod behind the Service,
and into that pod.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

import msgspec

from kwhy.facts.objects import NetworkPolicy, Pod, ServicePort
from kwhy.knowledge.app.errors import logging_pods
from kwhy.knowledge.policy.enforcing import enforcement
from kwhy.knowledge.policy.evaluating import Answer, Decision, Direction, End, Labels, Packet, Policy, decide
from kwhy.knowledge.service.backend import backend
from kwhy.knowledge.service.consumers import CLUSTER_DNS, RESOLVES_WITH, Call, calls_of
from kwhy.knowledge.service.listening import declared_ports_known
from kwhy.model.probe import ProbeCall
from kwhy.model.seen import NotObserved
from kwhy.model.subject import Subject
from kwhy.probes.kubectl import LIST, LIST_ALL
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView, PodView, ServiceView

#: Set by the API server on every namespace (kubernetes.io/docs, since v1.21).
NAMESPACE_NAME = "kubernetes.io/metadata.name"
#: What the pods behind the cluster's DNS Service are known to carry where they were not shown (kubeadm, CoreDNS).
_DNS_LABELS = {"k8s-app": "kube-dns"}
_DNS_PORT = 53
#: Pods behind a Service beyond this say nothing new.
_MOST_PODS = 20
#: Kinds of other policies, which may allow or forbid besides.
_FOREIGN = (
    "AdminNetworkPolicy",
    "BaselineAdminNetworkPolicy",
    "CiliumClusterwideNetworkPolicy",
    "CiliumNetworkPolicy",
    "ClusterNetworkPolicy",
    "GlobalNetworkPolicy",
)


class Flow(msgspec.Struct, frozen=True):
    """One direction of a connection, at the pod that policies may isolate, with what they say.

    ``peer`` names the other end for people; ``service`` is what was called, None for addresses outside.
    """

    call: Call
    caller: Subject
    direction: Direction
    pod: Subject
    end: End
    peer: str
    other: End
    packet: Packet
    decision: Decision
    gaps: tuple[ProbeCall, ...]


class _Target(msgspec.Struct, frozen=True):
    """What a call goes to: a pod, pods that were not shown, or an address outside (``pod`` is None)."""

    pod: Subject | None
    end: End
    name: str
    packet: Packet


def flows_of(scene: Scene, caller: Subject) -> list[Flow]:
    """The connections that the pod's failing calls need, and what policies say about them"""
    if caller.kind != "Pod":
        return []
    found: list[Flow] = []
    for call in scene.derive(calls_of, caller):
        for target in _targets(scene, caller, call):
            found += _both_ways(scene, caller, call, target)
    return found


def _targets(scene: Scene, caller: Subject, call: Call) -> Iterator[_Target]:
    complaint = call.errors.complaint
    if call.answered:
        return
    unresolved = call.stage == "resolving" or complaint == "name resolution"
    if unresolved or (complaint == "timeout" and call.stage is None):
        yield from _dns(scene, caller, call)
    refused = complaint == "connection refused" and scene.derive_once(enforcement).refuses
    if not unresolved and (complaint == "timeout" or refused):
        if call.service is not None:
            yield from _behind(scene, call.service, call.port)
        else:
            yield from _outside(scene, call)


def _dns(scene: Scene, caller: Subject, call: Call) -> Iterator[_Target]:
    if call.dns is not None and _is_link_local(call.dns):
        yield _Target(None, End(None, addresses=(call.dns,)), f"the DNS at {call.dns}", Packet(_DNS_PORT, "UDP"))
        return
    for service in RESOLVES_WITH.find(scene, caller):
        pods = list(_behind(scene, service, _DNS_PORT, "UDP"))
        if any(target.pod is not None for target in pods) or service != CLUSTER_DNS:
            yield from pods
            continue
        end = End(service.namespace, Labels(_DNS_LABELS, complete=False), _about(scene, service.namespace))
        yield _Target(None, end, str(service), Packet(_DNS_PORT, "UDP"))


def _is_link_local(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.strip("[]")).is_link_local
    except ValueError:
        return False


def _behind(scene: Scene, service: Subject, port: int | None, protocol: str = "TCP") -> Iterator[_Target]:
    """The pods behind a Service; where none was shown, what its selector says of them."""
    try:
        behind = scene.derive(backend, service)
    except NotObserved:
        yield _Target(None, End(service.namespace, namespace_labels=_about(scene, service.namespace)), str(service),
                      Packet(None, protocol))  # fmt: skip
        return
    route = _route(scene, service, port, protocol)
    for pod in behind.pods[:_MOST_PODS]:
        end = end_of(scene, pod.subject)
        yield _Target(pod.subject, end, str(service), Packet(_target_port(route, end), protocol))
    if not behind.pods:
        labels = Labels(dict(behind.selector), complete=False)
        number = _target_port(route, None)
        end = End(service.namespace, labels, _about(scene, service.namespace))
        yield _Target(None, end, str(service), Packet(number, protocol))


def _route(scene: Scene, service: Subject, port: int | None, protocol: str) -> ServicePort | None:
    none: list[ServicePort] = []
    ports = ServiceView(scene, service).seen("spec.ports", lambda s: s.spec.ports, none)
    if not ports.observed:
        return None
    fitting = [one for one in ports.value if one.protocol == protocol and port in (None, one.port)]
    return fitting[0] if len(fitting) == 1 else None


def _target_port(route: ServicePort | None, end: End | None) -> int | None:
    if route is None:
        return None
    target = route.target_port or route.port
    if isinstance(target, int):
        return target
    return end.ports.get((target, route.protocol)) if end is not None and end.ports is not None else None


def _outside(scene: Scene, call: Call) -> Iterator[_Target]:
    """An address that is no Service's: a pod's, or one outside of the cluster."""
    packet = Packet(call.port)
    if call.address is None:
        if "." in call.host and not call.host.endswith((".svc", ".cluster.local")):
            yield _Target(None, End(None), call.host, packet)
        return
    pod = scene.derive_once(_pods_by_address).get(call.address)
    if pod is not None:
        yield _Target(pod, end_of(scene, pod), str(pod), packet)
    elif _is_global(call.address) or scene.listing("Pod", None) is not None:
        yield _Target(None, End(None, addresses=(call.address,)), call.address, packet)


def _is_global(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False


def _pods_by_address(scene: Scene) -> dict[str, Subject]:
    found: dict[str, Subject] = {}
    for struct in scene.structs("Pod"):
        if isinstance(struct, Pod) and isinstance(struct.status.pod_ip, str) and struct.spec.host_network is not True:
            found[struct.status.pod_ip] = Subject("Pod", struct.metadata.name, struct.metadata.namespace or None)
    return found


def _both_ways(scene: Scene, caller: Subject, call: Call, target: _Target) -> Iterator[Flow]:
    source = end_of(scene, caller)
    yield _flow(scene, caller, call, "egress", caller, source, target.name, target.end, target.packet)
    if target.pod is not None:
        name = str(target.pod)
        yield _flow(scene, caller, call, "ingress", target.pod, target.end, name, source, target.packet)


def _flow(
    scene: Scene,
    caller: Subject,
    call: Call,
    direction: Direction,
    pod: Subject,
    end: End,
    peer: str,
    other: End,
    packet: Packet,
) -> Flow:
    policies, all_shown = scene.derive(policies_in, Subject("Namespace", pod.namespace or ""))
    decision = decide(direction, end, other, packet, policies, all_shown=all_shown)
    gaps: list[ProbeCall] = []
    if decision.answer is Answer.UNKNOWN:
        if not all_shown or any(not policy.whole for policy in decision.open):
            gaps.append(LIST.of(kind="networkpolicies", namespace=pod.namespace))
        if not (end.namespace_labels.complete and other.namespace_labels.complete):
            gaps.append(LIST_ALL.of(kind="namespaces"))
        if not (end.labels.complete and other.labels.complete) or packet.port is None:
            gaps.append(LIST.of(kind="pods,services", namespace=other.namespace or pod.namespace))
    return Flow(call, caller, direction, pod, end, peer, other, packet, decision, tuple(gaps))


def policies_in(scene: Scene, namespace: Subject) -> tuple[list[Policy], bool]:
    """The network policies of a namespace, and whether they are all that decides there."""
    found, foreign = [], any(_concerns(scene, kind, namespace.name) for kind in _FOREIGN)
    for subject in scene.derive_once(_by_namespace).get(namespace.name, ()):
        observation = scene.observations(subject)[0]
        if isinstance(observation.object, NetworkPolicy):
            found.append(Policy(subject, observation.object.spec, observation.whole))
        else:
            foreign = True
    return found, scene.listing("NetworkPolicy", namespace.name) is not None and not foreign


def _concerns(scene: Scene, kind: str, namespace: str) -> bool:
    return bool(scene.subjects_in(kind, None) or scene.subjects_in(kind, namespace))


def _by_namespace(scene: Scene) -> dict[str, list[Subject]]:
    index: dict[str, list[Subject]] = {}
    for subject in scene.subjects("NetworkPolicy"):
        index.setdefault(subject.namespace or "", []).append(subject)
    return index


def end_of(scene: Scene, pod: Subject) -> End:
    """A pod as policies see it, as far as it was shown."""
    view = PodView(scene, pod)
    labels, address = view.labels, view.seen("status.podIP", lambda p: p.status.pod_ip, "")
    host = view.seen("spec.hostNetwork", lambda p: p.spec.host_network, False)
    ports = None
    if declared_ports_known(scene, pod) is not None:
        ports = {
            (port.name, port.protocol): port.container_port
            for container in view.containers.value
            for port in (container.ports if isinstance(container.ports, list) else ())
            if port.name
        }
    return End(
        pod.namespace,
        Labels(labels.value) if labels.observed else Labels({}, complete=False),
        _about(scene, pod.namespace),
        (address.value,) if address.observed and address.value else (),
        ports,
        host.observed and host.value,
    )


def _about(scene: Scene, namespace: str | None) -> Labels:
    """The labels of a namespace."""
    none: dict[str, str] = {}
    view = ObjectView(scene, Subject("Namespace", namespace or ""))
    seen = view.seen("metadata.labels", lambda n: n.metadata.labels, none)
    if seen.observed:
        return Labels(seen.value)
    return Labels({NAMESPACE_NAME: namespace or ""}, complete=False)


def needed(scene: Scene) -> dict[Subject, list[Flow]]:
    """Flows of failing calls by the policies that isolate one of their ends, or may."""
    index: dict[Subject, list[Flow]] = {}
    for caller in _callers(scene):
        for flow in scene.derive(flows_of, caller):
            for subject in dict.fromkeys(p.subject for p in (*flow.decision.isolating, *flow.decision.open)):
                index.setdefault(subject, []).append(flow)
    return index


def _callers(scene: Scene) -> Iterable[Subject]:
    return logging_pods(scene)
