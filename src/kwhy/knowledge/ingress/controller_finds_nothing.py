"""The log of ingress-nginx says that it finds nothing behind a Service."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.log_patterns.ingress_nginx import NO_ENDPOINT, NO_SERVICE
from kwhy.facts.logs import LogHit
from kwhy.knowledge.ingress.routes import sends_to
from kwhy.knowledge.service.endpoints import ready_addresses
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, given, rule
from kwhy.model.seen import NotObserved
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.scene import Scene
from kwhy.scene.views import ServiceView

CONTROLLER_FINDS_NOTHING = Condition(
    code="ingress.controller-finds-nothing",
    kind="Service",
    nature=Nature.EFFECT,
    title="ingress-nginx finds {what} for {subject}, so requests sent there end in 503",
    summary="The controller has no address for a Service that an Ingress names.",
)


def _by_service(scene: Scene) -> dict[Subject, list[LogHit]]:
    index: dict[Subject, list[LogHit]] = {}
    for hit in scene.facts(LogHit):
        if hit.pattern in (NO_ENDPOINT, NO_SERVICE):
            key = hit.key
            name = key.get("name") or key.get("old_name") or ""
            namespace = key.get("namespace") or key.get("old_namespace")
            if name:
                index.setdefault(Subject("Service", name, namespace), []).append(hit)
    return index


def _named(scene: Scene) -> Iterable[Subject]:
    return scene.derive_once(_by_service)


def said_of(scene: Scene, service: Subject) -> list[LogHit]:
    """What ingress-nginx logs about the Service"""
    return scene.derive_once(_by_service).get(service, [])


def _senders(scene: Scene, service: Subject) -> Iterable[Subject]:
    return [ingress for ingress, _ in scene.derive_once(sends_to).get(service, ())]


IS_SENT_TO_BY = Relation("is sent to by", _senders)


@rule(CONTROLLER_FINDS_NOTHING, rows=("S7",), among=_named, symptom=True)
def controller_finds_nothing(service: ServiceView, said: list[LogHit] = given(said_of)) -> Verdict:
    """ingress-nginx has no address for the Service.

    What it means: Whenever it builds its configuration, the controller looks up each Service that an Ingress names; of
    this one it knows no endpoint, or it does not know the Service at all.
    How it shows: "Service … does not have any active Endpoint", "Error obtaining Endpoints for Service …: no object
    matching key … in local store".
    What looks like it: The controller's first seconds, before it has read everything; and what was true when it last
    built its configuration: objects that show ready endpoints overrule it.
    Source: ingress-nginx controller v1.15 internal/ingress/controller/controller.go (serviceEndpoints).
    """
    if not said:
        return unsure(f"what the ingress controller says of {service.subject}", *service.probes())
    try:
        count, place = service.scene.derive(ready_addresses, service.subject)
    except NotObserved:
        count, place = 0, said[0].at
    if count:
        return Absent((Evidence(place, f"{count} endpoints are ready"),))
    newest = said[-1]
    what = "no such Service" if newest.pattern == NO_SERVICE else "no active endpoint"
    because = tuple(Evidence(hit.locate(hit.last), f"{hit.count} times") for hit in said[:3])
    return Present(because, {"what": what})
