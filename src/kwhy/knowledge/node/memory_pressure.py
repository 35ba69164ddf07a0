"""A node has less available memory than the threshold at which its kubelet evicts."""

from __future__ import annotations

from decimal import Decimal

from kwhy.knowledge.node.pressure import hard_thresholds, judge_pressure, withheld
from kwhy.knowledge.node.reclaim_fails import RECLAIM_FAILS, failures_of
from kwhy.knowledge.node.reports_problem import REPORTS_PROBLEM
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.document import Locator
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Verdict
from kwhy.scene.events import MergedEvent
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

MEMORY_PRESSURE = Condition(
    code="node.memory-pressure",
    kind="Node",
    nature=Nature.ROOT,
    title="{subject} has less available memory than its kubelet wants{threshold}",
    summary="memory.available is below the hard eviction threshold: the kubelet evicts pods and admits fewer.",
    remedies=(
        Remedy(
            id="relieve-the-memory",
            title="Find who uses the memory, and move or bound it",
            when="now",
            risk="medium",
            steps=(
                Step(
                    "See who uses most. Pods above their request go first; a pod without request is always above it.",
                    "kubectl top pods -A --sort-by=memory",
                ),
                Step(
                    "The kubelet counts capacity minus working set; page cache that can be dropped is not in it.",
                    "kubectl get --raw /api/v1/nodes/{name}/proxy/stats/summary",
                ),
                Step("Stop or move what uses it, or give the node more memory."),
            ),
            verify=(
                Step(
                    "MemoryPressure turns False after evictionPressureTransitionPeriod (5 minutes by default).",
                    "kubectl describe node {name}",
                ),
            ),
            undo=(Step("Start again what was stopped."),),
        ),
        Remedy(
            id="bound-the-users",
            title="Set requests that fit what pods use, and limits",
            when="lasting",
            risk="low",
            steps=(
                Step("Requests make the scheduler leave room; limits end a leak in its own container."),
                Step(
                    "Compare evictionHard with the size of the node: the default is memory.available<100Mi.",
                    "kubectl get --raw /api/v1/nodes/{name}/proxy/configz",
                ),
            ),
            verify=(Step("No new event EvictionThresholdMet.", "kubectl events --for node/{name}"),),
            undo=(Step("Set the former requests, limits or thresholds again."),),
        ),
    ),
)  # fmt: skip

#: A node that keeps more than this from pods is configured for something else than running them.
UNUSUAL_SHARE = Decimal("0.5")


def _configured(scene: Scene, node: Subject) -> dict[Locator, list[str]]:
    """The hard eviction threshold for memory in the kubelet's configuration"""
    return hard_thresholds(scene, node, ("memory.",))


@rule(
    MEMORY_PRESSURE,
    rows=("N14",),
    leads=(leads_to(REPORTS_PROBLEM, via=ITSELF), leads_to(RECLAIM_FAILS, via=ITSELF)),
)
def memory_pressure(
    node: NodeView,
    configured: dict[Locator, list[str]] = given(_configured),
    failures: list[MergedEvent] = given(failures_of),
) -> Verdict:
    """The node has too little available memory.

    What it means: memory.available is below its hard eviction threshold. The kubelet evicts pods, those above their
    requests first, and the node gets the taint node.kubernetes.io/memory-pressure.
    How it shows: The kubelet's own condition MemoryPressure is True. The threshold stands in its configuration.
    What looks like it: A container killed at its own limit (OOMKilled) puts no pressure on the node. The kernel's
    system OOM killer strikes where memory runs out faster than the kubelet looks (every 10 s). MemoryPressure with
    status Unknown comes from a silent kubelet. A threshold near the node's size makes an idle node "full".
    Source: Kubernetes v1.34 pkg/kubelet/eviction/eviction_manager.go (synchronize), helpers.go, defaults_linux.go.
    """
    return judge_pressure(node, "MemoryPressure", configured, failures, withheld(node, "memory"), UNUSUAL_SHARE)
