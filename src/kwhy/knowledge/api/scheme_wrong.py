"""kubectl speaks HTTPS to a server that speaks HTTP, or the reverse."""

from __future__ import annotations

from kwhy.knowledge.api.failures import Failure, fails_by, failures_of
from kwhy.knowledge.api.kubectl_fails import KUBECTL_FAILS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.probes.controlplane import KUBECONFIG

SCHEME_WRONG = Condition(
    code="api.scheme-wrong",
    kind="ApiServer",
    nature=Nature.ROOT,
    title="The server that the kubeconfig names does not speak the protocol of its URL at {server}: {detail}",
    summary="The kubeconfig says https where plain HTTP is served, or http where TLS is, or names the wrong port.",
    remedies=(
        Remedy(
            id="correct-the-scheme",
            title="Correct scheme or port of the server",
            when="now",
            risk="low",
            steps=(
                Step("See the URL.", "kubectl config view --minify | grep server"),
                Step("See what listens there.", "curl -sv http://{server}/version; curl -skv https://{server}/version"),
                Step(
                    "The API server serves HTTPS, on 6443 where kubeadm made it: correct the server in the kubeconfig."
                ),
            ),
            verify=(Step("The API server answers.", "kubectl get --raw /readyz"),),
            undo=(Step("Set the former URL again."),),
        ),
    ),
)


@rule(SCHEME_WRONG, rows=("C1",), leads=(leads_to(KUBECTL_FAILS, via=fails_by("plain-http")),))
def scheme_wrong(server: Subject, said: list[Failure] = given(failures_of)) -> Verdict:
    """Scheme or port in the kubeconfig is wrong.

    What it means: One side speaks TLS, the other plain HTTP: at that port listens something else than the API server,
    or the URL begins with the wrong scheme.
    How it shows: "http: server gave HTTP response to HTTPS client", "tls: first record does not look like a TLS
    handshake", "Client sent an HTTP request to an HTTPS server".
    What looks like it: A proxy that answers in plain HTTP.
    Source: Go net/http transport.go, crypto/tls conn.go (RecordHeaderError), net/http server.go (badRequest).
    """
    if not said:
        return unsure(f"what kubectl says of {server.name}", KUBECONFIG.of())
    first = said[0]
    if first.kind not in ("plain-http",):
        return Absent((first.evidence,))
    because = tuple(dict.fromkeys(failure.evidence for failure in said if failure.kind == first.kind))
    return Present(
        because, {"detail": first.detail.strip(), "server": server.name}, blames=Subject("Kubeconfig", "kubeconfig")
    )
