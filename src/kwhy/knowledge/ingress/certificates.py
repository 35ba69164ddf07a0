"""The Secrets with the certificates of an Ingress."""

from __future__ import annotations

from typing import Literal

import msgspec

from kwhy.facts.log_patterns.ingress_nginx import NO_CERTIFICATE
from kwhy.facts.logs import LogHit
from kwhy.facts.objects import Ingress, IngressTLS, Secret
from kwhy.knowledge.config.references import keys_of
from kwhy.model.document import Locator
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE_NAMESPACED
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

#: What a controller reads of the Secret (k8s.io/api core/v1 types.go, TLSCertKey and TLSPrivateKeyKey).
NEEDED = ("tls.crt", "tls.key")
#: Annotations by which cert-manager is asked to make the Secret (cert-manager pkg/apis/certmanager/v1).
_ISSUED = "cert-manager.io/"


class Certificate(msgspec.Struct, frozen=True):
    """A Secret that an Ingress names for TLS. ``lacks``: keys that it does not have. ``issued``: by cert-manager."""

    secret: Subject
    hosts: tuple[str, ...]
    state: Literal["missing", "unusable", "usable", "not shown"]
    because: tuple[Evidence, ...]
    lacks: tuple[str, ...] = ()
    issued: bool = False


def certificates_of(scene: Scene, ingress: Subject) -> list[Certificate]:
    """The Secrets that the Ingress names for TLS, and the keys that they have"""
    for observation in scene.observations(ingress):
        struct = observation.object
        if isinstance(struct, Ingress) and isinstance(struct.spec.tls, list):
            annotations = struct.metadata.annotations
            issued = isinstance(annotations, dict) and any(key.startswith(_ISSUED) for key in annotations)
            places = [observation.field_at(f"spec.tls[{i}]") for i in range(len(struct.spec.tls))]
            return [
                _certificate(scene, ingress, tls, at.quoting(f"secretName: {tls.secret_name}"), issued=issued)
                for tls, at in zip(struct.spec.tls, places, strict=True)
                if tls.secret_name
            ]
    return []


def _refused(scene: Scene) -> dict[Subject, LogHit]:
    """Secrets that ingress-nginx says it does not find."""
    found = {}
    for hit in scene.facts(LogHit):
        if hit.pattern == NO_CERTIFICATE and "was not found" in hit.last.fields.get("error", ""):
            found[Subject("Secret", hit.key.get("name", ""), hit.key.get("namespace"))] = hit
    return found


def _certificate(scene: Scene, ingress: Subject, tls: IngressTLS, at: Locator, *, issued: bool) -> Certificate:
    secret = Subject("Secret", tls.secret_name, ingress.namespace)
    hosts = tuple(tls.hosts or ())
    here = Evidence(at, f"the certificate for {', '.join(hosts) or 'its hosts'} is to come from {secret}")
    shown = keys_of(scene, "Secret", secret.name, secret.namespace)
    if shown is not None:
        lacks = tuple(key for key in NEEDED if key not in shown[0])
        state: Literal["unusable", "usable"] = "unusable" if lacks else "usable"
        return Certificate(secret, hosts, state, (here, Evidence(shown[1], _says(scene, secret))), lacks, issued)
    said = scene.derive_once(_refused).get(secret)
    if said is not None and not scene.exists(secret):
        because = (here, Evidence(said.locate(said.last), f"ingress-nginx does not find it, {said.count} times"))
        return Certificate(secret, hosts, "missing", because, issued=issued)
    listing = scene.listing("Secret", ingress.namespace, secret.name)
    if listing is not None and not scene.exists(secret):
        because = (here, Evidence(listing.at, f"{secret} is not listed"))
        return Certificate(secret, hosts, "missing", because, issued=issued)
    return Certificate(secret, hosts, "not shown", (here,), issued=issued)


def _says(scene: Scene, secret: Subject) -> str:
    """The Secret's type and the names of its keys, never a value."""
    for observation in scene.observations(secret):
        struct = observation.object
        if isinstance(struct, Secret) and isinstance(struct.data, dict):
            kind = f"type {struct.type}, " if isinstance(struct.type, str) and struct.type else ""
            return f"{kind}keys: {', '.join(sorted(struct.data)) or 'none'}"
    return "its keys"


def not_shown(ingress: ObjectView, found: list[Certificate]) -> Verdict:
    """The question for the first Secret that was not shown."""
    if not found:
        return unsure(f"what {ingress.subject} names for TLS", *ingress.probes())
    hidden = next((one for one in found if one.state == "not shown"), found[0])
    probe = DESCRIBE_NAMESPACED.of(kind="secret", name=hidden.secret.name, namespace=ingress.namespace)
    return unsure(f"the names of the keys of {hidden.secret}", probe)
