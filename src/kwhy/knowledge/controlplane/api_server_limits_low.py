"""The API server is allowed too few requests at once."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.processes import ProcessSeen, same_program
from kwhy.knowledge.api.flow_control import FlowControl, flow_control
from kwhy.knowledge.api.requests_rejected import REQUESTS_REJECTED
from kwhy.knowledge.controlplane.alive import API_SERVER, processes_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation, given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.controlplane import FLOW_CONTROL
from kwhy.scene.scene import Scene

LIMITS_LOW = Condition(
    code="controlplane.api-server-limits-low",
    kind="Process",
    nature=Nature.ROOT,
    title="{subject} serves only {seats} requests at once{flags}, too few for its clients",
    summary="--max-requests-inflight and --max-mutating-requests-inflight are far below their defaults of 400 and 200.",
    remedies=(
        Remedy(
            id="raise-the-limits",
            title="Give the API server its usual limits",
            when="now",
            risk="low",
            steps=(
                Step("See the flags.", "grep inflight /etc/kubernetes/manifests/kube-apiserver.yaml"),
                Step(
                    "Remove --max-requests-inflight and --max-mutating-requests-inflight, or set them to 400 and 200 "
                    "or more, on one control-plane node after the other."
                ),
            ),
            verify=(
                Step(
                    "The counters of refused requests stand still.",
                    "kubectl get --raw /metrics | grep apiserver_flowcontrol_rejected_requests_total",
                ),
            ),
            undo=(Step("Set the former values."),),
        ),
    ),
)

#: The sum of the defaults (apiserver v0.34 pkg/server/config.go: 400 and 200), and what is far too few of it.
DEFAULT_SEATS, FEW = 600, 60
# --max-requests-inflight=1 --max-mutating-requests-inflight 1
_FLAG = expression(r"--max-(?P<mutating>mutating-)?requests-inflight[= ](?P<value>\d{1,6})")


def _servers(scene: Scene, _: Subject) -> Iterable[Subject]:
    return processes_of(scene, API_SERVER)


SERVED_BY = Relation("is served by", _servers)


def _flags(scene: Scene, process: Subject) -> tuple[int, Evidence] | None:
    """The API server's flags, in the list of processes"""
    for seen in scene.facts(ProcessSeen):
        if same_program(seen.program, API_SERVER) and (process.node in (None, scene.host_of(seen.at.document).name)):
            values = [int(match["value"]) for match in _FLAG.finditer(seen.command)]
            if values:
                return sum(values), Evidence(
                    seen.at, f"it runs with {' '.join(m[0] for m in _FLAG.finditer(seen.command))}"
                )
    return None


def _counted(scene: Scene, process: Subject) -> FlowControl | None:
    """The API server's metrics of priority and fairness"""
    return flow_control(scene)


@rule(LIMITS_LOW, rows=("C7",), leads=(leads_to(REQUESTS_REJECTED, via=SERVED_BY),))
def api_server_limits_low(
    process: Subject,
    flags: tuple[int, Evidence] | None = given(_flags),
    counted: FlowControl | None = given(_counted),
) -> Verdict:
    """The API server may serve too few requests at once.

    What it means: The two limits together are divided among the priority levels; with a handful of seats the
    components of the control plane alone use them up.
    How it shows: --max-requests-inflight and --max-mutating-requests-inflight in its flags, or the seats of all
    priority levels in its metrics, are a tenth of the defaults or less.
    What looks like it: With the usual limits it is a client that sends too much, or requests that take too long (etcd,
    a webhook).
    Source: k8s.io/apiserver v0.34 pkg/server/config.go (MaxRequestsInFlight), pkg/util/flowcontrol/apf_controller.go.
    """
    seats = sum(counted.seats.values()) if counted is not None and counted.seats else None
    if flags is not None and flags[0] <= FEW:
        proof = (flags[1], *(counted.seats_proof if counted is not None else ()))
        return Present(proof, {"seats": flags[0], "flags": " by its flags"}, basis=Basis.STATED)
    if flags is not None:
        return Absent((flags[1],))
    if seats is not None and counted is not None and len(counted.seats) >= 5:
        if seats <= FEW:
            return Present(counted.seats_proof, {"seats": f"{seats:.0f}", "flags": ""}, basis=Basis.RECOMPUTED)
        return Absent(counted.seats_proof)
    return unsure("how many requests the API server may serve at once", FLOW_CONTROL.of())
