"""A Service offers its port over one protocol, and a program calls it over the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from kwhy.facts.logs import AppErrors
from kwhy.facts.objects import ServicePort
from kwhy.knowledge.app.errors import APP_ERRORS, logging_pods
from kwhy.knowledge.service.consumers import UNREACHED, Call, calls_of
from kwhy.knowledge.service.listening import declared_ports_known
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import PODS
from kwhy.scene.relations import owner_of, pods_selected
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView, ServiceView

OTHER_PROTOCOL = Condition(
    code="service.other-protocol",
    kind="Service",
    nature=Nature.ROOT,
    title="{subject} offers port {port} over {offered} only, and {caller} calls it over {used}",
    summary="The Service forwards another protocol than the one that its callers and its program speak.",
    remedies=(
        Remedy(
            id="correct-the-protocol",
            title="Offer the port over the protocol that is spoken",
            when="now",
            risk="low",
            steps=(
                Step("See what the Service offers.", "kubectl describe service {name} -n {namespace}"),
                Step(
                    "Set protocol: {used} for port {port}; without the field it is TCP. In the manifest too.",
                    "kubectl edit service {name} -n {namespace}",
                ),
            ),
            verify=(Step("Callers get answers."),),
            undo=(Step("Set protocol: {offered} again.", "kubectl edit service {name} -n {namespace}"),),
        ),
    ),
)

Protocol = Literal["TCP", "UDP"]
# read udp 10.244.0.150:45758->10.96.246.40:5140: i/o timeout · dial udp 10.96.246.40:5140: … (Go net.OpError)
# dial tcp 10.96.246.40:5140: connect: connection refused
_SPOKEN = expression(
    r"\b(?:read|write|dial) (?P<protocol>udp|tcp) (?:[\w.:\[\]-]{3,60}->)?"
    r"(?:[\w.-]{1,253}|\[[\w:.]{2,45}\]):(?P<port>\d{1,5})\b"
)


class Spoken(msgspec.Struct, frozen=True):
    """Failing calls of a program to a port of the Service, and the protocol that their errors name."""

    caller: Subject
    errors: AppErrors
    port: int
    protocol: Protocol


def _spoken(caller: Subject, call: Call) -> Spoken | None:
    found = _SPOKEN.search(call.errors.last.excerpt)
    if found is None or call.service is None or call.errors.complaint not in UNREACHED or call.stage == "resolving":
        return None
    if call.port is not None and int(found["port"]) != call.port:
        return None
    return Spoken(caller, call.errors, int(found["port"]), "UDP" if found["protocol"] == "udp" else "TCP")


def _services(scene: Scene, caller: Subject) -> Iterable[Subject]:
    """Services to which the program's failing calls go over a protocol that the error names."""
    for call in scene.derive(calls_of, caller):
        if call.service is not None and _spoken(caller, call) is not None:
            yield call.service


SPEAKS_TO = Relation("speaks to", _services)


def _by_service(scene: Scene) -> dict[Subject, list[Spoken]]:
    index: dict[Subject, list[Spoken]] = {}
    for caller in logging_pods(scene):
        for call in scene.derive(calls_of, caller):
            spoken = _spoken(caller, call)
            if spoken is not None and call.service is not None:
                index.setdefault(call.service, []).append(spoken)
    return index


def spoken_to(scene: Scene, service: Subject) -> list[Spoken]:
    """Failing calls to the Service whose errors name a protocol"""
    return scene.derive_once(_by_service).get(service, [])


@rule(OTHER_PROTOCOL, rows=("S2",), leads=(leads_to(APP_ERRORS, via=SPEAKS_TO),))
def other_protocol(service: ServiceView, calls: list[Spoken] = given(spoken_to)) -> Verdict:
    """The Service's port has the other protocol.

    What it means: Rules of the node match protocol and port together. A datagram to a port that is offered over TCP
    matches none and is lost; so it is the other way round.
    How it shows: The caller's error names udp (or tcp) and the port, and the Service has this port over the other
    protocol only. A container that declares the port over the protocol in use confirms it.
    What looks like it: A program that does not answer; a port that the Service does not have at all.
    Source: k8s.io/api v0.34 core/v1 types.go (ServicePort.Protocol, default TCP); Kubernetes v1.34
    pkg/proxy/iptables/proxier.go (syncProxyRules: "-p protocol --dport port").
    """
    if not calls:
        return unsure(f"how running programs call {service.subject}", PODS.of())
    none: list[ServicePort] = []
    ports = service.seen("spec.ports", lambda s: s.spec.ports, none)
    for call in calls:
        same = [port for port in ports.value if port.port == call.port]
        if not same or any(port.protocol == call.protocol for port in same):
            continue
        at = ports.place.quoting(f"port {call.port}, protocol {same[0].protocol}")
        errors = call.errors
        caller = owner_of(service.scene, call.caller)
        because = [
            Evidence(at, f"port {call.port} is offered over {same[0].protocol}"),
            Evidence(errors.locate(errors.last), f"{caller} speaks {call.protocol}, {errors.count} times in vain"),
        ]
        declared = _declared(service, same[0], call.protocol)
        values = {"port": call.port, "offered": same[0].protocol, "used": call.protocol, "caller": caller}
        return Present((*because, *declared), values, basis=Basis.RECOMPUTED)
    return Absent((Evidence(ports.place, "the Service offers the port over the protocol that is spoken"),))


def _declared(service: ServiceView, port: ServicePort, used: Protocol) -> tuple[Evidence, ...]:
    """A container behind the Service that declares the target port over the protocol in use."""
    target = port.target_port or port.port
    for pod in pods_selected(service.scene, service.subject)[:3]:
        place = declared_ports_known(service.scene, pod)
        for container in PodView(service.scene, pod).containers.value if place is not None else ():
            for declared in container.ports if isinstance(container.ports, list) else ():
                if declared.container_port == target and declared.protocol == used and place is not None:
                    return (
                        Evidence(place.quoting(f"containerPort: {target}/{used}"), f"{pod} declares {target}/{used}"),
                    )
    return ()
