"""A program writes where its container may only read."""

from __future__ import annotations

from kwhy.facts.log_patterns.own_container import READ_ONLY
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.mounts import GENERATED, identity_of, place_of
from kwhy.knowledge.container.own_words import OwnWord, complains_only_of, last_words
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import OBJECT, PREVIOUS_LOGS
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

READ_ONLY_FILE_SYSTEM = Condition(
    code="container.writes-to-read-only",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} writes to {path}, where it may only read: {why}",
    summary="The container was given its root file system or a volume read-only, and its program writes there.",
    remedies=(
        Remedy(
            id="give-a-place-to-write",
            title="Mount an emptyDir where the program writes",
            when="now",
            risk="low",
            steps=(
                Step(
                    "Mount an emptyDir at {directory}; or mount the volume without readOnly.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
                Step("What a ConfigMap or Secret mounts cannot be written: copy it into an emptyDir first."),
            ),
            verify=(Step("The container stays up.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)


def read_only_files(scene: Scene, pod: Subject) -> list[OwnWord]:
    """Lines of the pod's logs that say that a path is on a read-only file system, newest first"""
    return [word for word in last_words(scene, pod, READ_ONLY) if word.path is not None]


@rule(
    READ_ONLY_FILE_SYSTEM,
    rows=("P7", "P2"),
    leads=(leads_to(EXITS_WITH_ERROR, via=ITSELF), leads_to(APP_ERRORS, via=complains_only_of(READ_ONLY))),
)
def writes_to_read_only(pod: PodView, words: list[OwnWord] = given(read_only_files)) -> Verdict:
    """The program writes where it may only read.

    What it means: Somebody asked for it: readOnlyRootFilesystem, a mount with readOnly, or a volume made of a ConfigMap
    or Secret.
    How it shows: "read-only file system" with a path among the last lines of the log; the pod mounts nothing there and
    sets readOnlyRootFilesystem, or mounts the volume there read-only.
    What looks like it: A volume or a node's disk that the kernel remounted read-only after I/O errors: then nobody
    asked for it, and the kernel log says why.
    Source: Linux errno(3) (EROFS); Kubernetes v1.34 pkg/kubelet/kuberuntime/security_context.go
    (ReadonlyRootfs); kubernetes#58720.
    """
    scene, subject = pod.scene, pod.subject
    if not words:
        return unsure(f"the log of {subject}", PREVIOUS_LOGS.of(name=pod.name, namespace=pod.namespace))
    word = words[0]
    path = word.path or ""
    place = place_of(scene, subject, word.container, path)
    ask = OBJECT.of(kind="pod", name=pod.name, namespace=pod.namespace)
    if place is None:
        return unsure(f"what is mounted at {path}", ask)
    values = {"path": path, "directory": path.rpartition("/")[0] or "/"}
    mounted = place.mounted
    if mounted is not None:
        if not mounted.read_only and mounted.kind not in GENERATED:
            return Absent((Evidence(mounted.at, f"{mounted.mount_path} is mounted to be written"),))
        what = f"{mounted.kind} volume {mounted.volume} is mounted read-only at {mounted.mount_path}"
        return Present((word.evidence, Evidence(mounted.at, what)), {**values, "why": what}, since=word.hit.first.when)
    identity = identity_of(scene, subject, word.container)
    if identity is None:
        return unsure(f"whether {subject} sets readOnlyRootFilesystem", ask)
    if not identity.read_only_root:
        return Absent((Evidence(identity.at, "its root file system is not asked to be read-only"),))
    why = "readOnlyRootFilesystem is set, and no volume is mounted there"
    return Present((word.evidence, Evidence(identity.at, why)), {**values, "why": why}, since=word.hit.first.when)
