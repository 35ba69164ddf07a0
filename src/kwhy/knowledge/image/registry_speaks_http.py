"""The registry speaks plain HTTP."""

from __future__ import annotations

from kwhy.knowledge.image.answers import Answer, Refusal, refusals
from kwhy.knowledge.image.not_pulled import NOT_PULLED
from kwhy.knowledge.image.registries import judged_of_registry
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

REGISTRY_SPEAKS_HTTP = Condition(
    code="image.registry-speaks-http",
    kind="Pod",
    nature=Nature.ROOT,
    title="Registry {registry} speaks plain HTTP, and the runtime asks it by HTTPS: {who}",
    summary="The runtime insists on HTTPS for registries that it was not told to trust without.",
    remedies=(
        Remedy(
            id="declare-the-registry",
            title="Give the registry a certificate, or declare it as plain HTTP in the runtime",
            when="now",
            risk="medium",
            steps=(
                Step(
                    'containerd: hosts.toml below /etc/containerd/certs.d/{registry}/ with server = "http://…"; '
                    "docker: insecure-registries in daemon.json."
                ),
            ),
            verify=(Step("The pods start.", "kubectl get pods -A"),),
            undo=(Step("Take the declaration back."),),
        ),
    ),
)


@rule(REGISTRY_SPEAKS_HTTP, rows=("P1",), leads=(leads_to(NOT_PULLED, via=ITSELF),))
def registry_speaks_http(pod: PodView, found: list[Refusal] = given(refusals)) -> Verdict:
    """The registry speaks plain HTTP.

    What it means: The answer to the TLS greeting is an HTTP response.
    How it shows: The pull's error says "http: server gave HTTP response to HTTPS client".
    What looks like it: An untrusted certificate (x509).
    Source: Go net/http transport.go; containerd v1.6 docs/hosts.md.
    """
    return judged_of_registry(pod, found, Answer.PLAIN_HTTP)
