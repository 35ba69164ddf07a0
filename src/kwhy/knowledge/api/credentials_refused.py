"""The API server does not know the user of the kubeconfig."""

from __future__ import annotations

from kwhy.knowledge.api.failures import Failure, fails_by, failures_of
from kwhy.knowledge.api.kubectl_fails import KUBECTL_FAILS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.controlplane import KUBECONFIG

CREDENTIALS_REFUSED = Condition(
    code="api.credentials-refused",
    kind="ApiServer",
    nature=Nature.ROOT,
    title="The API server does not accept the credentials in the kubeconfig (401)",
    summary="Token or client certificate is missing, expired, revoked or of another cluster.",
    remedies=(
        Remedy(
            id="renew-the-credentials",
            title="Renew the credentials",
            when="now",
            risk="low",
            steps=(
                Step("See which user is used, and by what it proves who it is.", "kubectl config view --minify"),
                Step(
                    "A client certificate: see how long it is valid, and who signed it.",
                    "kubectl config view --minify --raw -o jsonpath='{{.users[0].user.client-certificate-data}}' | "
                    "base64 -d | openssl x509 -noout -dates -issuer -subject",
                ),
                Step(
                    "On a control-plane node made by kubeadm.",
                    "kubeadm certs check-expiration; kubeadm certs renew admin.conf",
                ),
                Step("A token or an exec plugin: log in anew (cloud CLI, OIDC)."),
            ),
            verify=(Step("The API server answers.", "kubectl get --raw /readyz"),),
            undo=(Step("Put the former kubeconfig back."),),
        ),
    ),
)


@rule(CREDENTIALS_REFUSED, rows=("C1",), leads=(leads_to(KUBECTL_FAILS, via=fails_by("credentials")),))
def credentials_refused(server: Subject, said: list[Failure] = given(failures_of)) -> Verdict:
    """The API server does not know who asks.

    What it means: Authentication failed (401): no credentials, expired ones, or those of another cluster. What the user
    may do was not even asked (that would be 403).
    How it shows: "You must be logged in to the server (Unauthorized)", "the server has asked for the client to provide
    credentials".
    What looks like it: 403 names the user and what is forbidden: it is a matter of roles. An API server whose
    own CA for clients (--client-ca-file) was replaced refuses everybody.
    Source: kubectl v0.34 pkg/cmd/util/helpers.go; apiserver v0.34 pkg/endpoints/filters/authentication.go.
    """
    if not said:
        return unsure(f"what kubectl says of {server.name}", KUBECONFIG.of())
    first = said[0]
    if first.kind not in ("credentials",):
        return Absent((first.evidence,))
    because = tuple(dict.fromkeys(failure.evidence for failure in said if failure.kind == first.kind))
    return Present(
        because, {"detail": first.detail.strip(), "server": server.name}, blames=Subject("Kubeconfig", "kubeconfig")
    )
