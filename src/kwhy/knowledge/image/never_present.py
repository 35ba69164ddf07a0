"""The image is not on the node, and the pod forbids to pull it."""

from __future__ import annotations

from kwhy.knowledge.image.answers import Answer, Refusal, judged, refusals
from kwhy.knowledge.image.not_pulled import NOT_PULLED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

NEVER_PRESENT = Condition(
    code="image.never-present",
    kind="Pod",
    nature=Nature.ROOT,
    title="Image {image} of {subject} is not on the node, and imagePullPolicy Never forbids to pull it",
    summary="With imagePullPolicy Never the image must already be on the node.",
    remedies=(
        Remedy(
            id="allow-pulling",
            title="Allow pulling, or load the image onto the node",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Set imagePullPolicy to IfNotPresent, or load the image on every node the pod may run on.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
            ),
            verify=(Step("The pods start.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)


@rule(NEVER_PRESENT, rows=("P1",), leads=(leads_to(NOT_PULLED, via=ITSELF),))
def never_present(pod: PodView, found: list[Refusal] = given(refusals)) -> Verdict:
    """The image is not present and may not be pulled.

    What it means: Nobody asked a registry.
    How it shows: The container waits with ErrImageNeverPull: "is not present with pull policy of Never".
    What looks like it: The image is on other nodes, so that siblings run.
    Source: Kubernetes v1.34 pkg/kubelet/images/image_manager.go (imageNotPresentOnNeverPolicyError).
    """
    return judged(pod, found, Answer.NEVER_PRESENT)
