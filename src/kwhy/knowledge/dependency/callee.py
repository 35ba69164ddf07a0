"""Failing calls, followed to the programs that should have answered them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kwhy.facts.logs import AppErrors, LogFile
from kwhy.facts.objects import ServicePort
from kwhy.knowledge.app.errors import APP_ERRORS, app_errors, ended_well, errors_of, logging_pods
from kwhy.knowledge.service.consumers import CLUSTER_DNS, Call, calls_of
from kwhy.knowledge.service.endpoints import ready_addresses
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.seen import NotObserved
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import ENDPOINTS, LOGS
from kwhy.scene.relations import owner_of, pods_selected
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView, ServiceView

CALLEE_SLOW = Condition(
    code="dependency.callee-slow",
    kind="Pod",
    nature=Nature.EFFECT,
    title="{subject} does not answer in the time that its callers give it: {callers}",
    summary="Calls to the program's Service time out although its endpoints are ready; its log names no failing call.",
)

#: One time-out, or two, may be a restart.
_ONCE_TOO_OFTEN = 3
#: What a program that is reached and fails, or waits for its own callee, looks like to its caller.
_ANSWERED_BADLY = frozenset({"server error", "timeout", "unavailable", "connection reset"})


def _behind(scene: Scene, caller: Subject, complaints: Iterable[str]) -> Iterable[Subject]:
    for call in scene.derive(calls_of, caller):
        if call.service is None or call.errors.complaint not in complaints or call.stage == "resolving":
            continue
        for pod in pods_selected(scene, call.service):
            if pod != caller:
                yield pod


def _answered_by(scene: Scene, caller: Subject) -> Iterable[Subject]:
    """The pods behind the Services whose answers the caller logs as errors."""
    return _behind(scene, caller, _ANSWERED_BADLY)


def _waits_for(scene: Scene, caller: Subject) -> Iterable[Subject]:
    return _behind(scene, caller, ("timeout",))


ANSWERED_BY = Relation("is answered by", _answered_by)
WAITS_FOR_ANSWER = Relation("waits for the answer of", _waits_for)


@rule(APP_ERRORS, rows=("E8",), leads=(leads_to(APP_ERRORS, via=ANSWERED_BY),))
def callee_fails(
    pod: Subject, errors: Sequence[AppErrors] = given(errors_of), ended: Evidence | None = given(ended_well)
) -> Verdict:
    """The program that should have answered logs errors itself.

    What it means: Its callers fail because of it; the deepest program that fails is where to look.
    How it shows: A caller logs a 5xx status, a time-out or gRPC's Unavailable for a Service, and a pod behind that
    Service logs errors that last.
    What looks like it: Errors of the callee that have nothing to do with the call; a Service that leads to no pod.
    Source: As for the errors of any application.
    """
    return app_errors(pod, errors, ended)


def _waiting(scene: Scene) -> dict[Subject, list[tuple[Subject, Call]]]:
    """Calls that time out, by the Service that they go to."""
    index: dict[Subject, list[tuple[Subject, Call]]] = {}
    for pod in logging_pods(scene):
        for call in scene.derive(calls_of, pod):
            if call.service is None or call.errors.complaint != "timeout" or call.stage == "resolving":
                continue
            if _offers(scene, call.service, call.port):
                index.setdefault(call.service, []).append((pod, call))
    return index


def _offers(scene: Scene, service: Subject, port: int | None) -> bool:
    """Whether the Service offers the port that was called; else nothing waits behind it."""
    none: list[ServicePort] = []
    ports = ServiceView(scene, service).seen("spec.ports", lambda s: s.spec.ports, none)
    return port is None or (ports.observed and any(p.port == port for p in ports.value))


def _services_waited_for(scene: Scene) -> dict[Subject, list[Subject]]:
    """The Services that are waited for, by the pods behind them."""
    index: dict[Subject, list[Subject]] = {}
    for service in scene.derive_once(_waiting):
        for pod in pods_selected(scene, service):
            index.setdefault(pod, []).append(service)
    return index


def _logged(scene: Scene) -> frozenset[Subject]:
    """The pods whose logs were shown."""
    return frozenset(f.pod.subject for f in scene.facts(LogFile) if f.pod is not None)


def _resolves(scene: Scene) -> bool:
    """Whether the cluster's DNS, where it was shown at all, has ready endpoints: else a call may wait for a name."""
    if not scene.exists(CLUSTER_DNS):
        return True
    try:
        return ready_addresses(scene, CLUSTER_DNS)[0] > 0
    except NotObserved:
        return False


def waiting_for(scene: Scene, pod: Subject) -> list[tuple[Subject, Call]]:
    """Callers whose calls to the pod's Services time out"""
    services = scene.derive_once(_services_waited_for).get(pod, [])
    return [waiting for service in services for waiting in scene.derive_once(_waiting)[service]]


@rule(CALLEE_SLOW, rows=("E8", "E1"), leads=(leads_to(APP_ERRORS, via=WAITS_FOR_ANSWER),))
def callee_slow(
    pod: PodView,
    waiting: list[tuple[Subject, Call]] = given(waiting_for),
    calls: list[Call] = given(calls_of),
) -> Verdict:
    """A program does not answer in the time that its callers give it.

    What it means: It is reached (its endpoint is ready), and it is slow, or waits for something that its log does not
    name. Its callers' errors are effects.
    How it shows: Calls to its Service time out, with a message of a connection that came about or without saying; the
    Service has ready endpoints; its log is there and names no failing call of its own.
    What looks like it: Calls that it makes itself and that fail: then those are deeper. Packets that are dropped on the
    way, by a NetworkPolicy or a firewall: the connection does not come about ("dial tcp …: i/o timeout").
    Source: Go net/http client.go (Client.Timeout exceeded while awaiting headers); grpc status codes (4
    DEADLINE_EXCEEDED); urllib3 2 exceptions.py (ReadTimeoutError).
    """
    scene = pod.scene
    if sum(call.errors.count for _, call in waiting) < _ONCE_TOO_OFTEN:
        return unsure(f"whose calls to {pod.subject} time out", LOGS.of(name=pod.name, namespace=pod.namespace))
    dialling = [call for _, call in waiting if any("dial tcp" in s.excerpt for s in call.errors.samples)]
    if len(dialling) == len(waiting):
        first = dialling[0].errors
        return Absent((Evidence(first.locate(first.last), "the connection does not come about: nothing is slow yet"),))
    if calls:
        failing = calls[0].errors
        return Absent((Evidence(failing.locate(failing.last), f"it calls {calls[0].host} in vain itself"),))
    if not _resolves(scene):
        return unsure(
            "whether names are resolved", ENDPOINTS.of(name=CLUSTER_DNS.name, namespace=CLUSTER_DNS.namespace)
        )
    because = [
        Evidence(call.errors.locate(call.errors.last), f"{owner_of(scene, caller)}: timeout, {call.errors.count} times")
        for caller, call in waiting[:3]
    ]
    if pod.subject not in scene.derive_once(_logged):
        # It may wait for another program in its turn.
        return unsure(f"the log of {pod.subject}", LOGS.of(name=pod.name, namespace=pod.namespace))
    service = waiting[0][1].service
    if service is not None:
        try:
            count, place = ready_addresses(scene, service)
        except NotObserved:
            count, place = 1, None
        if not count:
            return unsure(f"who stands behind {service}")
        if place is not None:
            because.append(Evidence(place, f"{count} endpoints of {service} are ready"))
    names = ", ".join(dict.fromkeys(owner_of(scene, caller).name for caller, _ in waiting))
    return Present(tuple(because), {"callers": names}, basis=Basis.INFERRED)
