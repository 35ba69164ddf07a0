"""The Pod Security level of the namespace refuses the workload's pods."""

from __future__ import annotations

import re

from kwhy.knowledge.workload.pods_not_created import PODS_NOT_CREATED
from kwhy.knowledge.workload.refused import REFUSED_ITSELF, Refused, evidence_of, matching, not_said, refused, since_of
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Present, Verdict
from kwhy.scene.views import WorkloadView

POD_SECURITY = Condition(
    code="admission.pod-security",
    kind="Deployment",
    nature=Nature.ROOT,
    title="{subject} breaks Pod Security level {level} of its namespace: {reason}",
    summary="The namespace's label pod-security.kubernetes.io/enforce refuses the pods as they are written.",
    remedies=(
        Remedy(
            id="meet-the-level",
            title="Write the pod template as the level asks",
            when="now",
            risk="low",
            steps=(
                Step("It asks for: {reason}"),
                Step("Change the template's securityContext and volumes.", "kubectl edit {kind} {name} -n {namespace}"),
                Step(
                    "Where the program needs these rights, give it a namespace of its own with the level it needs; see "
                    "the labels of this one.",
                    "kubectl get namespace {namespace} --show-labels",
                ),
            ),
            verify=(Step("Its pods are created.", "kubectl get {kind} {name} -n {namespace}"),),
            undo=(Step("Return to the former template.", "kubectl rollout undo {kind} {name} -n {namespace}"),),
        ),
    ),
)  # fmt: skip

# pods "web-6f5c6d7f64-2nx8q" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false
# (container "app" must set securityContext.allowPrivilegeEscalation=false), …
# k8s.io/pod-security-admission v0.34 admission/admission.go EvaluatePod
_VIOLATES = expression(r'violates PodSecurity "(?P<level>[\w:.-]{1,60})": (?P<reason>.{1,2000})', re.DOTALL)
# pods "x" is forbidden: pod.Spec.SecurityContext.RunAsUser is forbidden
# Kubernetes v1.18 plugin/pkg/admission/securitycontext/scdeny/admission.go Validate (removed in v1.30)
_DENIES = expression(
    r"(?P<reason>(?:pod\.Spec\.)?SecurityContext\."
    r"(?P<field>RunAsUser|SELinuxOptions|SupplementalGroups|FSGroup) is forbidden)"
)
# pods "x" is forbidden: unable to validate against any pod security policy: [spec.containers[0].securityContext…]
# pods "x" is forbidden: PodSecurityPolicy: unable to admit pod: […] (v1.20 and later)
# Kubernetes v1.18 plugin/pkg/admission/security/podsecuritypolicy/admission.go Admit; removed in v1.25
_POLICY = expression(
    r"(?:unable to validate against any pod security policy|PodSecurityPolicy: unable to (?:admit|validate) pod): "
    r"(?P<reason>.{1,2000})",
    re.DOTALL,
)


@rule(POD_SECURITY, rows=("Q2",), leads=(leads_to(PODS_NOT_CREATED, via=REFUSED_ITSELF),))
def pod_security(workload: WorkloadView, said: list[Refused] = given(refused)) -> Verdict:
    """A security level built into the API server refuses the workload's pods.

    What it means: The pods ask for rights that the namespace does not grant; the message lists each of them.
    How it shows: 'violates PodSecurity "LEVEL:VERSION"' in FailedCreate events or the condition ReplicaFailure; in old
    clusters "unable to validate against any pod security policy" or "SecurityContext.RunAsUser is forbidden".
    What looks like it: A warning "would violate PodSecurity" refuses nothing. Webhooks refuse in their own words.
    Source: k8s.io/pod-security-admission v0.34 admission/admission.go (EvaluatePod); Kubernetes v1.18
    plugin/pkg/admission/securitycontext/scdeny and plugin/pkg/admission/security/podsecuritypolicy.
    """
    for pattern, named in ((_VIOLATES, ""), (_POLICY, "PodSecurityPolicy"), (_DENIES, "SecurityContextDeny")):
        found = matching(said, pattern)
        if found:
            match = found[0][0]
            level = named or match["level"]
            values = {"level": level, "reason": match["reason"].strip()[:300]}
            return Present(evidence_of(found), values, since=since_of(found))
    return not_said(workload.subject, said)
