"""Every certificate that the evidence shows, who holds it, and what signs what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

import msgspec

from kwhy.facts.certificates import Certificate, CertificateShown, KubeconfigContext, Use
from kwhy.facts.objects import (
    APIService,
    ConfigMap,
    MutatingWebhookConfiguration,
    Pod,
    Secret,
    ValidatingWebhookConfiguration,
)
from kwhy.facts.pem import certificates_in, certificates_in_base64
from kwhy.model.document import Locator
from kwhy.model.subject import Subject
from kwhy.scene.scene import Scene

_PEM = "-----BEGIN CERTIFICATE-----"


class Held(msgspec.Struct, frozen=True):
    """A certificate, who has it, and where. ``holder`` is None for a file of which nothing tells whose it is."""

    certificate: Certificate
    holder: Subject | None
    field: str
    at: Locator
    position: int = 0
    use: Use = None
    path: str | None = None

    @property
    def place(self) -> str:
        """Where it is kept, as people say it."""
        if self.path is not None:
            return f"{self.path} ({self.field})" if self.field else self.path
        if self.holder is not None:
            return f"{self.field} of {self.holder}" if self.field else str(self.holder)
        return self.field or self.at.source


def certificates(scene: Scene) -> tuple[Held, ...]:
    """Every certificate of the evidence that can be decoded."""
    return tuple(_all(scene))


def _all(scene: Scene) -> Iterator[Held]:
    for shown in scene.facts(CertificateShown):
        certificate = shown.certificate
        if certificate is not None:
            yield Held(certificate, shown.holder, shown.field, shown.at, shown.position, shown.use, shown.path)
    for kind, read in _READERS.items():
        for subject in scene.subjects(kind):
            for observation in scene.observations(subject)[:1]:
                for field, ders, use in read(observation.object):
                    at = observation.field_at(field, f"{field}: …")
                    yield from _held(ders, subject, field, at, use)


def _held(ders: Iterable[bytes], holder: Subject, field: str, at: Locator, use: Use) -> Iterator[Held]:
    for position, der in enumerate(ders):
        shown = CertificateShown(at=at, der=der)
        if (certificate := shown.certificate) is not None:
            yield Held(certificate, holder, field, at, position, use)


_Found = Iterator[tuple[str, tuple[bytes, ...], Use]]


def _of_secret(struct: object) -> _Found:
    if isinstance(struct, Secret):
        for key, ders in struct.certificates.items():
            yield f"data.{key}", ders, "trusts" if key.startswith("ca.") else "presents"


def _of_config_map(struct: object) -> _Found:
    if isinstance(struct, ConfigMap) and isinstance(struct.data, dict):
        for key, value in struct.data.items():
            if _PEM in value and (ders := certificates_in(value.encode())):
                yield f"data.{key}", ders, "trusts"


def _of_webhooks(struct: object) -> _Found:
    if isinstance(struct, ValidatingWebhookConfiguration | MutatingWebhookConfiguration):
        for index, webhook in enumerate(struct.webhooks if isinstance(struct.webhooks, list) else []):
            if ders := certificates_in_base64(webhook.client_config.ca_bundle):
                yield f"webhooks[{index}].clientConfig.caBundle", ders, "trusts"


def _of_api_service(struct: object) -> _Found:
    if isinstance(struct, APIService) and (ders := certificates_in_base64(struct.spec.ca_bundle)):
        yield "spec.caBundle", ders, "trusts"


_READERS: dict[str, Callable[[object], _Found]] = {
    "Secret": _of_secret,
    "ConfigMap": _of_config_map,
    "ValidatingWebhookConfiguration": _of_webhooks,
    "MutatingWebhookConfiguration": _of_webhooks,
    "APIService": _of_api_service,
}


def _by_holder(scene: Scene) -> dict[Subject, list[Held]]:
    index: dict[Subject, list[Held]] = defaultdict(list)
    for held in scene.derive_once(certificates):
        if held.holder is not None:
            index[held.holder].append(held)
    return index


def held_by(scene: Scene, holder: Subject) -> list[Held]:
    """The certificates of an object."""
    return scene.derive_once(_by_holder).get(holder, [])


def mounted_by(scene: Scene, pod: Subject) -> list[Held]:
    """The certificates of the Secrets and ConfigMaps that a pod mounts."""
    found: list[Held] = []
    for observation in scene.observations(pod)[:1]:
        struct = observation.object
        volumes = struct.spec.volumes if isinstance(struct, Pod) else None
        for volume in volumes if isinstance(volumes, list) else []:
            sources = [("Secret", volume.secret.secret_name)] if volume.secret is not None else []
            sources += [("ConfigMap", volume.config_map.name)] if volume.config_map is not None else []
            for kind, name in sources:
                found += held_by(scene, Subject(kind, name, pod.namespace))
    return found


def contexts(scene: Scene, node: Subject) -> list[KubeconfigContext]:
    """The contexts of kubeconfigs of a node that are in use."""
    return [context for context in scene.facts_on(node, KubeconfigContext) if context.current]
