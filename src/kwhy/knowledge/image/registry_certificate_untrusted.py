"""The registry's certificate is not trusted on the node."""

from __future__ import annotations

from kwhy.knowledge.clock.pulls import PullOutOfTime, pull_out_of_time
from kwhy.knowledge.image.answers import Answer, Refusal, refusals
from kwhy.knowledge.image.not_pulled import NOT_PULLED
from kwhy.knowledge.image.registries import judged_of_registry
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Verdict, unsure
from kwhy.probes.tls import CLOCK
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

REGISTRY_CERTIFICATE_UNTRUSTED = Condition(
    code="image.registry-certificate-untrusted",
    kind="Pod",
    nature=Nature.ROOT,
    title="The node does not trust the certificate of registry {registry}: {who}",
    summary="The TLS certificate of the registry is signed by an unknown authority, expired, or made for another name.",
    remedies=(
        Remedy(
            id="trust-the-registry",
            title="Give the runtime the registry's authority, or renew the certificate",
            when="now",
            risk="low",
            steps=(
                Step("See the certificate.", "openssl s_client -connect {registry}:443 -showcerts </dev/null"),
                Step(
                    "Put the authority below /etc/containerd/certs.d/{registry}/ (containerd) or "
                    "/etc/docker/certs.d/{registry}/ (docker)."
                ),
            ),
            verify=(Step("The pods start.", "kubectl get pods -A"),),
            undo=(Step("Remove the authority again."),),
        ),
    ),
)


@rule(REGISTRY_CERTIFICATE_UNTRUSTED, rows=("P1",), leads=(leads_to(NOT_PULLED, via=ITSELF),))
def registry_certificate_untrusted(
    pod: PodView, found: list[Refusal] = given(refusals), timed: PullOutOfTime | None = given(pull_out_of_time)
) -> Verdict:
    """The registry's certificate is not trusted.

    What it means: The connection stands and TLS verification refuses it.
    How it shows: The pull's error says "x509:" and why.
    What looks like it: A registry that speaks plain HTTP ("server gave HTTP response to HTTPS client"); a proxy
    that replaces certificates. A node whose clock is behind takes every new certificate for not yet valid, one whose
    clock is ahead takes it for expired.
    Source: Go crypto/x509 (UnknownAuthorityError, CertificateInvalidError, HostnameError).
    """
    if timed is not None:
        estimate = timed.by_clock
        if estimate is not None:
            return Absent((estimate.evidence,))
        if not timed.expired and not timed.clock.right:
            return unsure(f"whether the clock of {timed.node.name} is right", CLOCK.of(node=timed.node.name))
    return judged_of_registry(pod, found, Answer.CERTIFICATE)
