"""The upstream of the cluster's name servers does not answer."""

from __future__ import annotations

from kwhy.facts.corefile import address_of
from kwhy.facts.dns import Lookup
from kwhy.knowledge.dns.forwarding import (
    FORWARDS_TO,
    REFUSED,
    Failure,
    asked_directly,
    failures_at,
    forwarded_by,
    is_own_address,
    lost_api,
)
from kwhy.knowledge.dns.servers import dns_servers, logs_of
from kwhy.knowledge.dns.upstream_fails import UPSTREAM_FAILS
from kwhy.knowledge.service.consumers import service_at
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.probe import Probe
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

ASK_DIRECTLY = Probe(
    "dig @{address} -p {port} {name} +tries=1 +time=3",
    unlocks="whether the upstream answers when it is asked directly, from another node too",
    where="a node",
)

UPSTREAM_SILENT = Condition(
    code="dns.upstream-not-answering",
    kind="NameServer",
    nature=Nature.ROOT,
    title="Name server {name}, to which CoreDNS forwards{zone}, {what}",
    summary="The upstream of the cluster's DNS refuses or does not answer; the cluster's own part works.",
    remedies=(
        Remedy(
            id="bring-the-upstream-back",
            title="Bring the upstream back, or forward to one that answers",
            when="now",
            risk="medium",
            steps=(
                Step("Ask it directly, from a node.", "dig @{address} -p {port} {asked} +tries=1"),
                Step("Start the name server at {name}, or let the firewall pass UDP and TCP {port}; or"),
                Step("correct `forward` in the Corefile.", "kubectl edit configmap coredns -n kube-system"),
            ),
            verify=(Step("The name resolves.", "dig @{address} -p {port} {asked} +short"),),
            undo=(Step("Apply the former ConfigMap again."),),
        ),
        Remedy(
            id="two-upstreams",
            title="Forward to two upstreams",
            when="lasting",
            risk="low",
            steps=(
                Step("Name a second one behind `forward`; CoreDNS leaves out the one that fails its health check."),
            ),
            verify=(Step("With one upstream down names still resolve."),),
            undo=(Step("Name only one again."),),
        ),
    ),
)


def queries(scene: Scene, upstream: Subject) -> list[Failure]:
    """Failing queries of the cluster's name servers to this upstream"""
    return failures_at(scene, upstream)


def direct(scene: Scene, upstream: Subject) -> list[Lookup]:
    """What tools got from the upstream itself"""
    return asked_directly(scene, upstream)


@rule(UPSTREAM_SILENT, rows=("D4",), leads=(leads_to(UPSTREAM_FAILS, via=FORWARDS_TO),))
def upstream_silent(
    upstream: ObjectView, failures: list[Failure] = given(queries), lookups: list[Lookup] = given(direct)
) -> Verdict:
    """The upstream of the cluster's name servers does not answer.

    What it means: The name server outside the cluster is down, its address is wrong, or something on the way drops the
    queries. "connection refused" is its host's own word that nothing listens there.
    How it shows: CoreDNS' log counts refusals or time-outs to this upstream, while it reaches the API server and no
    other name server of the cluster is seen to reach the upstream; asked directly, it does not answer either.
    What looks like it: A name server pod whose own network is broken loses the API server too. An upstream that answers
    when it is asked directly from elsewhere: then the way is broken, not the upstream. A Corefile that forwards to the
    cluster's own DNS. Large answers or EDNS that a firewall drops lose some names only.
    Source: CoreDNS v1.12.0 plugin/forward/forward.go; Go net OpError; RFC 1122 4.1.3.1 (port unreachable).
    """
    scene = upstream.scene
    place = address_of(upstream.name)
    address, port = place if place is not None else (upstream.name, 53)
    if not failures:
        probe = ASK_DIRECTLY.of(address=address, port=str(port), name="NAME")
        return unsure(f"whether {upstream.name} answers", probe)
    if is_own_address(scene, address):
        return Absent((Evidence(failures[0].evidence.at, "it is the cluster's own DNS"),))
    inside = service_at(scene, address)
    if inside is not None:
        return Absent((Evidence(failures[0].evidence.at, f"it is {inside}, in the cluster"),))
    answered = next((lookup for lookup in lookups if lookup.outcome == "answered"), None)
    if answered is not None:
        return Absent((Evidence(answered.at, f"asked directly, it answers: {answered.said}"),))
    cut_off = [lost_api(scene, failure.server) for failure in failures]
    known = [evidence for evidence in cut_off if evidence is not None]
    if len(known) == len(failures):
        return Absent(tuple(known[:2]))
    return _present(scene, upstream, failures, lookups, (address, port))


def _present(
    scene: Scene, upstream: ObjectView, failures: list[Failure], lookups: list[Lookup], place: tuple[str, int]
) -> Verdict:
    address, port = place
    asked = next((name for failure in failures for name in failure.asked), "NAME")
    failing = {failure.server for failure in failures}
    others = [server for server in dns_servers(scene) if server not in failing and logs_of(scene, server)]
    silent = next((lookup for lookup in lookups if lookup.outcome in ("timed-out", "refused", "unreachable")), None)
    refused = sum(failure.hit.count for failure in failures if failure.how == REFUSED)
    if others and not refused and silent is None:
        probe = ASK_DIRECTLY.of(address=address, port=str(port), name=asked.rstrip("."))
        return unsure(f"whether {upstream.name} answers others: {others[0]} does not complain of it", probe)
    count = sum(failure.hit.count for failure in failures)
    what = f"refuses: nothing listens there ({refused} refusals)" if refused else f"does not answer ({count} time-outs)"
    written = forwarded_by(scene, upstream.subject)
    zones = [zone.rstrip(".") for zone, _ in written if zone != "."]
    because = [*(failure.evidence for failure in failures[:3]), *(line for _, line in written[:1])]
    if silent is not None:
        because.append(Evidence(silent.at, f"asked directly, it does not answer either: {silent.said}"))
    values = {
        "what": what,
        "zone": f" {', '.join(zones)}" if zones else "",
        "address": address,
        "port": port,
        "asked": asked.rstrip("."),
    }
    certain = bool(refused) or silent is not None
    return Present(tuple(because), values, basis=Basis.STATED if certain else Basis.INFERRED)
