"""The API server refuses requests because it has too many."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.api.failures import UNNAMED, fails_by
from kwhy.knowledge.api.flow_control import FlowControl, flow_control
from kwhy.knowledge.api.kubectl_fails import KUBECTL_FAILS
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.controlplane import FLOW_CONTROL
from kwhy.scene.scene import Scene

REQUESTS_REJECTED = Condition(
    code="api.requests-rejected",
    kind="ApiServer",
    nature=Nature.EFFECT,
    title="The API server has refused {count} requests with 429 ({reasons})",
    summary="Priority and fairness refuses what does not get a seat in time.",
)

SERVER = Subject("ApiServer", UNNAMED)
#: Fewer refusals since the start, or a smaller share of all requests, are a passing moment.
SEVERAL, SHARE = 10.0, 0.01


def _counted(scene: Scene, server: Subject) -> FlowControl | None:
    """The API server's metrics of priority and fairness"""
    return flow_control(scene)


def _refusing(scene: Scene) -> Iterable[Subject]:
    """The API server, where its metrics count refusals."""
    counted = flow_control(scene)
    return (SERVER,) if counted is not None and counted.total >= SEVERAL else ()


def _the_server(scene: Scene, server: Subject) -> Iterable[Subject]:
    return (SERVER,) if list(fails_by("overloaded", "timeout").find(scene, server)) else ()


THE_SERVER = Relation("is", _the_server)


@rule(REQUESTS_REJECTED, rows=("C7",), leads=(leads_to(KUBECTL_FAILS, via=THE_SERVER),), among=_refusing, symptom=True)
def requests_rejected(server: Subject, counted: FlowControl | None = given(_counted)) -> Verdict:
    """The API server refuses requests for want of capacity.

    What it means: Each request belongs to a flow schema and a priority level with a number of seats; what finds its
    queue full, or waits too long in it, is answered with 429.
    How it shows: apiserver_flowcontrol_rejected_requests_total with reason queue-full, time-out or concurrency-limit;
    clients say "too many requests" and try again.
    What looks like it: The counters run since the start of the process: a few refusals long ago stay in them, and are
    a small share of what was dispatched.
    Source: k8s.io/apiserver v0.34 pkg/util/flowcontrol/metrics/metrics.go, pkg/server/filters/priority-and-fairness.go.
    """
    if counted is None:
        return unsure("what priority and fairness counted", FLOW_CONTROL.of())
    if counted.total < SEVERAL:
        at = counted.seats_proof or counted.proof
        return Absent(at[:1]) if at else unsure("how many requests were refused", FLOW_CONTROL.of())
    if counted.dispatched is not None and counted.total < SHARE * counted.dispatched:
        says = f"{counted.total:.0f} refusals of {counted.dispatched:.0f} requests since the start"
        return Absent((Evidence(counted.proof[0].at, says),))
    reasons = ", ".join(f"{name} {count:.0f}" for name, count in sorted(counted.reasons.items()) if count)
    return Present(counted.proof, {"count": f"{counted.total:.0f}", "reasons": reasons}, basis=Basis.STATED)
