"""Which name server pods are told to ask: by kubelets' configurations, by resolv.conf files, by what programs say."""

from __future__ import annotations

import ipaddress

import msgspec
from msgspec import UnsetType

from kwhy.facts.dns import ResolvConf
from kwhy.facts.kubelet import KubeletConfig
from kwhy.facts.objects import Service
from kwhy.knowledge.app.errors import logging_pods
from kwhy.knowledge.dns.asking import asks_of, dns_address, is_node_local, resolver_of, setting_at
from kwhy.knowledge.service.consumers import service_at
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.relations import node_of_pod, owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import ServiceView

#: kubeadm gives the DNS the tenth address of the Services' network (Kubernetes v1.34
#: cmd/kubeadm/app/constants/constants.go, GetDNSIP); the API server takes the first for Service kubernetes.
_TENTH_AFTER_FIRST = 9
_API_SERVICE = Subject("Service", "kubernetes", "default")


class Told(msgspec.Struct, frozen=True):
    """Name servers that the kubelet of a node gives its pods."""

    node: Subject
    addresses: tuple[str, ...]
    evidence: Evidence


def told_by(scene: Scene, node: Subject) -> list[Told]:
    """What the kubelet of a node gives its pods as name server"""
    return scene.derive_once(_told).get(node, [])


def _told(scene: Scene) -> dict[Subject, list[Told]]:
    index: dict[Subject, list[Told]] = {}
    for config in scene.facts(KubeletConfig):
        if config.cluster_dns:
            node = scene.host_of(config.at.document)
            says = f"the kubelet gives pods {', '.join(config.cluster_dns)}"
            _add(index, Told(node, config.cluster_dns, Evidence(setting_at(config, "clusterDNS"), says)))
    for conf in scene.facts(ResolvConf):
        pod = _pod_of(scene, conf)
        if pod is not None and conf.nameservers:
            says = f"{pod} was given {', '.join(conf.nameservers)}"
            for node in node_of_pod(scene, pod):
                _add(index, Told(node, conf.nameservers, Evidence(conf.at, says)))
    for (node, server), asked in _asked_by_programs(scene).items():
        # One program may have a resolver of its own; what programs of two workloads ask is what they were given.
        if len(asked) > 1 or server == scene.derive_once(dns_address):
            _add(index, Told(node, (server,), next(iter(asked.values()))))
    return index


def _asked_by_programs(scene: Scene) -> dict[tuple[Subject, str], dict[Subject, Evidence]]:
    """By node and name server: the workloads whose errors name it."""
    found: dict[tuple[Subject, str], dict[Subject, Evidence]] = {}
    for pod in logging_pods(scene):
        for ask in scene.derive(asks_of, pod) if _by_kubelet(scene, pod) else ():
            if ask.server is not None:
                for node in node_of_pod(scene, pod):
                    asked = found.setdefault((node, ask.server), {})
                    asked.setdefault(owner_of(scene, pod), ask.evidence(scene))
    return found


def _add(index: dict[Subject, list[Told]], told: Told) -> None:
    index.setdefault(told.node, []).append(told)


def _pod_of(scene: Scene, conf: ResolvConf) -> Subject | None:
    """The pod in which a resolv.conf was printed, where the kubelet wrote it for the cluster's DNS."""
    if conf.netns is None or conf.netns.kind != "pod":
        return None
    pod = Subject("Pod", conf.netns.name, conf.netns.namespace or "default")
    return pod if _by_kubelet(scene, pod) else None


def _by_kubelet(scene: Scene, pod: Subject) -> bool:
    resolver = scene.derive(resolver_of, pod)
    return resolver is not None and resolver.uses_cluster


def differing(scene: Scene, node: Subject) -> Told | None:
    """The newest statement that the node's pods ask another address than the cluster's DNS has."""
    address = scene.derive_once(dns_address)
    told = told_by(scene, node)
    if address is None or not told:
        return None
    wrong = [t for t in told if not any(_serves(scene, given) for given in t.addresses)]
    return wrong[0] if wrong and len(wrong) == len(told) else None


def _serves(scene: Scene, address: str) -> bool:
    """Whether a Service has the address, or it is that of a cache on the node."""
    return is_node_local(address) or service_at(scene, address) is not None


def expected_address(scene: Scene) -> str | None:
    """The address that kubeadm would have given the DNS; None where Service kubernetes was not shown."""
    first = ServiceView(scene, _API_SERVICE).seen("spec.clusterIP", _cluster_ip, "")
    if not first.observed or not first.value:
        return None
    try:
        return str(ipaddress.ip_address(first.value) + _TENTH_AFTER_FIRST)
    except ValueError:
        return None


def _cluster_ip(service: Service) -> str | UnsetType | None:
    return service.spec.cluster_ip
