"""A Service sends traffic to a port on which its pods do not listen."""

from __future__ import annotations

import msgspec

from kwhy.facts.objects import ServicePort
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.service.backend import Backend, backend
from kwhy.knowledge.service.consumers import CALLS_AND_IS_REFUSED
from kwhy.knowledge.service.endpoints_without_port import ENDPOINTS_WITHOUT_PORT, endpoints_without_port
from kwhy.knowledge.service.listening import ListeningPort, declared_ports_known, ports_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.document import Locator
from kwhy.model.probe import ProbeCall
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.probes.kubectl import LIST, LOGS, OBJECT
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import ServiceView

WRONG_TARGET_PORT = Condition(
    code="service.wrong-target-port",
    kind="Service",
    nature=Nature.ROOT,
    title="{subject} sends port {port} to targetPort {target}, and its pods listen on {listening}",
    summary="The pods behind the Service refuse its connections: nothing in them listens on the target port.",
    remedies=(
        Remedy(
            id="correct-the-target-port",
            title="Point targetPort at the port on which the pods listen",
            when="now",
            risk="low",
            steps=(
                Step("See on which port the program listens.", "kubectl logs {pod} -n {namespace} | grep -i listen"),
                Step(
                    "Set targetPort of port {port} to {listening}, in the manifest too.",
                    "kubectl edit service {name} -n {namespace}",
                ),
            ),
            verify=(
                Step(
                    "The endpoints have the new port.",
                    "kubectl get endpointslices -n {namespace} -l kubernetes.io/service-name={name}",
                ),
                Step("Callers get answers; their logs show no refused connection any more."),
            ),
            undo=(Step("Set targetPort {target} again.", "kubectl edit service {name} -n {namespace}"),),
        ),
    ),
)


class Route(msgspec.Struct, frozen=True):
    """A port of the Service with where it leads, and what is known about the pods' ports.

    ``declared_at``: where the containers of a pod were shown with all ports that they declare.
    """

    port: ServicePort
    at: Locator
    listening: tuple[ListeningPort, ...]
    declared_at: Locator | None


def routes(scene: Scene, service: Subject) -> list[Route]:
    """The Service's ports, and the ports on which the pods behind it listen"""
    behind = scene.derive(backend, service)
    listening = tuple(port for pod in behind.pods for port in ports_of(scene, pod.subject))
    known = [declared_ports_known(scene, pod.subject) for pod in behind.pods]
    declared_at = known[0] if known and all(known) else None
    none: list[ServicePort] = []
    ports = ServiceView(scene, service).seen("spec.ports", lambda s: s.spec.ports, none)
    found = []
    for index, port in enumerate(ports.value):
        place = ports.place
        path = f"{place.path}[{index}].targetPort" if place.path else None
        at = place.document.at(place.line, path, f"port {port.port} → targetPort {port.target_port}")
        found.append(Route(port, at, listening, declared_at))
    return found


@rule(
    WRONG_TARGET_PORT,
    rows=("S2",),
    leads=(leads_to(APP_ERRORS, via=CALLS_AND_IS_REFUSED), leads_to(ENDPOINTS_WITHOUT_PORT, via=ITSELF)),
)
def wrong_target_port(
    service: ServiceView, behind: Backend = given(backend), ways: list[Route] = given(routes)
) -> Verdict:
    """The Service's targetPort is not the port on which its pods listen.

    What it means: Packets reach the pods, whose kernel refuses them: nobody listens on that port.
    How it shows: The pods' own log names another port; or the target port's name is declared by no container; or the
    only container, ready, declares other ports alone while callers are refused (inferred).
    What looks like it: No endpoint at all (the node refuses, not the pod); a program that listens on 127.0.0.1 only; a
    program that has not started yet. A containerPort alone proves nothing: it is informational.
    Source: k8s.io/api v0.34 core/v1 types.go (ServicePort.TargetPort, ContainerPort); Kubernetes v1.34
    pkg/api/v1/service FindPort (names are looked up in the pod's containers).
    """
    if not behind.pods:
        if behind.pods_known is not None:
            return Absent((Evidence(behind.pods_known, "no pod matches the selector: nothing is there to refuse"),))
        return unsure(f"the pods behind {service.subject}", LIST.of(kind="pods", namespace=service.namespace))
    verdicts = [_judge(service, way, behind.pods[0].subject) for way in ways if way.port.protocol == "TCP"]
    wrong = [v for v in verdicts if isinstance(v, Present)]
    if wrong:
        return wrong[0]
    open_ones = [v for v in verdicts if isinstance(v, Unsure)]
    if open_ones or not verdicts:
        return open_ones[0] if open_ones else unsure(f"the ports of {service.subject}", *service.probes())
    return Absent(tuple(evidence for v in verdicts if isinstance(v, Absent) for evidence in v.because))


