"""A ValidatingAdmissionPolicy refuses the workload's pods."""

from __future__ import annotations

import re

from kwhy.knowledge.workload.pods_not_created import PODS_NOT_CREATED
from kwhy.knowledge.workload.refused import REFUSED_ITSELF, Refused, evidence_of, matching, not_said, refused, since_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Present, Verdict
from kwhy.scene.views import WorkloadView

POLICY_DENIES = Condition(
    code="admission.policy-denies",
    kind="Deployment",
    nature=Nature.ROOT,
    title="ValidatingAdmissionPolicy {policy} refuses the pods of {subject}: {reason}",
    summary="A policy that the API server evaluates itself refuses the pods as they are written.",
    remedies=(
        Remedy(
            id="meet-the-policy",
            title="Change the pod template so that the policy accepts it",
            when="now",
            risk="low",
            steps=(
                Step("The policy says: {reason}"),
                Step("See its expressions.", "kubectl get validatingadmissionpolicy {policy} -o yaml"),
                Step("Change the template accordingly.", "kubectl edit {kind} {name} -n {namespace}"),
            ),
            verify=(Step("Its pods are created.", "kubectl get {kind} {name} -n {namespace}"),),
            undo=(Step("Return to the former template.", "kubectl rollout undo {kind} {name} -n {namespace}"),),
        ),
    ),
)

# pods "web-x" is forbidden: ValidatingAdmissionPolicy 'replicas' with binding 'replicas-shop' denied request: too many
# k8s.io/apiserver v0.34 pkg/admission/plugin/policy/validating/dispatcher.go Dispatch
_DENIED = expression(
    r"ValidatingAdmissionPolicy '(?P<policy>[^']{1,253})'(?: with binding '(?P<binding>[^']{1,253})')? denied request: "
    r"(?P<reason>.{1,2000})",
    re.DOTALL,
)


@rule(POLICY_DENIES, rows=("Q2", "C8"), leads=(leads_to(PODS_NOT_CREATED, via=REFUSED_ITSELF),))
def policy_denies(workload: WorkloadView, said: list[Refused] = given(refused)) -> Verdict:
    """A ValidatingAdmissionPolicy refuses the workload's pods.

    What it means: An expression of the policy is false for the pods; no webhook is involved.
    How it shows: "ValidatingAdmissionPolicy 'NAME' … denied request" in FailedCreate events or ReplicaFailure.
    What looks like it: A webhook's policy ("admission webhook … denied the request"); Pod Security.
    Source: k8s.io/apiserver v0.34 pkg/admission/plugin/policy/validating/dispatcher.go (Dispatch).
    """
    found = matching(said, _DENIED)
    if not found:
        return not_said(workload.subject, said)
    match = found[0][0]
    values = {"policy": match["policy"], "reason": match["reason"].strip()[:300]}
    return Present(evidence_of(found), values, since=since_of(found))
