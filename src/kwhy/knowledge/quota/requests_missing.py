"""A quota counts a resource that the pods do not ask for by number."""

from __future__ import annotations

from kwhy.knowledge.workload.pods_not_created import PODS_NOT_CREATED
from kwhy.knowledge.workload.refused import REFUSED_ITSELF, Refused, evidence_of, matching, not_said, refused, since_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Present, Verdict
from kwhy.scene.views import WorkloadView

REQUESTS_MISSING = Condition(
    code="quota.requests-missing",
    kind="Deployment",
    nature=Nature.ROOT,
    title="{subject} does not say {resources}, which ResourceQuota {quota} counts",
    summary="Where a quota counts cpu or memory, every container must state it, or the pod is refused.",
    remedies=(
        Remedy(
            id="state-the-resources",
            title="State the resources in the pod template",
            when="now",
            risk="low",
            steps=(
                Step("Set what the quota counts on every container, init containers too: {resources}."),
                Step("Change the template.", "kubectl edit {kind} {name} -n {namespace}"),
            ),
            verify=(Step("Its pods are created.", "kubectl get {kind} {name} -n {namespace}"),),
            undo=(Step("Return to the former template.", "kubectl rollout undo {kind} {name} -n {namespace}"),),
        ),
        Remedy(
            id="defaults-for-the-namespace",
            title="Give the namespace defaults",
            when="lasting",
            risk="low",
            steps=(
                Step(
                    "A LimitRange with default and defaultRequest fills in what templates leave out. See whether the "
                    "namespace has one.",
                    "kubectl describe limitrange -n {namespace}",
                ),
            ),
            verify=(Step("A pod without resources is created with the defaults."),),
            undo=(Step("Delete the LimitRange again; pods that exist keep what they were given."),),
        ),
    ),
)  # fmt: skip

# pods "web-6f5c6d7f64-2nx8q" is forbidden: failed quota: compute: must specify cpu for: app; memory for: app
# k8s.io/apiserver v0.34 pkg/admission/plugin/resourcequota/controller.go CheckRequest; Kubernetes v1.34
# pkg/quota/v1/evaluator/core/pods.go Constraints; v1.18: "must specify cpu,memory"
_MUST_SPECIFY = expression(
    r"failed quota: (?P<quota>[^:\s]{1,253}): must specify (?P<resources>[\w./-]{1,100}[^\n\"\]]{0,600})"
)


@rule(REQUESTS_MISSING, rows=("Q1",), leads=(leads_to(PODS_NOT_CREATED, via=REFUSED_ITSELF),))
def requests_missing(workload: WorkloadView, said: list[Refused] = given(refused)) -> Verdict:
    """The workload's containers do not state what a quota of their namespace counts.

    What it means: A quota for cpu or memory cannot count a container that names no number, so the API server refuses
    the pod, however much of the quota is left.
    How it shows: "failed quota: NAME: must specify …" in FailedCreate events or the condition ReplicaFailure.
    What looks like it: "exceeded quota" states numbers and is about room. A LimitRange says "maximum" or "minimum".
    Source: Kubernetes v1.34 pkg/quota/v1/evaluator/core/pods.go (Constraints).
    """
    found = matching(said, _MUST_SPECIFY)
    if not found:
        return not_said(workload.subject, said)
    match = found[0][0]
    values = {"quota": match["quota"], "resources": match["resources"].strip()}
    return Present(evidence_of(found), values, since=since_of(found))
