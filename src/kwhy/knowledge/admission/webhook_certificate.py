"""The API server does not trust the certificate of an admission webhook."""

from __future__ import annotations

import msgspec

from kwhy.facts.log_patterns.tls import Fault, TlsComplaint, complaint_in
from kwhy.facts.objects import Pod
from kwhy.knowledge.admission.webhook_calls import FailedCall, calls_to
from kwhy.knowledge.admission.webhook_unreachable import WEBHOOK_UNREACHABLE
from kwhy.knowledge.config.references import keys_of
from kwhy.knowledge.tls.paths import climbed, issued, issuer_called
from kwhy.knowledge.tls.shown import held_by
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import EVENTS
from kwhy.probes.tls import SECRETS_OF_PODS
from kwhy.scene.relations import ITSELF, pods_selected
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

WEBHOOK_CERTIFICATE = Condition(
    code="admission.webhook-certificate",
    kind="ValidatingWebhookConfiguration",
    nature=Nature.ROOT,
    title="The certificate of {server} does not fit what {configuration} registers: {error}{bundle}",
    summary="The certificate that the webhook's server presents does not fit the caBundle of its registration.",
    remedies=(
        Remedy(
            id="renew-certificate-and-bundle",
            title="Renew the serving certificate, and register its issuer",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See which issuer is registered, and which names the server's certificate has.",
                    "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations -o yaml",
                ),
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

#: The key of a Secret that holds a certificate (k8s.io/api core/v1 types.go TLSCertKey).
_KEY = "tls.crt"
#: Faults that the registration mends; all others are the certificate's.
_OF_BUNDLE = (Fault.UNKNOWN_AUTHORITY, Fault.SELF_SIGNED)


def _secret_of(scene: Scene, service: Subject | None) -> Subject | None:
    """The one Secret with a certificate that the pods behind the Service mount."""
    found: set[Subject] = set()
    for pod in pods_selected(scene, service) if service is not None else ():
        for observation in scene.observations(pod)[:1]:
            struct = observation.object
            volumes = struct.spec.volumes if isinstance(struct, Pod) else None
            for volume in volumes if isinstance(volumes, list) else []:
                if volume.secret is not None:
                    found.add(Subject("Secret", volume.secret.secret_name, pod.namespace))
    with_key = {
        secret for secret in found if _KEY in (keys_of(scene, "Secret", secret.name, secret.namespace) or [()])[0]
    }
    best = with_key or found
    return next(iter(best)) if len(best) == 1 else None


class Judged(msgspec.Struct, frozen=True):
    """A call that failed over the certificate: what the registration believes, what the server shows, whom to blame."""

    call: FailedCall
    complaint: TlsComplaint
    blames: Subject | None
    bundle: str
    because: tuple[Evidence, ...]


def judged(scene: Scene, configuration: Subject) -> Judged | None:
    """The webhook's certificate beside the caBundle of its registration"""
    for call in calls_to(scene, configuration):
        complaint = complaint_in(call.error)
        if complaint is not None:
            return _judged(scene, configuration, call, complaint)
    return None


def _judged(scene: Scene, configuration: Subject, call: FailedCall, complaint: TlsComplaint) -> Judged:
    service = call.service
    secret = _secret_of(scene, service)
    trusted = [held for held in held_by(scene, configuration) if held.use == "trusts"]
    shown = [held for held in held_by(scene, secret) if held.use == "presents"] if secret is not None else []
    if complaint.fault not in _OF_BUNDLE:
        because = tuple(
            Evidence(
                held.at,
                f"certificate {held.certificate.called} is for {', '.join(held.certificate.names) or 'no name'}",
            )
            for held in shown[:1]
        )
        return Judged(call, complaint, secret, "", because)
    because = tuple(
        Evidence(held.at, f"caBundle believes {held.certificate.called}, key {held.certificate.key_id[:16]}")
        for held in trusted[:2]
    )
    if shown and trusted:
        top = climbed(tuple(held.certificate for held in shown))
        if any(issued(top, held.certificate) for held in trusted):
            return Judged(
                call, complaint, secret, "; the Secret was put right since, its server still shows another", because
            )
        because += (Evidence(shown[0].at, f"the server's certificate was signed by {issuer_called(top)}"),)
    names = ", ".join(dict.fromkeys(held.certificate.called for held in trusted))
    return Judged(call, complaint, None, f"; caBundle holds {names}" if names else "", because)


@rule(WEBHOOK_CERTIFICATE, rows=("C8", "T1", "T2", "T3"), leads=(leads_to(WEBHOOK_UNREACHABLE, via=ITSELF),))
def webhook_certificate(
    configuration: ObjectView, calls: list[FailedCall] = given(calls_to), found: Judged | None = given(judged)
) -> Verdict:
    """The webhook's certificate is not trusted.

    What it means: The server answers, and the API server hangs up on it.
    How it shows: "failed calling webhook" ends in an x509 error: unknown authority (caBundle is of another issuer),
    expired, or valid for other names than SERVICE.NAMESPACE.svc. Where the caBundle and the Secret that the server
    mounts are shown, they are compared; a wrong name or an expired certificate is the Secret's, a wrong authority the
    registration's.
    What looks like it: A server that does not answer at all (refused, no endpoints, deadline).
    Source: k8s.io/apiserver v0.34 pkg/util/webhook/client.go; Go crypto/x509 verify.go.
    """
    if not calls:
        return unsure(f"refusals that name a webhook of {configuration.subject}", EVENTS.of(namespace="default"))
    if found is None:
        return Absent((calls[0].evidence,))
    call = found.call
    if found.blames is None and found.complaint.fault not in _OF_BUNDLE:
        namespace = call.service.namespace if call.service is not None else None
        return unsure(
            f"where the server of webhook {call.webhook} has its certificate from",
            SECRETS_OF_PODS.of(namespace=namespace),
        )
    values = {
        "error": found.complaint.text,
        "bundle": found.bundle,
        "configuration": configuration.subject,
        "server": call.service or f"the server of webhook {call.webhook}",
    }
    return Present((call.evidence, *found.because), values, since=call.since, blames=found.blames)
