"""An admission webhook answers, and refuses the workload's pods."""

from __future__ import annotations

from kwhy.knowledge.admission.webhook_calls import Denial, denials
from kwhy.knowledge.workload.pods_not_created import PODS_NOT_CREATED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Present, Verdict, unsure
from kwhy.probes.kubectl import EVENTS
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import WorkloadView

WEBHOOK_DENIES = Condition(
    code="admission.webhook-denies",
    kind="Deployment",
    nature=Nature.ROOT,
    title="Webhook {webhook} refuses the pods of {subject}: {reason}",
    summary="A policy refuses the pods as they are written; the webhook itself works.",
    remedies=(
        Remedy(
            id="meet-the-policy",
            title="Change the pod template so that the policy accepts it",
            when="now",
            risk="low",
            steps=(
                Step("The policy says: {reason}"),
                Step("Change the template accordingly.", "kubectl edit {kind} {name} -n {namespace}"),
            ),
            verify=(Step("Its pods are created.", "kubectl get {kind} {name} -n {namespace}"),),
            undo=(Step("Return to the former template.", "kubectl rollout undo {kind} {name} -n {namespace}"),),
        ),
    ),
)


@rule(WEBHOOK_DENIES, rows=("C8",), leads=(leads_to(PODS_NOT_CREATED, via=ITSELF),))
def webhook_denies(workload: WorkloadView, denied: list[Denial] = given(denials)) -> Verdict:
    """A webhook's policy refuses the workload's pods.

    What it means: The webhook was reached and said no; its reason is in the message.
    How it shows: "admission webhook … denied the request" in FailedCreate events or ReplicaFailure.
    What looks like it: "failed calling webhook": it could not be asked at all. Policies built into the API server
    (PodSecurity, ValidatingAdmissionPolicy, quotas) refuse in words of their own.
    Source: k8s.io/apiserver v0.34 pkg/admission/plugin/webhook/errors/statuserror.go (ToStatusErr).
    """
    if not denied:
        return unsure(f"why pods of {workload.subject} are refused", EVENTS.of(namespace=workload.namespace))
    first = denied[0]
    because = tuple(dict.fromkeys(denial.evidence for denial in denied))
    return Present(because, {"webhook": first.webhook, "reason": first.reason[:300]}, since=first.since)
