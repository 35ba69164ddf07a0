"""A program may not use a file or directory that it needs."""

from __future__ import annotations

from kwhy.facts.log_patterns.own_container import PERMISSION_DENIED
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.command_not_executable import SHELL_NOT_EXECUTABLE
from kwhy.knowledge.container.ends import Ending, endings_of
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.mounts import Identity, Mounted, identity_of, place_of
from kwhy.knowledge.container.own_words import OwnWord, complains_only_of, last_words
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import OBJECT, PREVIOUS_LOGS
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

ACCESS_DENIED = Condition(
    code="container.file-access-denied",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} may not use {path} {where}: {why}",
    summary="The user that the container runs as has no right to a file or directory that the program needs.",
    remedies=(
        Remedy(
            id="let-user-and-owner-agree",
            title="Let the user of the container and the owner of the files agree",
            when="now",
            risk="low",
            steps=(
                Step("See as whom the program runs, and who owns the path.", "kubectl get pod -n {namespace} -o yaml"),
                Step(
                    "Block volumes, emptyDir and Secrets: set securityContext.fsGroup to a group of the user; the "
                    "kubelet then gives the volume to that group.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
                Step(
                    "hostPath and most NFS volumes know no fsGroup: change the owner on the node or the server, or by "
                    "an init container that runs as root.",
                ),
                Step(
                    "NFS: root of the client is nobody on the server (root_squash): run as the user who owns the files."
                ),
                Step(
                    "A directory of the image: give it to the user when the image is built, or mount an emptyDir there."
                ),
                Step(
                    "If owner and mode are right, SELinux or AppArmor forbids it: see the node's audit log.",
                    "ausearch -m avc -ts recent",
                ),
            ),
            verify=(Step("The container stays up.", "kubectl get pods -n {namespace}"),),
            undo=(Step("Go back to the former revision.", "kubectl rollout undo {kind}/{name} -n {namespace}"),),
        ),
    ),
)


def denied_files(scene: Scene, pod: Subject) -> list[OwnWord]:
    """Lines of the pod's logs that say that access to a path is denied, newest first"""
    return [word for word in last_words(scene, pod, PERMISSION_DENIED) if word.path is not None]


@rule(
    ACCESS_DENIED,
    rows=("P7", "P2"),
    leads=(leads_to(EXITS_WITH_ERROR, via=ITSELF), leads_to(APP_ERRORS, via=complains_only_of(PERMISSION_DENIED))),
)
def file_access_denied(
    pod: PodView,
    words: list[OwnWord] = given(denied_files),
    endings: list[Ending] = given(endings_of),
) -> Verdict:
    """The program may not use a file.

    What it means: The path is there (or its directory is), and its owner and mode do not let the program's user in.
    How it shows: "permission denied" with a path among the last lines of a log whose container ended with an error;
    the pod says as whom it runs and what is mounted there.
    What looks like it: A command that may not be executed was never started. A port below 1024 that may not be bound
    names no path. A file system that is read-only says so. A database or API that denies access has its own words. A
    complaint about one file among others that the program survives.
    Source: Linux path_resolution(7), exports(5) (root_squash); Kubernetes v1.34 pkg/volume/volume_linux.go
    (SetVolumeOwnership, which leaves hostPath and NFS alone).
    """
    scene, subject = pod.scene, pod.subject
    if not words:
        return unsure(f"the log of {subject}", PREVIOUS_LOGS.of(name=pod.name, namespace=pod.namespace))
    ended = {ending.container for ending in endings if ending.code and ending.code != SHELL_NOT_EXECUTABLE}
    if not ended and endings:
        return Absent((endings[0].evidence,))
    word = next((w for w in words if w.container is None or not ended or w.container in ended), None)
    if word is None or word.path is None:
        return Absent((Evidence(endings[0].at, "another container ended"),))
    place = place_of(scene, subject, word.container, word.path)
    if place is None:
        return unsure(f"what is mounted at {word.path}", OBJECT.of(kind="pod", name=pod.name, namespace=pod.namespace))
    identity = identity_of(scene, subject, word.container)
    because = [word.evidence]
    if place.mounted is not None:
        because.append(Evidence(place.mounted.at, f"{place.mounted.mount_path} is {_volume(place.mounted)}"))
    if identity is not None:
        because.append(Evidence(identity.at, _user(identity)))
    where = f"on {_volume(place.mounted)}" if place.mounted is not None else "in its image"
    values = {"path": word.path, "where": where, "why": _why(place.mounted, identity)}
    return Present(tuple(because), values, since=word.hit.first.when)


def _volume(mounted: Mounted) -> str:
    return f"{mounted.kind} volume {mounted.volume}" if mounted.kind != "volume" else f"volume {mounted.volume}"


def _user(identity: Identity) -> str:
    user = f"user {identity.user}" if identity.user is not None else "the user that its image names"
    group = f"with fsGroup {identity.fs_group}" if identity.fs_group is not None else "without fsGroup"
    return f"it runs as {user}, {group}"


def _why(mounted: Mounted | None, identity: Identity | None) -> str:
    if identity is None:
        return "its user has no right to it"
    if identity.user == 0:
        return "root may not either, so NFS root squash, a dropped capability, SELinux or AppArmor forbids it"
    if mounted is not None and mounted.kind in ("hostPath", "NFS"):
        return f"{_user(identity).partition(',')[0]}, and a {mounted.kind} volume keeps the owner that it has"
    if mounted is None:
        return f"{_user(identity).partition(',')[0]}, to whom the image does not give it"
    return _user(identity)
