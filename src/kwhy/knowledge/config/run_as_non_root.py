"""A pod must not run as root, and its image would."""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.knowledge.config.not_available import NOT_AVAILABLE
from kwhy.knowledge.config.references import WAITING
from kwhy.knowledge.container.runs import Statement, ask, event_messages, runs_of, state_messages
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.expressions import expression
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Present, Verdict, unsure
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

RUN_AS_NON_ROOT = Condition(
    code="config.run-as-non-root",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} must not run as root (runAsNonRoot), and {why}",
    summary="The kubelet refuses to create the container, because it cannot be sure that it runs as another user.",
    remedies=(
        Remedy(
            id="name-a-user",
            title="Name a user by number, in the image or in the pod",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Set securityContext.runAsUser to a number other than 0.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
                Step("Or build the image with USER and a number; the files it writes must belong to that user."),
            ),
            verify=(Step("The pods start.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)

# Error: container has runAsNonRoot and image will run as root (pod: "web_shop(0d9e…)", container: web)
# Error: container has runAsNonRoot and image has non-numeric user (nginx), cannot verify user is non-root (pod: …)
# Error: container's runAsUser breaks non-root policy (pod: …) — kuberuntime/security_context_others.go, v1.34; v1.18
_REFUSED = expression(
    r"container has runAsNonRoot and (?P<image>image (?:will run as root|has non-numeric user \(?[^),]{0,80}\)?|has an invalid user id))"
    r"|(?P<user>container's runAsUser breaks non-root policy)"
)


def refused(scene: Scene, pod: Subject) -> list[Statement]:
    """What the kubelet says of containers that it will not create"""
    waiting = [run for run in runs_of(scene, pod) if run.waiting == WAITING]
    return [*state_messages(waiting), *event_messages(scene, pod, "Failed")]


@rule(RUN_AS_NON_ROOT, rows=("P6",), leads=(leads_to(NOT_AVAILABLE, via=ITSELF),))
def run_as_non_root(pod: PodView, said: list[Statement] = given(refused)) -> Verdict:
    """The image runs as root, and the pod forbids it.

    What it means: runAsNonRoot is set, and neither the pod nor the image names a user that is certainly not root.
    How it shows: CreateContainerConfigError: "container has runAsNonRoot and image will run as root", or the image's
    user is a name, which the kubelet cannot check.
    What looks like it: Pod Security admission refuses the pod itself: then there is no pod.
    Source: Kubernetes v1.34 pkg/kubelet/kuberuntime/security_context_others.go (verifyRunAsNonRoot).
    """
    for statement in said:
        match = _REFUSED.search(statement.text)
        if match:
            why = f"its {match['image']}" if match["image"] else "its runAsUser is 0"
            return Present((statement.evidence,), {"why": why}, since=statement.since)
    if said:
        return Absent((said[0].evidence,))
    return unsure(f"why containers of {pod.subject} are not created", ask(pod))
