"""The image reference cannot be parsed."""

from __future__ import annotations

from kwhy.knowledge.image.answers import Answer, Refusal, judged, refusals
from kwhy.knowledge.image.not_pulled import NOT_PULLED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

NAME_INVALID = Condition(
    code="image.name-invalid",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} asks for image {image}, which is no valid reference",
    summary="The image field holds upper case, a scheme, blanks or another thing that no image reference may have.",
    remedies=(
        Remedy(
            id="correct-the-reference",
            title="Correct the image reference",
            when="now",
            risk="low",
            steps=(Step("Set the right image.", "kubectl set image {kind}/{name} CONTAINER=IMAGE -n {namespace}"),),
            verify=(Step("The pods start.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)


@rule(NAME_INVALID, rows=("P1",), leads=(leads_to(NOT_PULLED, via=ITSELF),))
def name_invalid(pod: PodView, found: list[Refusal] = given(refusals)) -> Verdict:
    """The image reference is invalid.

    What it means: No registry was asked.
    How it shows: The container waits with InvalidImageName; the message says "invalid reference format".
    What looks like it: A well-formed name that no registry has.
    Source: Kubernetes v1.34 pkg/kubelet/images/image_manager.go (applyDefaultImageTag); distribution/reference.
    """
    return judged(pod, found, Answer.NAME_INVALID)
