"""The registry limits the rate of pulls."""

from __future__ import annotations

from kwhy.knowledge.image.answers import Answer, Refusal, refusals
from kwhy.knowledge.image.not_pulled import NOT_PULLED
from kwhy.knowledge.image.registries import judged_of_registry
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

RATE_LIMITED = Condition(
    code="image.rate-limited",
    kind="Pod",
    nature=Nature.ROOT,
    title="Registry {registry} has limited the rate of pulls: {who}",
    summary="Too many pulls from this address or account within the registry's window.",
    remedies=(
        Remedy(
            id="pull-with-an-account",
            title="Pull with an account, or from a mirror",
            when="now",
            risk="low",
            steps=(
                Step("Add a pull secret to the service account, or use a mirror or a cache for the registry."),
                Step("Without that the limit ends by itself with the registry's window (Docker Hub: six hours)."),
            ),
            verify=(Step("The pods start.", "kubectl get pods -A"),),
            undo=(Step("Take the pull secret away again."),),
        ),
    ),
)


@rule(RATE_LIMITED, rows=("P1",), leads=(leads_to(NOT_PULLED, via=ITSELF),))
def rate_limited(pod: PodView, found: list[Refusal] = given(refusals)) -> Verdict:
    """The registry limits the rate of pulls.

    What it means: The image exists and the registry answers; it gives no more for now.
    How it shows: The pull's error says 429 Too Many Requests or "toomanyrequests".
    What looks like it: The kubelet's own limit says "pull QPS exceeded".
    Source: OCI distribution specification v1.1 (TOOMANYREQUESTS); containerd v1.6 remotes/docker/fetcher.go.
    """
    return judged_of_registry(pod, found, Answer.RATE_LIMITED)
