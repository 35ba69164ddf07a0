"""The registry does not have the image."""

from __future__ import annotations

import msgspec

from kwhy.knowledge.image.answers import Answer, Refusal, judged, newest_answer, refusals, running_siblings
from kwhy.knowledge.image.not_pulled import NOT_PULLED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Evidence, Present, Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

NOT_FOUND = Condition(
    code="image.not-found",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} asks for image {image}, which the registry does not have{hint}",
    summary="The registry knows no such repository, tag or digest.",
    remedies=(
        Remedy(
            id="name-an-existing-image",
            title="Name an image that exists, or push the missing one",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Set an image that the registry has.",
                    "kubectl set image {kind}/{name} CONTAINER=IMAGE -n {namespace}",
                ),
                Step("Or go back to the revision that worked.", "kubectl rollout undo {kind}/{name} -n {namespace}"),
            ),
            verify=(Step("The pods start.", "kubectl get pods -n {namespace}"),),
            undo=(
                Step("Set the former image again.", "kubectl set image {kind}/{name} CONTAINER={image} -n {namespace}"),
            ),
        ),
    ),
)


@rule(NOT_FOUND, rows=("P1",), leads=(leads_to(NOT_PULLED, via=ITSELF),))
def not_found(pod: PodView, found: list[Refusal] = given(refusals)) -> Verdict:
    """The registry does not have the image.

    What it means: The registry answered, and it knows no such repository, tag or digest.
    How it shows: The pull's error ends in "not found" (containerd), "manifest unknown" or "name unknown" (registries,
    docker, CRI-O). Another tag of the repository that runs elsewhere makes a mistyped tag likely.
    What looks like it: Registries that hide private names say "pull access denied, repository does not exist or may
    require authorization": that is a refusal. "no match for platform in manifest: not found" is about the platform.
    Source: containerd v1.6 remotes/docker/resolver.go; moby v20.10 distribution/errors.go; containers/image v5
    docker/errors.go; OCI distribution specification v1.1 (MANIFEST_UNKNOWN, NAME_UNKNOWN).
    """
    refusal = newest_answer(found)
    siblings = running_siblings(pod.scene, refusal.image) if refusal is not None else {}
    hint = f"; {', '.join(sorted(siblings))} runs" if siblings else ""
    verdict = judged(pod, found, Answer.NOT_FOUND, hint=hint)
    if not isinstance(verdict, Present) or not siblings:
        return verdict
    near = tuple(Evidence(place, f"{name} runs") for name, place in sorted(siblings.items()))
    return msgspec.structs.replace(verdict, because=verdict.because + near)
