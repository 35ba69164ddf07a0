"""What refusals say about admission webhooks, and which configurations register them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec

from kwhy.facts.objects import MutatingWebhookConfiguration, ValidatingWebhookConfiguration, Webhook
from kwhy.knowledge.workload.pods_not_created import failing_condition, refusals, refused_workloads
from kwhy.model.document import Locator
from kwhy.model.expressions import expression
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.model.time import UNKNOWN_MOMENT, Moment, by
from kwhy.model.verdict import Evidence
from kwhy.scene.scene import Scene

#: The kind of a webhook of which only refusals tell, not the configuration that registers it.
UNREGISTERED = "Webhook"
KINDS = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
Configuration: TypeAlias = ValidatingWebhookConfiguration | MutatingWebhookConfiguration

# failed calling webhook "check.policy.lab.example": failed to call webhook: Post "https://policy-webhook.policy.svc:443/
# validate?timeout=3s": no endpoints available for service "policy-webhook"
# k8s.io/apiserver v0.34 pkg/util/webhook/error.go ErrCallingWebhook; plugin/webhook/validating/dispatcher.go callHook;
# before 1.24 without "failed to call webhook: ", before 1.20 with the URL not quoted
_FAILED = expression(
    r'failed calling webhook "(?P<webhook>[^"]{1,253})": (?:failed to call webhook: )?(?P<error>.{1,2000})', re.DOTALL
)
# Post "https://policy-webhook.policy.svc:443/validate?timeout=3s": …
_CALLED = expression(
    r'(?:Post|Get) "?https://(?P<service>[a-z0-9-]{1,63})\.(?P<namespace>[a-z0-9-]{1,63})\.svc(?:\.[a-z0-9.-]{1,200})?[:/]'
)
# admission webhook "check.policy.lab.example" denied the request: images must be signed
# k8s.io/apiserver v0.34 pkg/admission/plugin/webhook/errors/statuserror.go ToStatusErr
_DENIED = expression(
    r'admission webhook "(?P<webhook>[^"]{1,253})" denied the request(?:: | )(?P<reason>.{1,2000})', re.DOTALL
)


class FailedCall(msgspec.Struct, frozen=True):
    """The API server could not call a webhook. ``service`` is where it called, as far as the error says."""

    webhook: str
    error: str
    service: Subject | None
    workload: Subject
    evidence: Evidence
    since: Moment = UNKNOWN_MOMENT


class Denial(msgspec.Struct, frozen=True):
    """A webhook answered, and refused."""

    webhook: str
    reason: str
    evidence: Evidence
    since: Moment = UNKNOWN_MOMENT


class Registration(msgspec.Struct, frozen=True):
    """A webhook of a configuration."""

    configuration: Subject
    webhook: Webhook
    at: Locator

    @property
    def service(self) -> Subject | None:
        asked = self.webhook.client_config.service
        return Subject("Service", asked.name, asked.namespace) if asked is not None else None


def _messages(scene: Scene, workload: Subject) -> Iterator[tuple[str, Evidence, Moment]]:
    for event in scene.derive(refusals, workload):
        yield event.message, Evidence(event.at, event.message), by(event.first)
    for message, evidence in scene.derive(failing_condition, workload):
        yield message, evidence, UNKNOWN_MOMENT


def failed_calls(scene: Scene, workload: Subject) -> list[FailedCall]:
    """Refusals of the workload's pods because a webhook could not be called"""
    found = []
    for message, evidence, since in _messages(scene, workload):
        match = _FAILED.search(message)
        if match is not None:
            called = _CALLED.search(match["error"])
            service = Subject("Service", called["service"], called["namespace"]) if called else None
            found.append(FailedCall(match["webhook"], match["error"], service, workload, evidence, since))
    return found


def denials(scene: Scene, workload: Subject) -> list[Denial]:
    """Refusals of the workload's pods by a webhook that answered"""
    return [
        Denial(match["webhook"], match["reason"].strip(), evidence, since)
        for message, evidence, since in _messages(scene, workload)
        if (match := _DENIED.search(message))
    ]


def registrations(scene: Scene) -> list[Registration]:
    """Every webhook of every configuration that was shown."""
    found = []
    for kind in KINDS:
        for subject in scene.subjects(kind):
            for observation in scene.observations(subject)[:1]:
                struct = observation.object
                if not isinstance(struct, Configuration) or not isinstance(struct.webhooks, list):
                    continue
                for index, webhook in enumerate(struct.webhooks):
                    says = f"webhook {webhook.name}, failurePolicy {webhook.failure_policy}"
                    found.append(Registration(subject, webhook, observation.field_at(f"webhooks[{index}]", says)))
    return found


def registered(scene: Scene, name: str) -> list[Registration]:
    """The registrations of a webhook; several configurations may use one name."""
    return [r for r in scene.derive_once(registrations) if r.webhook.name == name]


def configurations_of(scene: Scene, name: str) -> list[Subject]:
    """The configurations that register a webhook; the webhook itself where none was shown."""
    found = dict.fromkeys(r.configuration for r in registered(scene, name))
    return list(found) or [Subject(UNREGISTERED, name)]


def _all_failed_calls(scene: Scene) -> dict[Subject, list[FailedCall]]:
    """By the configuration that registers the webhook."""
    index: dict[Subject, list[FailedCall]] = {}
    for workload in scene.derive_once(refused_workloads):
        for call in scene.derive(failed_calls, workload):
            for configuration in configurations_of(scene, call.webhook):
                index.setdefault(configuration, []).append(call)
    return index


def calls_to(scene: Scene, configuration: Subject) -> list[FailedCall]:
    """Failed calls of the webhooks that the configuration registers"""
    return scene.derive_once(_all_failed_calls).get(configuration, [])


def _asked_in_vain(scene: Scene, workload: Subject) -> Iterable[Subject]:
    """The configurations whose webhooks the API server could not call for the workload's pods."""
    for call in scene.derive(failed_calls, workload):
        yield from configurations_of(scene, call.webhook)


def services_of(scene: Scene, configuration: Subject) -> list[Subject]:
    """The Services that a configuration's failing webhooks ask."""
    calls = calls_to(scene, configuration)
    names = {call.webhook for call in calls}
    found = {call.service for call in calls if call.service is not None}
    found |= {
        r.service
        for r in scene.derive_once(registrations)
        if r.configuration == configuration and r.webhook.name in names and r.service is not None
    }
    return sorted(found)


def _registering(scene: Scene, service: Subject) -> list[Subject]:
    """The configurations that ask a Service; where none was shown, the webhooks that refusals name."""
    found = dict.fromkeys(r.configuration for r in scene.derive_once(registrations) if r.service == service)
    if not found:
        calls = scene.derive_once(_all_failed_calls)
        found.update(dict.fromkeys(who for who, made in calls.items() if any(c.service == service for c in made)))
    return list(found)


ASKED_IN_VAIN = Relation("is checked by", _asked_in_vain)
ASKS = Relation("asks", services_of)
IS_ASKED_BY = Relation("is asked by", _registering)
