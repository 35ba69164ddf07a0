"""What the API server's priority and fairness counted: requests refused and served, and how many fit at once."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from kwhy.facts.metrics import Metric
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene

_REJECTED = "apiserver_flowcontrol_rejected_requests_total"
_DISPATCHED = "apiserver_flowcontrol_dispatched_requests_total"
#: Seats of a priority level; the older name is that of 1.20 to 1.28 (apiserver pkg/util/flowcontrol/metrics).
_SEATS = ("apiserver_flowcontrol_nominal_limit_seats", "apiserver_flowcontrol_request_concurrency_limit")


class FlowControl(msgspec.Struct, frozen=True):
    """``rejected`` by (flow schema, priority level); ``dispatched`` None: not shown; ``seats`` by priority level."""

    rejected: dict[tuple[str, str], float]
    reasons: dict[str, float]
    dispatched: float | None
    seats: dict[str, float]
    proof: tuple[Evidence, ...]
    seats_proof: tuple[Evidence, ...]

    @property
    def total(self) -> float:
        return sum(self.rejected.values())


def flow_control(scene: Scene) -> FlowControl | None:
    """The API server's metrics of priority and fairness (apiserver_flowcontrol_…)"""
    return scene.derive_once(_counted)


def _counted(scene: Scene) -> FlowControl | None:
    rejected: dict[tuple[str, str], float] = defaultdict(float)
    reasons: dict[str, float] = defaultdict(float)
    seats: dict[str, float] = {}
    dispatched: float | None = None
    proofs: list[tuple[float, Evidence]] = []
    seat_proofs: list[Evidence] = []
    for metric in scene.facts(Metric):
        level = metric.labels.get("priority_level", "")
        if metric.name == _REJECTED:
            rejected[metric.labels.get("flow_schema", ""), level] += metric.value
            reasons[metric.labels.get("reason", "")] += metric.value
            if metric.value > 0:
                proofs.append((metric.value, Evidence(metric.at, f"{metric.value:.0f} requests were refused")))
        elif metric.name == _DISPATCHED:
            dispatched = (dispatched or 0.0) + metric.value
        elif metric.name in _SEATS and level != "exempt":
            seats[level] = metric.value
            seat_proofs.append(Evidence(metric.at, f"{metric.value:.0f} seats for priority level {level}"))
    if not rejected and not seats:
        return None
    proofs.sort(key=lambda item: -item[0])
    proof = tuple(evidence for _, evidence in proofs[:3])
    return FlowControl(dict(rejected), dict(reasons), dispatched, seats, proof, tuple(seat_proofs[:2]))
