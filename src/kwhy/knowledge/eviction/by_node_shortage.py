"""A pod was evicted because its node ran short of a resource."""

from __future__ import annotations

from kwhy.knowledge.container.runs import ask
from kwhy.knowledge.eviction.evicted import EVICTED, By, Eviction, evictions_of
from kwhy.knowledge.eviction.shortage import read_shortage
from kwhy.knowledge.node.reports_problem import REPORTS_PROBLEM, reports_problem
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF, RUNS_ON
from kwhy.scene.views import NodeView, PodView

BY_NODE_SHORTAGE = Condition(
    code="eviction.node-shortage",
    kind="Pod",
    nature=Nature.EFFECT,
    title="Pods of {subject} made room on a node that ran short: {message}",
    summary="The node lacked memory, disk or process ids, and the kubelet chose this pod to go.",
)


@rule(BY_NODE_SHORTAGE, rows=("N13",), leads=(leads_to(EVICTED, via=ITSELF),))
def by_node_shortage(pod: PodView, said: list[Eviction] = given(evictions_of)) -> Verdict:
    """The node ran short.

    What it means: The pod is the victim; pods that use more than they requested go first, then by priority.
    How it shows: "The node was low on resource: …", with the use and the request of the container that used most.
    What looks like it: The pod's own limit has another message and leaves other pods alone.
    Source: Kubernetes v1.34 pkg/kubelet/eviction/helpers.go (evictionMessage, rankMemoryPressure,
    rankDiskPressureFunc).
    """
    short = [eviction for eviction in said if eviction.by is By.NODE]
    if short:
        said_so = Evidence(short[0].at, short[0].text)
        shortage = read_shortage(short[0].text)
        why = Evidence(short[0].at, shortage.explained()) if shortage is not None and shortage.users else None
        because = (said_so,) if why is None else (said_so, why)
        return Present(because, {"message": short[0].text}, since=short[0].since)
    known = [eviction for eviction in said if eviction.by is not By.UNKNOWN]
    if known:
        return Absent((Evidence(known[0].at, known[0].text),))
    return unsure(f"why {pod.subject} was evicted", ask(pod))


@rule(REPORTS_PROBLEM, rows=("N13",), leads=(leads_to(BY_NODE_SHORTAGE, via=RUNS_ON),))
def node_is_short(node: NodeView) -> Verdict:
    """The node that evicts reports a problem.

    What it means: What uses up the node evicts its pods.
    How it shows: As for the node itself.
    What looks like it: The condition ends minutes after the shortage: a pod may have been evicted before.
    Source: Kubernetes v1.34 pkg/kubelet/eviction/eviction_manager.go.
    """
    return reports_problem(node)
