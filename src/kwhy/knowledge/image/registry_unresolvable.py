"""The name of the registry does not resolve."""

from __future__ import annotations

from kwhy.knowledge.image.answers import Answer, Refusal, refusals
from kwhy.knowledge.image.not_pulled import NOT_PULLED
from kwhy.knowledge.image.registries import judged_of_registry
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

REGISTRY_UNRESOLVABLE = Condition(
    code="image.registry-unresolvable",
    kind="Pod",
    nature=Nature.ROOT,
    title="The name of registry {registry} does not resolve on the node: {who}",
    summary="The node's resolver does not know the registry's name, or does not answer.",
    remedies=(
        Remedy(
            id="name-the-registry",
            title="Correct the registry's name, or make it resolve on the nodes",
            when="now",
            risk="low",
            steps=(
                Step("Ask the resolver that the runtime uses, on the node (not in a pod).", "getent hosts {registry}"),
                Step("Make it resolve there; or, if the image's name is wrong, set the right one in the workload."),
            ),
            verify=(Step("The pods start.", "kubectl get pods -A"),),
            undo=(Step("Take the change to the resolver back, or go back to the workload's former revision."),),
        ),
    ),
)


@rule(REGISTRY_UNRESOLVABLE, rows=("P1",), leads=(leads_to(NOT_PULLED, via=ITSELF),))
def registry_unresolvable(pod: PodView, found: list[Refusal] = given(refusals)) -> Verdict:
    """The registry's name does not resolve.

    What it means: The runtime looks names up with the node's own resolver, not with the cluster's DNS.
    How it shows: The pull's error says "lookup NAME: no such host", "server misbehaving" or that the DNS server
    does not answer.
    What looks like it: A name that resolves to an address that nobody answers on ("dial tcp 10.0.0.9:443: i/o
    timeout").
    Source: Go net (dnsError); containerd v1.6 remotes/docker/resolver.go.
    """
    return judged_of_registry(pod, found, Answer.UNRESOLVABLE)
