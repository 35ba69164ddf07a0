"""The Secret that an Ingress names for TLS does not exist."""

from __future__ import annotations

from kwhy.knowledge.ingress.certificate_not_served import CERTIFICATE_NOT_SERVED
from kwhy.knowledge.ingress.certificates import Certificate, certificates_of, not_shown
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.probe import Probe
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Basis, Gap, Present, Unsure, Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import ObjectView

TLS_SECRET_MISSING = Condition(
    code="ingress.tls-secret-missing",
    kind="Ingress",
    nature=Nature.ROOT,
    title="{subject} takes its certificate from {secret}, which does not exist",
    summary="The Secret that the Ingress names for TLS is not there.",
    remedies=(
        Remedy(
            id="make-the-tls-secret",
            title="Make the Secret, or name the one that holds the certificate",
            when="now",
            risk="low",
            steps=(
                Step("See which TLS Secrets the namespace has.", "kubectl get secrets -n {namespace}"),
                Step(
                    "Make the Secret from the certificate and its key.",
                    "kubectl create secret tls {secret_name} -n {namespace} --cert=CERTIFICATE_FILE --key=KEY_FILE",
                ),
            ),
            verify=(Step("The certificate of the host is served: ask for it from outside.", None),),
            undo=(Step("Delete the Secret again.", "kubectl delete secret {secret_name} -n {namespace}"),),
        ),
    ),
)
_ISSUING = Probe(
    "kubectl describe certificates,certificaterequests,orders,challenges -n {namespace}",
    unlocks="why cert-manager has not issued the certificate",
)


@rule(TLS_SECRET_MISSING, rows=("S7",), leads=(leads_to(CERTIFICATE_NOT_SERVED, via=ITSELF),))
def tls_secret_missing(ingress: ObjectView, found: list[Certificate] = given(certificates_of)) -> Verdict:
    """The Secret for TLS does not exist.

    What it means: Nobody made it, or it lies in another namespace, where the Ingress cannot use it.
    How it shows: All Secrets of the namespace are listed, without the one that spec.tls names.
    What looks like it: A Secret that cert-manager is to make and has not made yet: then the reason lies with the
    Certificate and its issuer.
    Source: k8s.io/api v0.34 networking/v1 types.go (IngressTLS.SecretName); ingress-nginx controller v1.15
    internal/ingress/controller/store/backend_ssl.go.
    """
    missing = [one for one in found if one.state == "missing"]
    issued = [one for one in missing if one.issued]
    if issued:
        what = f"why cert-manager has not made {issued[0].secret}"
        return Unsure((Gap(what, (_ISSUING.of(namespace=ingress.namespace),)),), issued[0].because)
    if missing:
        values = {"secret": missing[0].secret, "secret_name": missing[0].secret.name}
        return Present(tuple(e for one in missing for e in one.because), values, basis=Basis.RECOMPUTED)
    exist = [one for one in found if one.state in ("usable", "unusable")]
    if found and len(exist) == len(found):
        return Absent(tuple(one.because[-1] for one in exist))
    return not_shown(ingress, found)
