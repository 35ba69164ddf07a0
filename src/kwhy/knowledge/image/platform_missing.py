"""The image does not exist for the node's platform."""

from __future__ import annotations

from kwhy.knowledge.image.answers import Answer, Refusal, judged, refusals
from kwhy.knowledge.image.not_pulled import NOT_PULLED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

PLATFORM_MISSING = Condition(
    code="image.platform-missing",
    kind="Pod",
    nature=Nature.ROOT,
    title="Image {image} of {subject} does not exist for the platform of the node",
    summary="The image's index has no manifest for the operating system and architecture of the node.",
    remedies=(
        Remedy(
            id="match-platforms",
            title="Build the image for the node's platform, or choose nodes that fit",
            when="now",
            risk="low",
            steps=(
                Step("See the nodes' platforms.", "kubectl get nodes -L kubernetes.io/arch,kubernetes.io/os"),
                Step("Build the image for both, or select nodes by kubernetes.io/arch."),
            ),
            verify=(Step("The pods start.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)


@rule(PLATFORM_MISSING, rows=("P1",), leads=(leads_to(NOT_PULLED, via=ITSELF),))
def platform_missing(pod: PodView, found: list[Refusal] = given(refusals)) -> Verdict:
    """The image lacks the node's platform.

    What it means: The tag exists; none of its manifests fits the node.
    How it shows: The pull's error says "no match for platform in manifest", "no matching manifest for" or "no image
    found in manifest list".
    What looks like it: containerd ends this error in "not found" too, as it does for an unknown tag. An image
    without an index is pulled whatever it was built for and fails with "exec format error".
    Source: containerd v1.6 images/image.go (Manifest); moby v20.10 distribution/pull_v2.go; containers/image v5
    manifest list.
    """
    return judged(pod, found, Answer.PLATFORM_MISSING)
