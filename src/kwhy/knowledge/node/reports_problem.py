"""A node reports a problem condition: disk, memory, process ids or network."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.node.reclaim_fails import RECLAIM_FAILS
from kwhy.knowledge.pod.unscheduled import UNSCHEDULED
from kwhy.knowledge.scheduling.placement import CLOSED_BY_STATE
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.time import Moment
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.clock import parse_timestamp
from kwhy.scene.gates import showing_condition
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

REPORTS_PROBLEM = Condition(
    code="node.reports-problem",
    kind="Node",
    nature=Nature.EFFECT,
    title="{subject} reports {problems}",
    summary="A node condition other than Ready says that something is wrong: pressure on a resource, or no network.",
)

#: Conditions whose True means trouble (k8s.io/api v0.34 core/v1 NodeConditionType).
PROBLEMS = ("DiskPressure", "MemoryPressure", "PIDPressure", "NetworkUnavailable")


def _candidates(scene: Scene) -> Iterable[Subject]:
    return showing_condition(scene, "Node", PROBLEMS, "True")


@rule(
    REPORTS_PROBLEM,
    rows=("N12", "N14", "N20", "N25"),
    leads=(leads_to(UNSCHEDULED, via=CLOSED_BY_STATE), leads_to(RECLAIM_FAILS, via=ITSELF)),
    among=_candidates,
    symptom=True,
)
def reports_problem(node: NodeView) -> Verdict:
    """The node reports a problem.

    What it means: The kubelet reclaims the resource, evicts pods, and the node gets a NoSchedule taint.
    How it shows: DiskPressure, MemoryPressure, PIDPressure or NetworkUnavailable is True.
    What looks like it: A condition of status Unknown comes from a silent kubelet, not from pressure.
    Source: Kubernetes v1.34 pkg/kubelet/nodestatus/setters.go; pkg/controller/nodelifecycle (taints by condition).
    """
    shown = {kind: condition for kind in PROBLEMS if (condition := node.condition(kind)).observed}
    if not shown:
        return unsure(f"the conditions of {node.name}", *node.probes())
    problems, because, since = [], [], Moment()
    for kind, condition in shown.items():
        if condition.value is not None and condition.value.status == "True":
            problems.append(kind)
            because.append(Evidence(condition.place, f"{kind} is True: {condition.value.message or 'no message'}"))
            began = parse_timestamp(condition.value.last_transition_time)
            since = Moment(began, began)
    if problems:
        return Present(tuple(because), {"problems": " and ".join(problems)}, since=since)
    return Absent((Evidence(next(iter(shown.values())).place, "no problem condition is True"),))
