"""A node has fewer process ids left than the threshold at which its kubelet evicts."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from kwhy.facts.network import Sysctl
from kwhy.knowledge.container.cannot_fork import CANNOT_FORK
from kwhy.knowledge.node.pressure import hard_thresholds, judge_pressure
from kwhy.knowledge.node.reclaim_fails import RECLAIM_FAILS, failures_of
from kwhy.knowledge.node.reports_problem import REPORTS_PROBLEM
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.document import Locator
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence, Present, Verdict
from kwhy.scene.events import MergedEvent
from kwhy.scene.relations import ITSELF, RUNS_ON
from kwhy.scene.scene import Scene
from kwhy.scene.views import NodeView

PID_PRESSURE = Condition(
    code="node.pid-pressure",
    kind="Node",
    nature=Nature.ROOT,
    title="{subject} has fewer process ids left than its kubelet wants{threshold}",
    summary="pid.available is below the eviction threshold: the kubelet evicts pods, and programs cannot start others.",
    remedies=(
        Remedy(
            id="end-what-multiplies",
            title="Find whose processes multiply, and end them",
            when="now",
            risk="medium",
            steps=(
                Step(
                    "Count threads by program; zombies (state Z) hold an id each until their parent reaps them.",
                    "ps -eLo comm,state | sort | uniq -c | sort -n | tail -20",
                ),
                Step(
                    "See which pod they belong to.",
                    "grep . /sys/fs/cgroup/kubepods*/*/*/pids.current /sys/fs/cgroup/pids/kubepods/*/*/pids.current",
                ),
                Step("Delete or scale down the workload that they belong to."),
            ),
            verify=(Step("PIDPressure is False.", "kubectl describe node {name}"),),
            undo=(Step("Scale the workload up again."),),
        ),
        Remedy(
            id="bound-pods",
            title="Bound the processes of each pod, and give the node as many ids as it needs",
            when="lasting",
            risk="low",
            steps=(
                Step("Set podPidsLimit in the kubelet's configuration, so that one pod cannot take all."),
                Step("Raise the node's own limits where many pods are wanted.", "sysctl -w kernel.pid_max=4194304"),
                Step("Compare evictionHard: pid.available has no default threshold.",
                     "kubectl get --raw /api/v1/nodes/{name}/proxy/configz"),
            ),
            verify=(Step("No new event EvictionThresholdMet.", "kubectl events --for node/{name}"),),
            undo=(Step("Set the former limits again."),),
        ),
    ),
)  # fmt: skip


#: What bounds the number of a node's processes (Kubernetes v1.34 pkg/kubelet/stats/pidlimit/pidlimit_linux.go).
_OWN_LIMITS = ("kernel.pid_max", "kernel.threads-max")


def _configured(scene: Scene, node: Subject) -> dict[Locator, list[str]]:
    """The hard eviction threshold for process ids in the kubelet's configuration"""
    return hard_thresholds(scene, node, ("pid.",))


def _limits(scene: Scene, node: Subject) -> list[Evidence]:
    """The node's own limits of process ids (sysctl)"""
    return [
        Evidence(setting.at, f"{setting.key} is {setting.value}")
        for setting in scene.facts_on(node, Sysctl)
        if setting.key in _OWN_LIMITS and setting.file is None
    ]


@rule(
    PID_PRESSURE,
    rows=("N20",),
    leads=(
        leads_to(REPORTS_PROBLEM, via=ITSELF),
        leads_to(RECLAIM_FAILS, via=ITSELF),
        leads_to(CANNOT_FORK, via=RUNS_ON),
    ),
)
def pid_pressure(
    node: NodeView,
    configured: dict[Locator, list[str]] = given(_configured),
    failures: list[MergedEvent] = given(failures_of),
    limits: list[Evidence] = given(_limits),
) -> Verdict:
    """The node runs out of process ids.

    What it means: Threads take ids too. The node's limit is the smaller of kernel.pid_max and kernel.threads-max; what
    is left of it is below the threshold pid.available. The kubelet evicts pods and the node gets the taint
    node.kubernetes.io/pid-pressure.
    How it shows: The kubelet's own condition PIDPressure is True. The threshold stands in its configuration.
    What looks like it: A pod at its own limit (podPidsLimit) puts no pressure on the node. PIDPressure with status
    Unknown comes from a silent kubelet. A threshold near the node's limit makes an idle node "full".
    Source: Kubernetes v1.34 pkg/kubelet/stats/pidlimit/pidlimit_linux.go, pkg/kubelet/eviction/helpers.go,
    pkg/kubelet/nodestatus/setters.go (PIDPressureCondition).
    """
    verdict = judge_pressure(node, "PIDPressure", configured, failures, None, Decimal(1))
    if isinstance(verdict, Present):
        return msgspec.structs.replace(verdict, because=(*verdict.because, *limits))
    return verdict
