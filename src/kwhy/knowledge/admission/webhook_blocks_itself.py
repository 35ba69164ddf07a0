"""A webhook refuses the pods of its own server, which it cannot reach without them."""

from __future__ import annotations

from kwhy.facts.objects import DaemonSet, Deployment, ReplicaSet, StatefulSet
from kwhy.knowledge.admission.webhook_calls import ASKED_IN_VAIN, FailedCall, calls_to, services_of
from kwhy.knowledge.workload.pods_not_created import PODS_NOT_CREATED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import LIST
from kwhy.scene.relations import selects
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView, ServiceView

WEBHOOK_BLOCKS_ITSELF = Condition(
    code="admission.webhook-blocks-itself",
    kind="ValidatingWebhookConfiguration",
    nature=Nature.ROOT,
    title="{subject} is to check the pods of its own server {workload}, which cannot start without the check",
    summary="The webhook's rules cover the namespace of its own backend, so that an outage of the backend is for ever.",
    remedies=(
        Remedy(
            id="exempt-the-server",
            title="Exempt the namespace of the webhook's server from the webhook",
            when="now",
            risk="medium",
            steps=(
                Step("Keep a copy.", "kubectl get {kind} {name} -o yaml > {name}.yaml"),
                Step(
                    "Add a namespaceSelector or objectSelector that leaves {workload} out.",
                    "kubectl edit {kind} {name}",
                ),
            ),
            verify=(Step("The server's pods start.", "kubectl get pods -n {workload_namespace}"),),
            undo=(Step("Restore the copy.", "kubectl apply -f {name}.yaml"),),
        ),
    ),
)


def own_refusals(scene: Scene, configuration: Subject) -> list[FailedCall]:
    """Refused pods that stand behind the very Service that the webhook asks"""
    selectors = []
    for service in services_of(scene, configuration):
        seen = ServiceView(scene, service).selector
        if seen.observed and seen.value:
            selectors.append((service.namespace, seen.value))
    found = []
    for call in calls_to(scene, configuration):
        for observation in scene.observations(call.workload):
            struct = observation.object
            if not isinstance(struct, Deployment | StatefulSet | DaemonSet | ReplicaSet):
                continue
            labels = getattr(getattr(struct.spec.template, "metadata", None), "labels", None)
            if isinstance(labels, dict) and any(
                namespace == call.workload.namespace and selects(selector, labels) for namespace, selector in selectors
            ):
                found.append(call)
                break
    return found


@rule(WEBHOOK_BLOCKS_ITSELF, rows=("C8",), leads=(leads_to(PODS_NOT_CREATED, via=ASKED_IN_VAIN),))
def webhook_blocks_itself(
    configuration: ObjectView,
    calls: list[FailedCall] = given(calls_to),
    own: list[FailedCall] = given(own_refusals),
) -> Verdict:
    """The webhook blocks its own server.

    What it means: The server's pods need the webhook's consent, and the webhook needs the server's pods.
    How it shows: Pods of the workload behind the webhook's Service are refused because this webhook cannot be called.
    What looks like it: A server that is down for a reason of its own, in a namespace that the webhook exempts.
    Source: kubernetes.io/docs/concepts/cluster-administration/admission-webhooks-good-practices (self-mutations).
    """
    if own:
        workload = own[0].workload
        because = tuple(dict.fromkeys(call.evidence for call in own))
        values = {"workload": workload, "workload_namespace": workload.namespace or ""}
        return Present(because, values, since=own[0].since, basis=Basis.RECOMPUTED)
    asked = services_of(configuration.scene, configuration.subject)
    if calls and all(configuration.scene.exists(service) for service in asked):
        says = f"the refused pods are those of {calls[0].workload}, not of the webhook's server"
        return Absent((Evidence(calls[0].evidence.at, says),))
    return unsure(
        f"which workload answers the webhooks of {configuration.subject}", LIST.of(kind="services,deployments")
    )