def _judge(service: ServiceView, way: Route, pod: Subject) -> Verdict:
    target = way.port.target_port or way.port.port
    if isinstance(target, str):
        return _judge_name(service, way, target, pod)
    for by in ("logged", "probed"):
        known = [p for p in way.listening if p.by == by and not p.loopback]
        same = [p for p in known if p.port == target]
        if same:
            return Absent((Evidence(same[0].at, f"{same[0].pod.name} listens on {target}"),))
        if known and by == "logged":
            return _present(way, target, known, Basis.STATED)
    declared = [p for p in way.listening if p.by == "declared"]
    if any(p.port == target for p in declared):
        return Unsure((Gap(f"whether {pod.name} listens on {target}, which it declares", _logs(pod)),))
    if declared and all(p.lone for p in declared):
        return _present(way, target, declared, Basis.INFERRED)
    return Unsure((Gap(f"the ports on which the pods behind {service.subject} listen", _logs(pod)),))


def _judge_name(service: ServiceView, way: Route, target: str, pod: Subject) -> Verdict:
    named = [p for p in way.listening if p.by == "declared" and p.name]
    same = [p for p in named if p.name == target]
    if same:
        return Absent((Evidence(same[0].at, f"{same[0].pod.name} declares port {target} as {same[0].port}"),))
    declared = [p for p in way.listening if p.by == "declared"]
    portless = endpoints_without_port(service.scene, service.subject)
    if declared and (portless is not None or all(p.name is not None for p in declared)):
        found = _present(way, target, declared, Basis.RECOMPUTED)
        return found if portless is None else msgspec.structs.replace(found, because=(*found.because, portless))
    if declared:
        probe = OBJECT.of(kind="pod", name=pod.name, namespace=pod.namespace)
        return Unsure((Gap(f"the names of the ports that {pod.name} declares", (probe,)),))
    if way.declared_at is not None:
        where = way.declared_at
        because = (
            Evidence(way.at, f"the Service sends port {way.port.port} to the port named {target}"),
            Evidence(where.document.at(where.line, where.path, "no ports"), f"{pod.name} declares no port at all"),
        )
        values = {"port": way.port.port, "target": target, "listening": "no port of that name", "pod": pod.name}
        return Present(because, values, basis=Basis.RECOMPUTED)
    return Unsure(
        (
            Gap(
                f"the ports that the pods behind {service.subject} declare",
                (OBJECT.of(kind="pod", name=pod.name, namespace=pod.namespace),),
            ),
        )
    )


def _present(way: Route, target: int | str, known: list[ListeningPort], basis: Basis) -> Present:
    words = {"logged": "says that it listens on", "probed": "answers its probe on", "declared": "declares only"}
    unique = {p.pod: p for p in known}
    because = [Evidence(way.at, f"the Service sends port {way.port.port} to {target}")]
    because += [Evidence(p.at, f"{p.pod.name} {words[p.by]} {p.port}") for p in list(unique.values())[:3]]
    ports = ", ".join(dict.fromkeys(str(p.port) for p in known))
    values = {"port": way.port.port, "target": target, "listening": ports, "pod": known[0].pod.name}
    return Present(tuple(because), values, basis=basis)


def _logs(pod: Subject) -> tuple[ProbeCall, ...]:
    return (LOGS.of(name=pod.name, namespace=pod.namespace),)
