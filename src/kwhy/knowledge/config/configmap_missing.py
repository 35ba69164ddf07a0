"""A pod refers to a ConfigMap that does not exist."""

from __future__ import annotations

from kwhy.knowledge.config.not_available import NOT_AVAILABLE
from kwhy.knowledge.config.objects import judge_missing
from kwhy.knowledge.config.references import Want, said_to_lack
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

CONFIGMAP_MISSING = Condition(
    code="config.configmap-missing",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} refers to ConfigMap {missing}, which does not exist{hint}",
    summary="The kubelet creates no container of the pod before the ConfigMap exists.",
    remedies=(
        Remedy(
            id="create-the-configmap",
            title="Create the ConfigMap, or correct its name in the workload",
            when="now",
            risk="low",
            steps=(
                Step("See which exist in the namespace.", "kubectl get configmaps -n {namespace}"),
                Step("Create {missing} in namespace {namespace}; the pods that wait go on by themselves."),
                Step("Or correct the reference.", "kubectl edit {kind} {name} -n {namespace}"),
            ),
            verify=(Step("The pods start.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Remove what was created.", "kubectl delete configmap {missing} -n {namespace}"),),
        ),
    ),
)


@rule(CONFIGMAP_MISSING, rows=("P6",), leads=(leads_to(NOT_AVAILABLE, via=ITSELF),))
def configmap_missing(pod: PodView, wants: list[Want] = given(said_to_lack)) -> Verdict:
    """The ConfigMap does not exist.

    What it means: The pod asks for something that is not in its namespace; the object to fix is the one that refers to
    it, since what does not exist cannot be.
    How it shows: FailedMount or CreateContainerConfigError says 'configmap "x" not found'; or all of the namespace were
    listed without it.
    What looks like it: A reference marked optional does not stop the pod. A ConfigMap of this name in another namespace
    does not count. One that was made meanwhile is there: then the pod goes on with the next try.
    Source: Kubernetes v1.34 pkg/volume/configmap/configmap.go; pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables).
    """
    return judge_missing(pod, wants, "ConfigMap")
