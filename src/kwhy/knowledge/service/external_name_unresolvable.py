"""A Service of type ExternalName leads to a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.logs import AppErrors
from kwhy.knowledge.app.errors import APP_ERRORS, lasting, logging_pods
from kwhy.knowledge.service.consumers import calls_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import PODS
from kwhy.scene.relations import owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import ServiceView

EXTERNAL_NAME_UNRESOLVABLE = Condition(
    code="service.external-name-unresolvable",
    kind="Service",
    nature=Nature.ROOT,
    title="{subject} leads to {external}, a name that does not resolve",
    summary="The name outside of the cluster that the Service stands for is not known to the DNS.",
    remedies=(
        Remedy(
            id="correct-the-external-name",
            title="Lead the Service to a name that exists",
            when="now",
            risk="low",
            steps=(
                Step("Ask the DNS for it, from a pod of the cluster.", "nslookup {external}"),
                Step(
                    "Correct spec.externalName; or have the name made, or the cluster's DNS forward its zone.",
                    "kubectl edit service {name} -n {namespace}",
                ),
            ),
            verify=(Step("The name resolves from a pod.", "nslookup {name}.{namespace}.svc.cluster.local"),),
            undo=(Step("Set the former externalName again.", "kubectl edit service {name} -n {namespace}"),),
        ),
    ),
)


# lookup database on 10.96.0.10:53: server misbehaving (Go: SERVFAIL); status: SERVFAIL (dig)
_FAILED = expression(r"server misbehaving|SERVFAIL")


def _asked(scene: Scene, caller: Subject) -> Iterable[tuple[Subject, AppErrors]]:
    """Services whose names are asked for, and which the DNS answers with "no such name" or with a failure."""
    for call in scene.derive(calls_of, caller):
        if call.service is not None and lasting(call.errors) and (call.answered or _failed(call.errors)):
            yield call.service, call.errors


def _failed(errors: AppErrors) -> bool:
    return errors.complaint == "name resolution" and _FAILED.search(errors.last.excerpt) is not None


def _other_names_fail(scene: Scene) -> bool:
    """Whether the DNS fails for names outside of the cluster that no Service stands for, too."""
    return any(
        call.service is None and _failed(call.errors)
        for caller in logging_pods(scene)
        for call in scene.derive(calls_of, caller)
    )


def _services(scene: Scene, caller: Subject) -> Iterable[Subject]:
    return [service for service, _ in _asked(scene, caller)]


ASKS_FOR_THE_NAME = Relation("asks for the name of", _services)


def _by_service(scene: Scene) -> dict[Subject, list[tuple[Subject, AppErrors]]]:
    index: dict[Subject, list[tuple[Subject, AppErrors]]] = {}
    for caller in logging_pods(scene):
        for service, errors in _asked(scene, caller):
            index.setdefault(service, []).append((caller, errors))
    return index


def told_that_there_is_none(scene: Scene, service: Subject) -> list[tuple[Subject, AppErrors]]:
    """Running programs that ask for the Service's name and are told that there is none"""
    return scene.derive_once(_by_service).get(service, [])


@rule(EXTERNAL_NAME_UNRESOLVABLE, rows=("D1", "S1"), leads=(leads_to(APP_ERRORS, via=ASKS_FOR_THE_NAME),))
def external_name_unresolvable(
    service: ServiceView, asking: list[tuple[Subject, AppErrors]] = given(told_that_there_is_none)
) -> Verdict:
    """The name behind an ExternalName Service does not exist.

    What it means: The cluster's DNS answers such a Service's name with another name (CNAME), and that one is not known.
    How it shows: The Service exists, its type is ExternalName, and a program that asks for its name is told that there
    is no such host, or that the server failed (SERVFAIL) while other names resolve.
    What looks like it: A Service that does not exist at all; a DNS that does not answer (time-outs, refusals), or that
    cannot forward: then other names outside of the cluster fail too.
    Source: k8s.io/api v0.34 core/v1 types.go (ServiceSpec.ExternalName); CoreDNS plugin kubernetes (CNAME for
    ExternalName Services).
    """
    if service.type.value != "ExternalName":
        return Absent((Evidence(service.type.place, "the Service has an address of its own"),))
    external = service.seen("spec.externalName", lambda s: s.spec.external_name, "")
    if not asking:
        return unsure(f"which running program asks for {service.subject}", PODS.of())
    failed = any(_failed(errors) for _, errors in asking)
    if failed and service.scene.derive_once(_other_names_fail):
        return unsure(f"whether the cluster's DNS reaches the servers that know {external.value}", PODS.of())
    because = [Evidence(external.place, f"the Service leads to {external.value}")]
    for caller, errors in asking[:3]:
        owner = owner_of(service.scene, caller)
        because.append(
            Evidence(errors.locate(errors.last), f"{owner}: its name does not resolve, {errors.count} times")
        )
    return Present(tuple(because), {"external": external.value}, basis=Basis.INFERRED if failed else Basis.RECOMPUTED)
