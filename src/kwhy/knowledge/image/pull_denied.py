"""The registry refuses to give the image."""

from __future__ import annotations

import msgspec

from kwhy.facts.objects import Pod, Secret
from kwhy.knowledge.container.runs import event_messages, quoted
from kwhy.knowledge.image.answers import (
    Answer,
    Refusal,
    judged,
    newest_answer,
    refusals,
    registry_of,
    repository_of,
)
from kwhy.knowledge.image.not_pulled import NOT_PULLED
from kwhy.knowledge.image.pull_accounts import has_account
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence, Present, Verdict
from kwhy.model.wording import named
from kwhy.scene.relations import ITSELF, owner_of
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

PULL_DENIED = Condition(
    code="image.pull-denied",
    kind="Pod",
    nature=Nature.ROOT,
    title="The registry {registry} denies {who} the image {image}{hint}",
    summary="The registry wants credentials that the pull did not bring, or hides that the name does not exist.",
    remedies=(
        Remedy(
            id="give-a-pull-secret",
            title="Give the pod a pull secret that fits, or correct the image's name",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Make the secret in the pod's namespace; its server must be written as in the image's name.",
                    "kubectl create secret docker-registry regcred -n {namespace} --docker-server={registry} "
                    "--docker-username=USER --docker-password=PASSWORD",
                ),
                Step("Name it in imagePullSecrets.", "kubectl edit {kind} {name} -n {namespace}"),
            ),
            verify=(Step("The pods start.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)

#: Types of Secrets in which the kubelet looks for accounts (pkg/credentialprovider/secrets/secrets.go).
PULL_SECRETS = frozenset({"kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"})


@rule(PULL_DENIED, rows=("P1",), leads=(leads_to(NOT_PULLED, via=ITSELF),))
def pull_denied(pod: PodView, found: list[Refusal] = given(refusals)) -> Verdict:
    """The registry denies access to the image.

    What it means: The pull's credentials, or the want of any, are not good enough for this repository.
    How it shows: 401 or 403, "pull access denied", "unauthorized", "no basic auth credentials"; the pod names no pull
    secret, one that does not exist in its namespace (perhaps in another one), or one of a type that holds no account.
    What looks like it: Registries that hide private names give this answer for names that do not exist at all.
    Source: containerd v1.6 remotes/docker (ErrInvalidAuthorization, fetcher.go); moby v20.10 distribution/errors.go;
    Kubernetes v1.34 pkg/kubelet/kubelet_pods.go (FailedToRetrieveImagePullSecret), pkg/credentialprovider/secrets.
    """
    refusal = newest_answer(found)
    image = refusal.image if refusal is not None else ""
    secrets = _secrets(pod.scene, pod.subject, image)
    hint = f": {secrets.says}" if secrets is not None else ""
    who = named(owner_of(pod.scene, pod.subject))
    verdict = judged(pod, found, Answer.DENIED, hint=hint, who=who)
    if not isinstance(verdict, Present) or secrets is None:
        return verdict
    verdict = msgspec.structs.replace(verdict, because=(*verdict.because, secrets))
    useless = _without_account(pod.scene, pod.subject, image)
    return msgspec.structs.replace(verdict, blames=useless) if useless is not None else verdict


def _secrets(scene: Scene, pod: Subject, image: str) -> Evidence | None:
    """What is wrong with the pod's pull secrets, as far as that was shown."""
    for said in event_messages(scene, pod, "FailedToRetrieveImagePullSecret"):
        return Evidence(said.at, said.text)
    for observation in scene.observations(pod):
        struct = observation.object
        listed = struct.spec.image_pull_secrets if isinstance(struct, Pod) else None
        if not isinstance(listed, list) or not listed:
            if observation.whole:
                return Evidence(quoted(observation.field_at("spec"), "no imagePullSecrets"), "it names no pull secret")
            continue
        for index, secret in enumerate(listed):
            place = quoted(observation.field_at(f"spec.imagePullSecrets[{index}]"), f"name: {secret.name}")
            wrong = _wrong(scene, Subject("Secret", secret.name, pod.namespace), image)
            if wrong is not None:
                return Evidence(place, f"its pull secret {secret.name} {wrong}")
        return None
    return None


def _full(image: str) -> str:
    """The repository with its registry written out; the Hub's own images lie under library/."""
    name, registry = repository_of(image), registry_of(image)
    if registry != "docker.io" or name.startswith("docker.io/"):
        return name
    return f"{registry}/{name}" if "/" in name else f"{registry}/library/{name}"


def _without_account(scene: Scene, pod: Subject, image: str) -> Subject | None:
    """The pod's pull secret, where it is the only one and holds no account, or none for this registry."""
    for observation in scene.observations(pod):
        listed = observation.object.spec.image_pull_secrets if isinstance(observation.object, Pod) else None
        if isinstance(listed, list) and len(listed) == 1:
            secret = Subject("Secret", listed[0].name, pod.namespace)
            return secret if scene.exists(secret) and _wrong(scene, secret, image) is not None else None
    return None


def _wrong(scene: Scene, secret: Subject, image: str) -> str | None:
    """Why the kubelet finds no credentials in the secret; None where nothing is seen to be wrong."""
    for observation in scene.observations(secret):
        shown = observation.object
        if isinstance(shown, Secret) and isinstance(shown.type, str) and shown.type not in PULL_SECRETS:
            return f"is of type {shown.type}, which holds no registry account"
        accounts = shown.registries if isinstance(shown, Secret) else None
        if accounts is not None and image and not has_account(accounts, _full(image)):
            has = ", ".join(sorted(accounts)[:3]) or "no registry"
            return f"has an account for {has}, and none for {registry_of(image)}"
    if scene.exists(secret) or scene.listing("Secret", secret.namespace) is None:
        return None
    elsewhere = [s.namespace for s in scene.subjects("Secret") if s.name == secret.name]
    where = f"; one of this name is in {elsewhere[0]}" if elsewhere else ""
    return f"does not exist in namespace {secret.namespace}{where}"
