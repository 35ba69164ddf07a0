"""The API server does not trust the certificate of an admission webhook."""

from __future__ import annotations

from kwhy.knowledge.admission.webhook_calls import FailedCall, calls_to
from kwhy.knowledge.admission.webhook_unreachable import WEBHOOK_UNREACHABLE
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.kubectl import EVENTS
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import ObjectView

WEBHOOK_CERTIFICATE = Condition(
    code="admission.webhook-certificate",
    kind="ValidatingWebhookConfiguration",
    nature=Nature.ROOT,
    title="{subject} does not fit the certificate of its server: {error}",
    summary="The certificate that the webhook's server presents does not fit the caBundle of its registration.",
    remedies=(
        Remedy(
            id="renew-certificate-and-bundle",
            title="Renew the serving certificate, and register its issuer",
            when="now",
            risk="low",
            steps=(
                Step("See which issuer is registered.", "kubectl get {kind} {name} -o yaml"),
                Step(
                    "Let the webhook's own tool (cert-manager, its operator) issue the certificate and caBundle anew."
                ),
            ),
            verify=(
                Step("The missing pods are created.", "kubectl get events -A --field-selector reason=FailedCreate"),
            ),
            undo=(Step("Restore the former Secret and caBundle."),),
        ),
    ),
)

# tls: failed to verify certificate: x509: certificate signed by unknown authority (Go 1.9 to 1.26, crypto/x509)
_X509 = expression(r"x509: (?P<error>[^\n\"]{1,300})")


@rule(WEBHOOK_CERTIFICATE, rows=("C8",), leads=(leads_to(WEBHOOK_UNREACHABLE, via=ITSELF),))
def webhook_certificate(configuration: ObjectView, calls: list[FailedCall] = given(calls_to)) -> Verdict:
    """The webhook's certificate is not trusted.

    What it means: The server answers, and the API server hangs up on it.
    How it shows: "failed calling webhook" ends in an x509 error: unknown authority (caBundle is of another issuer),
    expired, or valid for other names than SERVICE.NAMESPACE.svc.
    What looks like it: A server that does not answer at all (refused, no endpoints, deadline).
    Source: k8s.io/apiserver v0.34 pkg/util/webhook/client.go; Go crypto/x509 verify.go.
    """
    if not calls:
        return unsure(f"refusals that name a webhook of {configuration.subject}", EVENTS.of(namespace="default"))
    for call in calls:
        match = _X509.search(call.error)
        if match is not None:
            return Present((call.evidence,), {"error": match["error"]}, since=call.since)
    return Absent((calls[0].evidence,))
