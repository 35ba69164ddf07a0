"""The Secret that an Ingress names for TLS holds no certificate."""

from __future__ import annotations

from kwhy.knowledge.ingress.certificate_not_served import CERTIFICATE_NOT_SERVED
from kwhy.knowledge.ingress.certificates import NEEDED, Certificate, certificates_of, not_shown
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import ObjectView

TLS_SECRET_UNUSABLE = Condition(
    code="ingress.tls-secret-unusable",
    kind="Ingress",
    nature=Nature.ROOT,
    title="{subject} has no {lacks}, so {ingress} cannot use it for TLS",
    summary="The Secret that the Ingress names for TLS does not hold a certificate and its key.",
    remedies=(
        Remedy(
            id="replace-the-tls-secret",
            title="Make the Secret anew, of type kubernetes.io/tls",
            when="now",
            risk="low",
            steps=(
                Step("See what it holds.", "kubectl describe secret {name} -n {namespace}"),
                Step(
                    "Keep a copy; delete it, for a Secret's type cannot be changed.",
                    "kubectl delete secret {name} -n {namespace}",
                ),
                Step(
                    "Make it from the certificate and its key.",
                    "kubectl create secret tls {name} -n {namespace} --cert=CERTIFICATE_FILE --key=KEY_FILE",
                ),
            ),
            verify=(Step("It has tls.crt and tls.key.", "kubectl describe secret {name} -n {namespace}"),),
            undo=(Step("Put the copy back."),),
        ),
    ),
)


@rule(TLS_SECRET_UNUSABLE, rows=("S7",), leads=(leads_to(CERTIFICATE_NOT_SERVED, via=ITSELF),))
def tls_secret_unusable(ingress: ObjectView, found: list[Certificate] = given(certificates_of)) -> Verdict:
    """The Secret for TLS holds no certificate.

    What it means: A controller reads the certificate from tls.crt and its key from tls.key; other names mean nothing to
    it, whatever the Secret's type.
    How it shows: The names of the Secret's keys.
    What looks like it: An Opaque Secret with both keys serves as well; a Secret that does not exist.
    Source: ingress-nginx controller v1.15 internal/ingress/controller/store/backend_ssl.go ("key 'tls.crt' missing from
    Secret %q"); k8s.io/api v0.34 core/v1 types.go (SecretTypeTLS).
    """
    wrong = [one for one in found if one.state == "unusable"]
    if wrong:
        first = wrong[0]
        values = {"ingress": ingress.subject, "lacks": " and no ".join(first.lacks or NEEDED)}
        because = tuple(e for one in wrong for e in one.because)
        return Present(because, values, basis=Basis.RECOMPUTED, blames=first.secret)
    usable = [one for one in found if one.state == "usable"]
    if found and len(usable) == len(found):
        return Absent(tuple(one.because[-1] for one in usable))
    if found and all(one.state in ("usable", "missing") for one in found):
        return Absent(tuple(Evidence(one.because[-1].at, f"{one.secret} is {one.state}") for one in found))
    return not_shown(ingress, found)
