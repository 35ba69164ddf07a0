"""A name server cannot read the cluster's Services from the API server."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.log_patterns.coredns import LIST_FAILED
from kwhy.facts.logs import LogHit
from kwhy.knowledge.access.forbidden import FORBIDDEN_TO, forbidden
from kwhy.knowledge.access.refusals import Refused, refusals_by_account, refused_to
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.dns.forwarding import ASKS_OF, ITSELF_AS_SERVER, lost_api, over
from kwhy.knowledge.dns.servers import is_dns_server, logs_of, said_by
from kwhy.knowledge.probe.readiness_fails import READINESS_FAILS
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LOGS
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView, PodView

SERVICES_NOT_READ = Condition(
    code="dns.services-not-read",
    kind="Pod",
    nature=Nature.EFFECT,
    title="{subject} cannot read the cluster's {kinds}: {why}",
    summary="CoreDNS answers names of Services from what it lists and watches; without that it is not ready.",
)


def failed_lists(scene: Scene, pod: Subject) -> list[LogHit]:
    """What CoreDNS says of its requests to the API server"""
    return [hit for hit in said_by(scene, pod, LIST_FAILED) if not over(scene, hit)]


@rule(
    SERVICES_NOT_READ,
    rows=("D1", "C12"),
    leads=(
        leads_to(READINESS_FAILS, via=ITSELF_AS_SERVER),
        leads_to(APP_ERRORS, via=ITSELF_AS_SERVER),
        leads_to(APP_ERRORS, via=ASKS_OF),
    ),
)
def services_not_read(pod: PodView, hits: list[LogHit] = given(failed_lists)) -> Verdict:
    """A name server cannot read the cluster's Services.

    What it means: Until the lists are read once, CoreDNS answers SERVFAIL or nothing for names of Services and is not
    ready; after 5 s it starts all the same, with what it has.
    How it shows: "plugin/kubernetes: … failed to list *v1.Service: …", "Still waiting on: kubernetes".
    What looks like it: One failing list while the API server restarts: then the log goes on without it.
    Source: CoreDNS v1.12.0 plugin/kubernetes/kubernetes.go (InitKubeCache), controller.go; client-go reflector.go.
    """
    logs = logs_of(pod.scene, pod.subject)
    if hits:
        kinds = ", ".join(dict.fromkeys(f"{hit.key.get('kind', '')}s" for hit in hits))
        last = hits[0].last
        refused = last.fields.get("what")
        why = "it may not" if refused else last.fields.get("why") or "the API server is not reached"
        because = tuple(Evidence(hit.locate(hit.last), f"failed to list, {hit.count} times") for hit in hits[:3])
        return Present(because, {"kinds": kinds, "why": why})
    unsynced = lost_api(pod.scene, pod.subject)
    if unsynced is not None:
        return Present((unsynced,), {"kinds": "Services", "why": "the API server is not reached"})
    if logs:
        return Absent((Evidence(logs[0].at, "its log complains of no request to the API server"),))
    return unsure(f"the log of {pod.subject}", LOGS.of(name=pod.name, namespace=pod.namespace))


def _accounts(scene: Scene, pod: Subject) -> Iterable[Subject]:
    """Who a name server is for the API server, where that refuses it."""
    if is_dns_server(scene, pod):
        for who, refused in scene.derive_once(refusals_by_account).items():
            if any(r.caller == pod for r in refused):
                yield who


KNOWN_AS = Relation("is known to the API server as", _accounts)


@rule(FORBIDDEN_TO, rows=("C12", "D1"), leads=(leads_to(SERVICES_NOT_READ, via=KNOWN_AS),))
def name_server_forbidden(account: ObjectView, refused: list[Refused] = given(refused_to)) -> Verdict:
    """The account of a name server may not list what it answers from.

    What it means: ClusterRole system:coredns, or its binding, is missing or was changed.
    How it shows: As for every refused account.
    What looks like it: A wrong token (401).
    Source: kubeadm v1.34 addons/dns (ClusterRole system:coredns).
    """
    return forbidden(account, refused)
