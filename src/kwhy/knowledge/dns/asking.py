"""Which names failing calls ask for, how the lookups end, and which name servers a pod is told to ask."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec import UnsetType

from kwhy.facts.corefile import absolute
from kwhy.facts.dns import ResolvConf
from kwhy.facts.kubelet import KubeletConfig
from kwhy.facts.objects import Pod, Service
from kwhy.knowledge.dns.servers import (
    NODE_LOCAL_NAME,
    cluster_config,
    config_maps_of,
    dns_servers,
    is_dns_server,
)
from kwhy.knowledge.service.consumers import CLUSTER_DNS, Call, calls_of
from kwhy.model.document import Locator
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.relations import node_of_pod, owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import ServiceView

#: How a lookup ended. "refused": the server answered with an error (SERVFAIL, REFUSED). "maybe": the call timed out
#: before anything shows whether its name was resolved.
Ended = Literal["no-such-name", "refused", "no-answer", "maybe", "resolved"]
#: The kubelet's default (kubelet config v1beta1, clusterDomain), and kubeadm's (dnsDomain).
DEFAULT_DOMAIN = "cluster.local"
#: node-local-dns listens on a link-local address, 169.254.20.10 by default (kubernetes/dns, nodelocaldns.yaml).
_NODE_LOCAL = "169.254."

# lookup web on 10.96.0.10:53: server misbehaving (Go net/dnsclient_unix.go, errServerMisbehaving)
_MISBEHAVING = expression(r"server misbehaving|SERVFAIL|REFUSED|EREFUSED|ESERVFAIL|[Ss]erver failure")
# lookup web on 10.96.0.10:53: no such host
_SERVER = expression(r"\blookup [^\s:]{1,253} on (?P<server>\[?[0-9a-fA-F.:]{2,45}\]?):53: ")
_IP = expression(r"^[\d.]+$|:")


class Ask(msgspec.Struct, frozen=True):
    """A name that a failing call asks for. ``server`` is the name server that the message tells."""

    call: Call
    caller: Subject
    ended: Ended
    server: str | None

    @property
    def name(self) -> str:
        return self.call.host

    @property
    def service(self) -> Subject | None:
        return self.call.service

    @property
    def address(self) -> str | None:
        """What the name was resolved to, where the message tells."""
        return self.call.address if self.ended == "resolved" else None

    def evidence(self, scene: Scene) -> Evidence:
        errors = self.call.errors
        owner = owner_of(scene, self.caller)
        return Evidence(errors.locate(errors.last), f"{owner}: {errors.complaint}, {errors.count} times")


def asks_of(scene: Scene, caller: Subject) -> list[Ask]:
    """The names that a pod's failing calls ask for, name servers' own calls left out"""
    if caller.kind != "Pod" or is_dns_server(scene, caller):
        return []
    return [ask for call in scene.derive(calls_of, caller) if (ask := _ask(caller, call)) is not None]


def _ask(caller: Subject, call: Call) -> Ask | None:
    if _IP.search(call.host) or call.host == "localhost":
        return None
    texts = [sample.excerpt for sample in call.errors.samples[-3:]]
    server = next((found["server"] for text in reversed(texts) if (found := _SERVER.search(text))), None)
    ended: Ended
    if call.stage == "connecting":
        ended = "resolved"
    elif call.answered:
        ended = "no-such-name"
    elif any(_MISBEHAVING.search(text) for text in texts):
        ended = "refused"
    elif call.stage == "resolving":
        ended = "no-answer"
    elif call.errors.complaint == "timeout":
        ended = "maybe"
    else:
        return None
    return Ask(call, caller, ended, server.strip("[]") if server else None)


def failing_asks(scene: Scene, caller: Subject) -> list[Ask]:
    """Names that a pod's failing calls do not get resolved, or may not"""
    return [ask for ask in scene.derive(asks_of, caller) if ask.ended != "resolved"]


# --- where a pod asks ---------------------------------------------------------------------------------------------


class Resolver(msgspec.Struct, frozen=True):
    """What the specification of a pod says about its name servers. ``policy`` is what is in effect."""

    policy: str
    host_network: bool
    nameservers: tuple[str, ...]
    searches: tuple[str, ...]
    options: tuple[tuple[str, str | None], ...]
    at: Locator

    @property
    def uses_cluster(self) -> bool:
        """Whether the kubelet gives the pod the cluster's DNS (Kubernetes v1.34 dns.go, getPodDNSType)."""
        return self.policy == "ClusterFirstWithHostNet" or (self.policy == "ClusterFirst" and not self.host_network)


def resolver_of(scene: Scene, pod: Subject) -> Resolver | None:
    """The DNS settings of a pod; None where its specification was not shown"""
    for observation in scene.observations(pod):
        struct = observation.object
        if not isinstance(struct, Pod) or not observation.whole:
            continue
        spec = struct.spec
        config = spec.dns_config
        shown = None if isinstance(config, UnsetType) else config
        servers = tuple((shown.nameservers or ()) if shown is not None else ())
        searches = tuple((shown.searches or ()) if shown is not None else ())
        options = tuple((o.name, o.value) for o in (shown.options or ())) if shown is not None else ()
        policy = spec.dns_policy if isinstance(spec.dns_policy, str) and spec.dns_policy else "ClusterFirst"
        at = observation.field_at("spec.dnsPolicy", f"dnsPolicy: {policy}")
        return Resolver(policy, spec.host_network is True, servers, searches, options, at)
    return None


