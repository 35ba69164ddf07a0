"""The registry cannot be reached."""

from __future__ import annotations

from kwhy.knowledge.image.answers import Answer, Refusal, refusals
from kwhy.knowledge.image.not_pulled import NOT_PULLED
from kwhy.knowledge.image.registries import judged_of_registry
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

REGISTRY_UNREACHABLE = Condition(
    code="image.registry-unreachable",
    kind="Pod",
    nature=Nature.ROOT,
    title="Registry {registry} cannot be reached from the node: {who}",
    summary="The node cannot connect to the registry.",
    remedies=(
        Remedy(
            id="reach-the-registry",
            title="Make the registry reachable from the node",
            when="now",
            risk="low",
            steps=(
                Step("Try the registry from the node.", "curl -sv --max-time 5 https://{registry}/v2/"),
                Step("Look at firewalls, proxies (HTTPS_PROXY of the runtime's unit) and at the registry itself."),
            ),
            verify=(Step("The pods start.", "kubectl get pods -A"),),
            undo=(Step("Take the change to firewall or proxy back."),),
        ),
    ),
)


@rule(REGISTRY_UNREACHABLE, rows=("P1",), leads=(leads_to(NOT_PULLED, via=ITSELF),))
def registry_unreachable(pod: PodView, found: list[Refusal] = given(refusals)) -> Verdict:
    """The registry cannot be reached.

    What it means: The name resolves and no connection comes about.
    How it shows: The pull's error ends in a timeout, connection refused, no route to host or a TLS handshake timeout.
    What looks like it: The lookup of the name times out (the DNS server is silent); the registry answers with an
    HTTP status.
    Source: Go net (OpError), net/http (httpError); containerd v1.6 remotes/docker/resolver.go.
    """
    return judged_of_registry(pod, found, Answer.UNREACHABLE)
