"""An Ingress is served with the controller's own certificate."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.knowledge.ingress.certificates import Certificate, certificates_of, not_shown
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Present, Verdict
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

CERTIFICATE_NOT_SERVED = Condition(
    code="ingress.certificate-not-served",
    kind="Ingress",
    nature=Nature.EFFECT,
    title="{subject} has no certificate of its own for {hosts}: clients are shown the controller's default certificate",
    summary="The controller cannot load the certificate that the Ingress names, and serves its own in its place.",
)


def _suspicious(scene: Scene) -> Iterable[Subject]:
    """Ingresses of which not every certificate was shown to be there."""
    for ingress in scene.subjects("Ingress"):
        if any(one.state != "usable" for one in scene.derive(certificates_of, ingress)):
            yield ingress


@rule(CERTIFICATE_NOT_SERVED, rows=("S7",), among=_suspicious, symptom=True)
def certificate_not_served(ingress: ObjectView, found: list[Certificate] = given(certificates_of)) -> Verdict:
    """The Ingress's own certificate is not served.

    What it means: Without a certificate it can load, the controller answers with its own self-signed one, which
    clients refuse.
    How it shows: The Secret that spec.tls names does not exist, or lacks tls.crt or tls.key.
    What looks like it: A host that spec.tls does not list; a certificate for another name, or an expired one.
    Source: ingress-nginx controller v1.15 internal/ingress/controller/controller.go (createServers: "Error getting SSL
    certificate %q: %v. Using default certificate").
    """
    wrong = [one for one in found if one.state in ("missing", "unusable")]
    if wrong:
        hosts = ", ".join(dict.fromkeys(host for one in wrong for host in one.hosts)) or "its hosts"
        return Present(tuple(e for one in wrong for e in one.because), {"hosts": hosts}, basis=Basis.RECOMPUTED)
    usable = [one for one in found if one.state == "usable"]
    if found and len(usable) == len(found):
        return Absent(tuple(one.because[-1] for one in usable))
    return not_shown(ingress, found)