def asks_cluster(scene: Scene, pod: Subject) -> bool:
    """Whether a pod asks the cluster's DNS, as far as is shown."""
    resolver = scene.derive(resolver_of, pod)
    return resolver is None or resolver.uses_cluster or _dns_address(scene) in resolver.nameservers


def is_node_local(address: str) -> bool:
    """Whether an address is that of a cache on the node itself."""
    return address.startswith(_NODE_LOCAL)


def _dns_address(scene: Scene) -> str | None:
    return scene.derive_once(dns_address)


def dns_address(scene: Scene) -> str | None:
    """The address of the cluster's DNS Service; None where it was not shown."""
    found = ServiceView(scene, CLUSTER_DNS).seen("spec.clusterIP", _cluster_ip, "")
    return found.value if found.observed and found.value not in ("", "None") else None


def _cluster_ip(service: Service) -> str | UnsetType | None:
    return service.spec.cluster_ip


def cluster_domain(scene: Scene) -> tuple[str, Locator | None]:
    """The domain under which pods look for Services, and where that is said.

    Where neither a kubelet nor a pod's resolv.conf says it, it is taken to be what the Corefile serves.
    """
    return scene.derive_once(_cluster_domain)


def _cluster_domain(scene: Scene) -> tuple[str, Locator | None]:
    for config in scene.facts(KubeletConfig):
        if config.cluster_domain:
            return config.cluster_domain, setting_at(config, "clusterDomain")
    for conf in scene.facts(ResolvConf):
        found = next((search[4:] for search in conf.searches if search.startswith("svc.")), None)
        if found and conf.netns is not None:
            return found, conf.at
    served = scene.derive_once(cluster_config)
    for block in served.corefile.blocks if served is not None else ():
        for plugin in block.all("kubernetes"):
            zones = [zone for zone in plugin.arguments if not zone.rstrip(".").endswith(".arpa")]
            if zones:
                return zones[0].rstrip("."), None
    return DEFAULT_DOMAIN, None


def setting_at(config: KubeletConfig, name: str) -> Locator:
    """The line of a kubelet's configuration that holds a setting; its path where all stands on one line."""
    document = config.at.document
    for number, line in document.lines():
        if line.lstrip(' "{').startswith(name):
            return document.at(line=number, excerpt=line.strip())
    return document.at(path=f"kubeletconfig.{name}", excerpt=name)


def full_name(scene: Scene, ask: Ask) -> str:
    """The absolute name that is asked for in the end: a Service's full name, else the name as it stands."""
    service = ask.service
    if service is None or service.namespace is None:
        return absolute(ask.name)
    domain, _ = cluster_domain(scene)
    return absolute(f"{service.name}.{service.namespace}.svc.{domain}")


def servers_for(scene: Scene, caller: Subject) -> list[Subject]:
    """The name servers that a pod's questions may reach: those of the cluster, and the cache of its own node."""
    shared, local = scene.derive_once(_servers_by_node)
    return [*shared, *(server for node in node_of_pod(scene, caller) for server in local.get(node, ()))]


def _servers_by_node(scene: Scene) -> tuple[list[Subject], dict[Subject, list[Subject]]]:
    shared: list[Subject] = []
    local: dict[Subject, list[Subject]] = {}
    for server in dns_servers(scene):
        if server.name.startswith(NODE_LOCAL_NAME):
            for node in node_of_pod(scene, server):
                local.setdefault(node, []).append(server)
        else:
            shared.append(server)
    return shared, local


# --- relations ----------------------------------------------------------------------------------------------------


def _configured_by(scene: Scene, caller: Subject) -> Iterable[Subject]:
    """The ConfigMap with the Corefile by which a pod's names are answered."""
    if not scene.derive(asks_of, caller) or not asks_cluster(scene, caller):
        return
    config = scene.derive_once(cluster_config)
    if config is not None:
        yield config.config_map
        return
    for server in servers_for(scene, caller):
        yield from config_maps_of(scene, server)


def _asks_for_services(scene: Scene, caller: Subject) -> Iterable[Subject]:
    """The pod itself, where it does not get names of Services resolved."""
    if any(ask.service is not None for ask in scene.derive(failing_asks, caller)):
        yield caller


ANSWERED_BY = Relation("is answered according to", _configured_by)
ASKS_FOR_SERVICES = Relation("asks for names of Services", _asks_for_services)


def _nodes_of_askers(scene: Scene, caller: Subject) -> Iterable[Subject]:
    """The node whose kubelet tells a pod its name servers, where the pod's names are not resolved."""
    if scene.derive(failing_asks, caller) and _told_by_kubelet(scene, caller):
        yield from node_of_pod(scene, caller)


def _dns_service_of(scene: Scene, caller: Subject) -> Iterable[Subject]:
    if scene.derive(failing_asks, caller) and _told_by_kubelet(scene, caller):
        yield CLUSTER_DNS


def _told_by_kubelet(scene: Scene, pod: Subject) -> bool:
    resolver = scene.derive(resolver_of, pod)
    return resolver is None or resolver.uses_cluster


TOLD_BY_KUBELET = Relation("is told its name servers by the kubelet of", _nodes_of_askers)
ASKS_DNS_SERVICE = Relation("asks for names at", _dns_service_of)
