"""The API server cannot call an admission webhook, and refuses what the webhook was to check."""

from __future__ import annotations

from kwhy.knowledge.admission.webhook_calls import ASKED_IN_VAIN, ASKS, FailedCall, calls_to, registered
from kwhy.knowledge.workload.pods_not_created import PODS_NOT_CREATED
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import EVENTS
from kwhy.scene.views import ObjectView

__all__ = ["ASKS", "WEBHOOK_UNREACHABLE"]

WEBHOOK_UNREACHABLE = Condition(
    code="admission.webhook-unreachable",
    kind="ValidatingWebhookConfiguration",
    nature=Nature.EFFECT,
    title="{subject} cannot be asked (webhook {webhook}): {error}",
    summary="A webhook with failurePolicy Fail does not answer, so the API server refuses what it would check.",
)


@rule(WEBHOOK_UNREACHABLE, rows=("C8",), leads=(leads_to(PODS_NOT_CREATED, via=ASKED_IN_VAIN),))
def webhook_unreachable(configuration: ObjectView, calls: list[FailedCall] = given(calls_to)) -> Verdict:
    """An admission webhook cannot be called.

    What it means: With failurePolicy Fail nothing that matches the webhook's rules can be created or changed, the
    webhook's own pods included.
    How it shows: FailedCreate events and ReplicaFailure with "failed calling webhook", and the error of the call: no
    endpoints available, connection refused, context deadline exceeded, x509.
    What looks like it: "admission webhook … denied the request": it answered, and its policy says no. With
    failurePolicy Ignore a webhook that does not answer is only slow.
    Source: k8s.io/apiserver v0.34 pkg/admission/plugin/webhook/validating/dispatcher.go; pkg/util/webhook/error.go.
    """
    if not calls:
        return unsure(f"refusals that name a webhook of {configuration.subject}", EVENTS.of(namespace="default"))
    first = calls[0]
    because = [call.evidence for call in calls]
    for registration in registered(configuration.scene, first.webhook):
        if registration.configuration == configuration.subject:
            policy = registration.webhook.failure_policy
            because.append(Evidence(registration.at, f"failurePolicy {policy} of webhook {first.webhook}"))
    values = {"webhook": first.webhook, "error": first.error[:200]}
    return Present(tuple(dict.fromkeys(because)), values, since=first.since)
