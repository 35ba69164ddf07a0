"""Tracked connections still send packets to an endpoint that a Service no longer has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from kwhy.facts.conntrack import ConntrackEntry
from kwhy.facts.netfilter import IptablesTable
from kwhy.knowledge.net.losing import CARRIED_BY, explains_losses
from kwhy.knowledge.netfilter.services import ServiceRules, iptables_services
from kwhy.knowledge.service.consumers import service_at
from kwhy.knowledge.service.endpoints import slices_by_service
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.host_network import TRACKED
from kwhy.scene.scene import Scene

STALE_CONNTRACK = Condition(
    code="net.stale-conntrack",
    kind="Node",
    nature=Nature.ROOT,
    title="{subject} still sends UDP packets for {service} ({address}:{port}) to {endpoint}, no endpoint of it "
    "any more",
    summary="A tracked connection keeps the translation that it was made with, as long as packets renew it.",
    remedies=(
        Remedy(
            id="forget-the-connections",
            title="Forget the connections to the old endpoint",
            when="now",
            risk="low",
            steps=(
                Step("On {node}; the next packet gets a new translation.",
                     "conntrack -D -p udp --orig-dst {address} --reply-src {endpoint}"),
            ),
            verify=(
                Step("None is left.", "conntrack -L -p udp --orig-dst {address} --reply-src {endpoint}"),
                Step("The callers get answers."),
            ),
            undo=(Step("Nothing to undo: entries are made anew with each packet."),),
        ),
        Remedy(
            id="see-why-it-was-kept",
            title="Find why kube-proxy did not forget them",
            when="lasting",
            risk="none",
            steps=(
                Step("kube-proxy deletes such entries when an endpoint goes: read what it says of conntrack.",
                     "kubectl -n kube-system logs -l k8s-app=kube-proxy --tail=-1 | grep -i conntrack"),
                Step("Versions before 1.32 run the conntrack program, which must be in the image; replacements of "
                     "kube-proxy, and rules of others, may not do it at all."),
            ),
            verify=(Step("Delete an endpoint in a test: entries for it are gone within seconds.",
                         "conntrack -L -p udp --orig-dst {address}"),),
            undo=(Step("Nothing to undo."),),
        ),
    ),
)  # fmt: skip


#: A Service, the addresses of its endpoints, and what shows them.
_Shown: TypeAlias = tuple[str, frozenset[str], Evidence]


class Stale(msgspec.Struct, frozen=True):
    """An entry of UDP whose target is none of the endpoints that ``now`` shows."""

    entry: ConntrackEntry
    service: str
    now: Evidence


class Tracked(msgspec.Struct, frozen=True):
    """UDP entries for Services: those to former endpoints, and proof of those to present ones."""

    stale: tuple[Stale, ...]
    fresh: tuple[Evidence, ...]


def tracked_services(scene: Scene, node: Subject) -> Tracked:
    """Tracked UDP connections to Services (conntrack -L), and the endpoints that the Services have now"""
    stale: list[Stale] = []
    fresh: list[Evidence] = []
    rules = iptables_services(scene.facts_on(node, IptablesTable))
    known: dict[tuple[str, int | None], _Shown | None] = {}
    for entry in scene.facts_on(node, ConntrackEntry):
        if entry.protocol != "udp" or entry.sent_to == entry.destination:
            continue
        key = entry.destination, entry.destination_port
        if key not in known:
            known[key] = _by_objects(scene, entry) or _by_rules(rules, entry)
        shown = known[key]
        if shown is None:
            continue
        service, addresses, now = shown
        if entry.sent_to in addresses:
            fresh.append(Evidence(entry.at, f"{entry.sent_to} is an endpoint of {service}"))
        elif addresses:
            stale.append(Stale(entry, service, now))
    return Tracked(tuple(stale), tuple(fresh))


def _by_objects(scene: Scene, entry: ConntrackEntry) -> _Shown | None:
    """The Service whose address the entry was made for, and the endpoints that its slices list."""
    service = service_at(scene, entry.destination)
    if service is None:
        return None
    slices = scene.derive_once(slices_by_service).get((service.namespace or "", service.name), [])
    addresses = [
        address
        for piece, _ in slices
        for endpoint in (piece.endpoints if isinstance(piece.endpoints, list) else ())
        if endpoint.conditions.ready is not False or endpoint.conditions.serving
        for address in endpoint.addresses or ()
    ]
    if not addresses:
        return None
    words = " and ".join(addresses[:3])
    place = scene.observations(slices[0][1])[0].field_at("endpoints", f"endpoints: {words}")
    return str(service), frozenset(addresses), Evidence(place, f"its endpoints are {words} now")


def _by_rules(rules: Iterable[ServiceRules], entry: ConntrackEntry) -> _Shown | None:
    for each in rules:
        portal = each.look_up(entry.destination, "udp", entry.destination_port or 0)
        backends = each.backends(portal) if portal is not None else ()
        if portal is not None and backends:
            words = " and ".join(backend.address for backend in backends[:3])
            now = Evidence(backends[0].at, f"the node's rules send new connections to {words}")
            return f"Service {portal.service}", frozenset(b.address for b in backends), now
    return None


def _tracking(scene: Scene, subject: Subject) -> Iterable[Subject]:
    """Nodes as in CARRIED_BY; TCP connections that somebody opens now have no old entries."""
    if subject.kind == "Connection":
        return []
    return CARRIED_BY.find(scene, subject)


TRACKED_BY = Relation("is tracked by", _tracking)


@rule(STALE_CONNTRACK, rows=("R13",), leads=explains_losses(TRACKED_BY))
def stale_conntrack(node: Subject, tracked: Tracked = given(tracked_services)) -> Verdict:
    """Tracked connections lead to a former endpoint.

    What it means: The packet filter chooses an endpoint once, for the first packet of a connection. UDP has no end:
    callers that keep their port (resolvers, agents) renew the entry, and their packets go to an address that nobody
    has any more. Callers with a new port per question work.
    How it shows: `conntrack -L` has an entry for the Service's address whose answers are expected from an address that
    is none of the Service's endpoints.
    What looks like it: [UNREPLIED] alone means that no answer was seen: the endpoint may be right and silent. An entry
    that is about to run out (30 s unanswered, 120 s answered) harms nobody. TCP ends with its endpoint.
    Source: Kubernetes v1.34 pkg/proxy/conntrack/cleanup.go (CleanStaleEntries); Linux v6.18
    net/netfilter/nf_conntrack_proto_udp.c.
    """
    if tracked.stale:
        first = tracked.stale[0]
        entry = first.entry
        says = f"packets to {entry.destination}:{entry.destination_port} go to {entry.sent_to}"
        values = {
            "service": first.service,
            "address": entry.destination,
            "port": entry.destination_port,
            "endpoint": entry.sent_to,
        }
        return Present((Evidence(entry.at, says), first.now), values, basis=Basis.RECOMPUTED)
    if tracked.fresh:
        return Absent(tracked.fresh[:2])
    return unsure(f"where tracked connections of {node.name} lead", TRACKED.of(node=node.name))
