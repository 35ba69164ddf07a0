"""A webhook configuration asks a Service behind which nothing exists."""

from __future__ import annotations

from kwhy.knowledge.admission.webhook_calls import (
    IS_ASKED_BY,
    UNREGISTERED,
    FailedCall,
    Registration,
    calls_to,
    registrations,
)
from kwhy.knowledge.service.backend import Backend, backend
from kwhy.knowledge.service.no_ready_endpoints import NO_READY_ENDPOINTS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.seen import NotObserved
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Gap, Present, Unsure, Verdict, unsure
from kwhy.probes.admission import WEBHOOKS
from kwhy.probes.kubectl import DESCRIBE
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

WEBHOOK_WITHOUT_BACKEND = Condition(
    code="admission.webhook-without-backend",
    kind="ValidatingWebhookConfiguration",
    nature=Nature.ROOT,
    title="{subject} asks {service}, and nothing exists behind it: no pod or workload carries {asked}",
    summary="A webhook is registered with failurePolicy Fail; what should answer it was never deployed, or removed.",
    remedies=(
        Remedy(
            id="exempt-or-remove-the-webhook",
            title="Take the webhook out of the way until its backend runs",
            when="now",
            risk="medium",
            steps=(
                Step(
                    "Keep a copy. Ask its owner first: what the webhook enforces is not enforced meanwhile.",
                    "kubectl get {kind} {name} -o yaml > {name}.yaml",
                ),
                Step(
                    "Let requests pass while it does not answer: set failurePolicy of webhook {webhook} to Ignore.",
                    "kubectl edit {kind} {name}",
                ),
            ),
            verify=(
                Step("The missing pods are created.", "kubectl get events -A --field-selector reason=FailedCreate"),
            ),
            undo=(Step("Restore the copy.", "kubectl apply -f {name}.yaml"),),
        ),
        Remedy(
            id="deploy-the-webhook-server",
            title="Deploy the webhook's server, outside of what the webhook itself checks",
            when="lasting",
            risk="low",
            steps=(
                Step("Deploy it with labels {asked}, at least two replicas, in a namespace that its rules exempt."),
                Step("Or delete the configuration where nobody needs it any more.", "kubectl delete {kind} {name}"),
            ),
            verify=(
                Step(
                    "Its Service has addresses.",
                    "kubectl get endpointslices -n {service_namespace} -l kubernetes.io/service-name={service_name}",
                ),
            ),
            undo=(Step("Restore the copy.", "kubectl apply -f {name}.yaml"),),
        ),
    ),
)


def backends(scene: Scene, configuration: Subject) -> list[tuple[Registration, Backend | NotObserved]]:
    """What stands behind the Services that the configuration's webhooks ask"""
    found: list[tuple[Registration, Backend | NotObserved]] = []
    for registration in scene.derive_once(registrations):
        if registration.configuration != configuration or registration.service is None:
            continue
        try:
            found.append((registration, scene.derive(backend, registration.service)))
        except NotObserved as missing:
            found.append((registration, missing))
    return found


@rule(WEBHOOK_WITHOUT_BACKEND, rows=("C8",), leads=(leads_to(NO_READY_ENDPOINTS, via=IS_ASKED_BY),))
def webhook_without_backend(
    configuration: ObjectView,
    behind: list[tuple[Registration, Backend | NotObserved]] = given(backends),
    calls: list[FailedCall] = given(calls_to),
) -> Verdict:
    """A webhook's backend does not exist.

    What it means: The registration outlived its server, or came before it. It is what refers to the missing thing, so
    it is what to fix.
    How it shows: The API server says that it cannot call the webhook; all pods and workloads of the Service's namespace
    were listed, and none matches its selector, nor nearly.
    What looks like it: The server exists and is not ready, or is scaled to zero, or its Service's selector misses it by
    one label: then that is the cause. A configuration without failing calls refuses nothing.
    Source: k8s.io/apiserver v0.34 pkg/util/proxy/proxy.go (ResolveEndpoint: no endpoints available for service).
    """
    failing = {call.webhook: call for call in calls}
    gaps: list[Gap] = []
    refuted: list[Evidence] = []
    for registration, found in behind:
        if isinstance(found, NotObserved):
            gaps.append(Gap(found.what, found.probes))
            continue
        if found.pods or found.workloads:
            other = (*found.pods, *found.workloads)[0]
            refuted.append(Evidence(other.at, f"{other.subject} stands behind {registration.service}"))
            continue
        if found.near:
            refuted.append(Evidence(found.near[0].at, f"{found.near[0].owner} nearly matches"))
            continue
        if found.pods_known is None or not found.nothing:
            gaps.append(Gap(f"every pod and workload behind {registration.service}", found.gaps))
            continue
        call = failing.get(registration.webhook.name)
        if call is not None and registration.webhook.failure_policy == "Fail":
            return _present(registration, found, call)
    if configuration.subject.kind == UNREGISTERED:
        return unsure(f"the configuration that registers webhook {configuration.name}", WEBHOOKS.of())
    if gaps or not refuted:
        probe = DESCRIBE.of(kind=configuration.subject.kind, name=configuration.name)
        return Unsure(tuple(gaps) or (Gap(f"what answers the webhooks of {configuration.subject}", (probe,)),))
    return Absent(tuple(refuted))


def _present(registration: Registration, found: Backend, call: FailedCall) -> Present:
    because = [
        call.evidence,
        Evidence(registration.at, f"the webhook asks {registration.service}, failurePolicy Fail"),
        Evidence(found.selector_at, f"the Service selects {found.asked}"),
    ]
    if found.pods_known is not None:
        because.append(Evidence(found.pods_known, "no listed pod carries these labels"))
    service = registration.service or Subject("Service", "")
    values = {
        "service": service,
        "service_name": service.name,
        "service_namespace": service.namespace or "",
        "asked": found.asked,
        "webhook": registration.webhook.name,
    }
    return Present(tuple(because), values, basis=Basis.RECOMPUTED)
