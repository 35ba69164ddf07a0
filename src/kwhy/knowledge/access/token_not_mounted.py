"""A program needs the token of its service account, and its pod has none."""

from __future__ import annotations

from kwhy.facts.log_patterns.service_account import TOKEN_MISSING
from kwhy.facts.objects import Pod, ServiceAccount
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.own_words import OwnWord, complains_only_of, last_words
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import OBJECT, PREVIOUS_LOGS
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView, View

TOKEN_NOT_MOUNTED = Condition(
    code="access.token-not-mounted",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} talks to the Kubernetes API, and its pods get no token{why}",
    summary="The program looks for the token of its service account, and the pod mounts none.",
    remedies=(
        Remedy(
            id="mount-the-token",
            title="Let the pod have its token",
            when="now",
            risk="low",
            steps=(
                Step(
                    "See what the account may do: the program will be able to do that.",
                    "kubectl get rolebindings,clusterrolebindings -A -o wide",
                ),
                Step(
                    "Set automountServiceAccountToken to true in the pod template, or take it out there and set it on "
                    "the ServiceAccount; a field in the pod wins.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
            ),
            verify=(Step("The new pods stay up.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Set it to false again.", "kubectl edit {kind} {name} -n {namespace}"),),
        ),
    ),
)  # fmt: skip

_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount"


def lacking_token(scene: Scene, pod: Subject) -> list[OwnWord]:
    """Lines of the pod's logs that say that there is no token, newest first"""
    return last_words(scene, pod, TOKEN_MISSING)


@rule(
    TOKEN_NOT_MOUNTED,
    rows=("C13",),
    leads=(leads_to(EXITS_WITH_ERROR, via=ITSELF), leads_to(APP_ERRORS, via=complains_only_of(TOKEN_MISSING))),
)
def token_not_mounted(pod: PodView, words: list[OwnWord] = given(lacking_token)) -> Verdict:
    """The pod mounts no token, and its program needs one.

    What it means: automountServiceAccountToken is false in the pod or on its ServiceAccount: nobody puts a token there.
    How it shows: The log says that the file of the token does not exist; no container mounts its directory.
    What looks like it: A token that is mounted and not accepted (401), or that may not do what is asked (403). A pod
    with the token, whose container sees another root directory (chroot) or runs as a sidecar without the mount.
    Source: Kubernetes v1.34 plugin/pkg/admission/serviceaccount/admission.go (shouldAutomount).
    """
    if not words:
        return unsure(f"the log of {pod.subject}", PREVIOUS_LOGS.of(name=pod.name, namespace=pod.namespace))
    mounted = _mounts_token(pod)
    if mounted is None:
        return unsure(f"what {pod.subject} mounts", OBJECT.of(kind="pod", name=pod.name, namespace=pod.namespace))
    if mounted:
        return Absent((Evidence(pod.containers.place, "a container mounts the token"),))
    because = [words[0].evidence]
    asked = pod.seen("spec.automountServiceAccountToken", lambda p: p.spec.automount_service_account_token, True)
    why = ""
    if asked.observed and not asked.value:
        why = ": the template forbids the mount"
        because.append(Evidence(asked.place, "the pod itself forbids the mount"))
    elif (account := _account_says(pod)) is not None:
        why = ": their ServiceAccount forbids the mount"
        because.append(account)
    because.append(Evidence(pod.containers.place, "no container mounts the token"))
    return Present(tuple(because), {"why": why}, since=words[0].hit.first.when)


def _mounts_token(pod: PodView) -> bool | None:
    """Whether some container mounts the directory of the token; None where no mounts were shown."""
    for observation in pod.observations:
        struct = observation.object
        containers = struct.spec.containers if isinstance(struct, Pod) else None
        if not isinstance(containers, list):
            continue
        shown = [c.volume_mounts for c in containers if isinstance(c.volume_mounts, list)]
        if not shown and not observation.whole:
            continue
        return any(mount.mount_path == _DIRECTORY for mounts in shown for mount in mounts)
    return None


def _account_says(pod: PodView) -> Evidence | None:
    """That the pod's ServiceAccount forbids the mount."""
    name = pod.seen("spec.serviceAccountName", lambda p: p.spec.service_account_name, "default")
    if not name.observed:
        return None
    view: View[ServiceAccount] = View(pod.scene, Subject("ServiceAccount", name.value or "default", pod.namespace))
    allowed = view.seen("automountServiceAccountToken", lambda account: account.automount_service_account_token, True)
    if allowed.observed and not allowed.value:
        return Evidence(allowed.place, f"{view.subject} forbids the mount")
    return None
