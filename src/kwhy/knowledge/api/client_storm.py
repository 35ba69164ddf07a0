"""Clients of one flow schema send more than their priority level serves."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.api.flow_control import FlowControl, flow_control
from kwhy.knowledge.api.requests_rejected import REQUESTS_REJECTED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Present, Verdict, unsure
from kwhy.probes.controlplane import FLOW_CONTROL
from kwhy.scene.scene import Scene

CLIENT_STORM = Condition(
    code="api.client-storm",
    kind="FlowSchema",
    nature=Nature.ROOT,
    title="Clients of {subject} send more than priority level {level} serves: {share} of all refusals are theirs",
    summary="One kind of client uses up its share of the API server.",
    remedies=(
        Remedy(
            id="find-and-slow-the-client",
            title="Find the client and slow it down",
            when="now",
            risk="low",
            steps=(
                Step("See who belongs to the flow schema.", "kubectl get flowschema {name} -o yaml"),
                Step(
                    "See which requests wait.",
                    "kubectl get --raw /debug/api_priority_and_fairness/dump_requests",
                ),
                Step("Stop what lists everything again and again; informers with paging cost a fraction of it."),
                Step("Give the client a flow schema and a priority level of its own, so that others do not suffer."),
            ),
            verify=(
                Step(
                    "The counters stand still.",
                    "kubectl get --raw /metrics | grep apiserver_flowcontrol_rejected_requests_total",
                ),
            ),
            undo=(Step("Delete the flow schema that was added."),),
        ),
    ),
)

#: One schema with so large a share of all refusals stands out; the levels have seats enough beyond this sum.
SHARE, SEATS = 0.8, 100


def _refused(scene: Scene, _: Subject) -> Iterable[Subject]:
    counted = flow_control(scene)
    if counted is None or not counted.rejected:
        return ()
    worst = max(counted.rejected, key=lambda key: counted.rejected[key])
    return (Subject("FlowSchema", worst[0]),) if worst[0] else ()


REFUSES = Relation("refuses", _refused)


def _counted(scene: Scene, schema: Subject) -> FlowControl | None:
    """The API server's metrics of priority and fairness"""
    return flow_control(scene)


@rule(CLIENT_STORM, rows=("C7",), leads=(leads_to(REQUESTS_REJECTED, via=REFUSES),))
def client_storm(schema: Subject, counted: FlowControl | None = given(_counted)) -> Verdict:
    """Clients of one flow schema send too much.

    What it means: The API server has its usual capacity and serves the others; what one kind of client sends does not
    fit into its priority level.
    How it shows: Nearly all refusals belong to one flow schema, and the seats of all levels are as many as usual.
    What looks like it: With few seats in all, every schema is refused. Requests that take long (etcd, a webhook) use up
    the seats of all levels.
    Source: k8s.io/apiserver v0.34 pkg/util/flowcontrol/metrics/metrics.go.
    """
    if counted is None or not counted.rejected:
        return unsure("what priority and fairness counted", FLOW_CONTROL.of())
    own = [(key, count) for key, count in counted.rejected.items() if key[0] == schema.name]
    part = sum(count for _, count in own) / counted.total if counted.total else 0.0
    if not counted.seats:
        return unsure("how many seats the priority levels have", FLOW_CONTROL.of())
    if part < SHARE or sum(counted.seats.values()) < SEATS:
        return Absent(counted.proof[:1] or counted.seats_proof[:1])
    return Present(counted.proof, {"level": own[0][0][1], "share": f"{part:.0%}"}, basis=Basis.RECOMPUTED)
