"""The upstreams of the cluster's name servers: what their logs say of them, and what others got from them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.corefile import absolute, address_of
from kwhy.facts.dns import Lookup
from kwhy.facts.log_patterns.coredns import LIST_FAILED, UNSYNCED, UPSTREAM_FAILED
from kwhy.facts.logs import LogHit
from kwhy.knowledge.dns.asking import asks_cluster, dns_address, failing_asks, servers_for
from kwhy.knowledge.dns.servers import cluster_config, dns_servers, is_dns_server, said_by
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene

#: How Go's net package says that a packet or its answer is lost, and that the host refuses.
_LOST = ("i/o timeout", "no route to host", "network is unreachable", "operation not permitted")
REFUSED = "connection refused"
#: What a name server last said this long ago (seconds) says nothing about now: each failing query is logged, and
#: client-go's reflector tries again at least every minute.
STILL = 300.0
#: Words of an error to the API server that mean that nothing comes back.
_NO_WAY = ("i/o timeout", "no route to host", "network is unreachable", "deadline exceeded", "TLS handshake timeout")


class Failure(msgspec.Struct, frozen=True):
    """Queries of one name server to one upstream that failed in one way."""

    server: Subject
    upstream: Subject
    how: str
    hit: LogHit

    @property
    def names(self) -> frozenset[str]:
        return frozenset(absolute(sample.fields.get("name", "")) for sample in self.hit.samples)

    @property
    def asked(self) -> list[str]:
        """Names that were asked for, without those that plugin loop makes up ("4547991504243258144.36886….")."""
        return sorted(name for name in self.names if not name.replace(".", "").isdigit())

    @property
    def evidence(self) -> Evidence:
        says = f"{self.upstream.name}: {self.how}, {self.hit.count} times"
        return Evidence(self.hit.locate(self.hit.last), says)


def name_server(address: str, port: int) -> Subject:
    """A name server outside the cluster, by its address."""
    written = f"[{address}]" if ":" in address and port != 53 else address
    return Subject("NameServer", written if port == 53 else f"{written}:{port}")


def over(scene: Scene, hit: LogHit) -> bool:
    """Whether the name server has not said it any more for long before the evidence was taken."""
    last = hit.last.when.latest
    return last is not None and scene.as_of is not None and scene.as_of - last > STILL


def failures_of(scene: Scene, server: Subject) -> list[Failure]:
    """Queries to upstreams that fail, by the name server's log"""
    found = []
    for hit in said_by(scene, server, UPSTREAM_FAILED):
        if over(scene, hit):
            continue
        place = address_of(hit.key.get("upstream") or "")
        if place is not None:
            found.append(Failure(server, name_server(*place), hit.key.get("how") or "", hit))
    return found


def failures_at(scene: Scene, upstream: Subject) -> list[Failure]:
    """Failing queries of the cluster's name servers to this upstream"""
    return scene.derive_once(_by_upstream).get(upstream, [])


def _by_upstream(scene: Scene) -> dict[Subject, list[Failure]]:
    index: dict[Subject, list[Failure]] = {}
    for server in dns_servers(scene):
        for failure in scene.derive(failures_of, server):
            index.setdefault(failure.upstream, []).append(failure)
    return index


def lost_api(scene: Scene, server: Subject) -> Evidence | None:
    """That a name server does not get through to the API server either"""
    for hit in said_by(scene, server, LIST_FAILED):
        if over(scene, hit):
            continue
        why = hit.last.fields.get("why") or ""
        if any(words in why for words in _NO_WAY):
            return Evidence(hit.locate(hit.last), f"the API server is not reached either: {why}")
    for hit in said_by(scene, server, UNSYNCED):
        if hit.key.get("unsynced") and not over(scene, hit):
            return Evidence(hit.locate(hit.last), "it gave up waiting for the API server")
    return None


def lost(failures: list[Failure]) -> list[Failure]:
    """Failures in which nothing came back."""
    return [failure for failure in failures if failure.how in _LOST]


def asked_directly(scene: Scene, upstream: Subject) -> list[Lookup]:
    """What tools got from the upstream itself"""
    return scene.derive_once(_lookups_by_server).get(upstream, [])


def _lookups_by_server(scene: Scene) -> dict[Subject, list[Lookup]]:
    index: dict[Subject, list[Lookup]] = {}
    for lookup in scene.facts(Lookup):
        if lookup.server is not None:
            index.setdefault(name_server(lookup.server, lookup.port), []).append(lookup)
    return index


def is_own_address(scene: Scene, address: str) -> bool:
    """Whether an upstream's address leads back to the cluster's own name servers."""
    return address == scene.derive_once(dns_address) or address in scene.derive_once(_pod_addresses)


def _pod_addresses(scene: Scene) -> frozenset[str]:
    from kwhy.facts.objects import Pod

    found = set()
    for server in dns_servers(scene):
        for observation in scene.observations(server):
            if isinstance(observation.object, Pod) and isinstance(observation.object.status.pod_ip, str):
                found.add(observation.object.status.pod_ip)
    return frozenset(found)


def forwarded_by(scene: Scene, upstream: Subject) -> list[tuple[str, Evidence]]:
    """The zones that the Corefile forwards to this upstream, each with the line that says so."""
    config = scene.derive_once(cluster_config)
    found = []
    for block in config.corefile.blocks if config is not None else ():
        for directive in block.all("forward"):
            places = [address_of(word) for word in directive.arguments[1:]]
            if config is not None and any(place is not None and name_server(*place) == upstream for place in places):
                zone = absolute(directive.arguments[0])
                zone = block.zones[0][0] if zone == "." and block.zones else zone
                says = f"{config.config_map} forwards to it, in line {directive.line} of the Corefile"
                found.append((zone, Evidence(config.line_at(directive.line), says)))
    return found


# --- relations ----------------------------------------------------------------------------------------------------


def _upstreams(scene: Scene, server: Subject) -> Iterable[Subject]:
    return dict.fromkeys(failure.upstream for failure in scene.derive(failures_of, server))


def _asked_through(scene: Scene, caller: Subject) -> Iterable[Subject]:
    """The name servers that fail at their upstreams with the very names that a pod asks for."""
    asks = scene.derive(failing_asks, caller)
    if not asks or not asks_cluster(scene, caller):
        return
    wanted = {absolute(ask.name) for ask in asks if ask.ended != "no-such-name"}
    for server in servers_for(scene, caller):
        if any(wanted & failure.names for failure in scene.derive(failures_of, server)):
            yield server


def _asked_of(scene: Scene, caller: Subject) -> Iterable[Subject]:
    """The name servers that a pod's names of Services, or unanswered ones, depend on."""
    if scene.derive(failing_asks, caller) and asks_cluster(scene, caller):
        yield from servers_for(scene, caller)


FORWARDS_TO = Relation("forwards to", _upstreams)
ASKS_THROUGH = Relation("asks for names through", _asked_through)
ASKS_OF = Relation("asks for names of", _asked_of)


def _own(scene: Scene, pod: Subject) -> Iterable[Subject]:
    if is_dns_server(scene, pod):
        yield pod


ITSELF_AS_SERVER = Relation("is a name server itself", _own)
