"""No controller manager runs."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.controlplane.alive import judge_component, processes_of
from kwhy.knowledge.controlplane.not_acted_upon import NOT_ACTED_UPON
from kwhy.knowledge.workload.cronjob_not_running import CRONJOB_NOT_RUNNING
from kwhy.knowledge.workload.cronjob_start_missed import START_MISSED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Verdict
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

CONTROLLER_MANAGER_DOWN = Condition(
    code="controlplane.controller-manager-down",
    kind="Process",
    nature=Nature.ROOT,
    title="{subject} does not run{since}: nothing acts upon workloads, endpoints and nodes",
    summary="kube-controller-manager does not run: Deployments make no ReplicaSets, endpoints go stale.",
    remedies=(
        Remedy(
            id="start-the-controller-manager",
            title="Start kube-controller-manager",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See what is left of it.",
                    "kubectl get pods -n kube-system -l component=kube-controller-manager -o wide",
                ),
                Step("On {node}, see its last words.", "crictl ps -a --name kube-controller-manager"),
                Step(
                    "A static pod runs while its manifest lies in the kubelet's directory: put it back, or correct it.",
                    "ls -l /etc/kubernetes/manifests/kube-controller-manager.yaml",
                ),
            ),
            verify=(
                Step("Its lease is renewed.", "kubectl get lease kube-controller-manager -n kube-system -o yaml"),
                Step("Workloads get their pods.", "kubectl get deployments -A"),
            ),
            undo=(Step("Take the manifest away again."),),
        ),
    ),
)


def _manager(scene: Scene, workload: Subject) -> Iterable[Subject]:
    return processes_of(scene, "kube-controller-manager")


MANAGED_BY = Relation("is managed by", _manager)


@rule(
    CONTROLLER_MANAGER_DOWN,
    rows=("C6",),
    leads=(
        leads_to(NOT_ACTED_UPON, via=MANAGED_BY),
        leads_to(CRONJOB_NOT_RUNNING, via=MANAGED_BY),
        leads_to(START_MISSED, via=MANAGED_BY),
    ),
)
def controller_manager_down(manager: ObjectView) -> Verdict:
    """kube-controller-manager does not run.

    What it means: No controller acts: what was asked for last is not done, and states go stale.
    How it shows: Its leader lease is not renewed while other leases are; the processes of the only control-plane node
    were all listed, and it is not among them.
    What looks like it: Quota and webhook refusals: the controller acts, is refused, and says so in events.
    Source: client-go v0.34 tools/leaderelection; Kubernetes v1.34 cmd/kube-controller-manager/app.
    """
    return judge_component(manager.scene, manager.subject)
