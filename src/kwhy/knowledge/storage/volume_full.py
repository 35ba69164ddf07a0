"""A volume that a container writes to is full."""

from __future__ import annotations

from collections.abc import Iterator

from kwhy.facts.log_patterns.own_container import NO_SPACE
from kwhy.facts.objects import PersistentVolume
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.mounts import Mounted, place_of
from kwhy.knowledge.container.own_words import OwnWord, complains_only_of, last_words
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.probe import Probe
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import OBJECT, PREVIOUS_LOGS
from kwhy.scene.relations import ITSELF
from kwhy.scene.scene import Scene
from kwhy.scene.views import ClaimView, PodView

VOLUME_FULL = Condition(
    code="storage.volume-full",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} {full}: container {container} cannot write {path}",
    summary="The volume has no room, or no inodes, left for what the program writes.",
    remedies=(
        Remedy(
            id="make-room-on-the-volume",
            title="Make room, or make the volume larger",
            when="now",
            risk="medium",
            steps=(
                Step("See how full it is, in bytes and in inodes.", "kubectl exec POD -n {namespace} -- df -h {mount}"),
                Step("Remove what nobody needs: old logs, temporary files, old segments."),
                Step(
                    "A claim whose class has allowVolumeExpansion: ask for more.",
                    "kubectl patch pvc CLAIM -n {namespace} -p "
                    '\'{{"spec":{{"resources":{{"requests":{{"storage":"SIZE"}}}}}}}}\'',
                ),
                Step("An emptyDir: raise sizeLimit; with medium Memory it counts against the memory limit too."),
            ),
            verify=(Step("The log complains no more.", "kubectl logs POD -n {namespace} --since=5m"),),
            undo=(Step("A claim cannot be made smaller again; restore removed files from a backup."),),
        ),
    ),
)

FILL = Probe(
    "kubectl exec {name} -n {namespace} -- sh -c 'df -h; df -i'",
    unlocks="which of the container's file systems is full, of bytes or of inodes",
)


def full_files(scene: Scene, pod: Subject) -> list[OwnWord]:
    """Lines of the pod's logs that say that no space is left, newest first"""
    return last_words(scene, pod, NO_SPACE)


@rule(
    VOLUME_FULL,
    rows=("V4", "P2"),
    leads=(leads_to(EXITS_WITH_ERROR, via=ITSELF), leads_to(APP_ERRORS, via=complains_only_of(NO_SPACE))),
)
def volume_full(pod: PodView, words: list[OwnWord] = given(full_files)) -> Verdict:
    """The volume is full.

    What it means: The program writes to a volume of its own: a claim's, or an emptyDir in memory or with a limit.
    How it shows: "no space left on device" with a path that lies on such a volume.
    What looks like it: A path in the container's own file system, on a hostPath or on an emptyDir without a limit is on
    the node's disk: then the node is full. Inodes run out with bytes free: df -i shows it. "disk quota exceeded" is
    another answer. inotify's limits also say ENOSPC, without a path.
    Source: Linux errno(3) (ENOSPC), tmpfs(5), inotify_add_watch(2); Kubernetes v1.34 pkg/volume/emptydir.
    """
    scene, subject = pod.scene, pod.subject
    if not words:
        return unsure(f"the log of {subject}", PREVIOUS_LOGS.of(name=pod.name, namespace=pod.namespace))
    word = next((w for w in words if w.path is not None), None)
    if word is None or word.path is None:
        return unsure(f"which file system of {subject} is full", FILL.of(name=pod.name, namespace=pod.namespace))
    place = place_of(scene, subject, word.container, word.path)
    if place is None:
        return unsure(f"what is mounted at {word.path}", OBJECT.of(kind="pod", name=pod.name, namespace=pod.namespace))
    mounted = place.mounted
    if mounted is None or not _own_space(scene, pod.namespace, mounted):
        where = "the container's own file system" if mounted is None else f"{mounted.kind} volume {mounted.volume}"
        return Absent((Evidence(place.at, f"{word.path} lies on {where}, which is the node's disk"),))
    claim = Subject("PersistentVolumeClaim", mounted.claim, pod.namespace) if mounted.claim else None
    full = "is full" if claim is not None else f"has a full {mounted.kind} volume {mounted.volume}"
    values = {"full": full, "container": word.container or "", "path": word.path, "mount": mounted.mount_path}
    because = (word.evidence, Evidence(mounted.at, f"{mounted.mount_path} is {mounted.kind} volume {mounted.volume}"))
    return Present(because, values, since=word.hit.first.when, blames=claim)


def _own_space(scene: Scene, namespace: str | None, mounted: Mounted) -> bool:
    """Whether the volume has space of its own, apart from the node's disk."""
    if mounted.claim:
        return not any(
            isinstance(shown.spec.host_path, dict) or isinstance(shown.spec.local, dict)
            for shown in _volumes_of(scene, Subject("PersistentVolumeClaim", mounted.claim, namespace))
        )
    return mounted.kind == "CSI" or mounted.medium == "Memory"


def _volumes_of(scene: Scene, claim: Subject) -> Iterator[PersistentVolume]:
    name = ClaimView(scene, claim).volume_name
    for observation in scene.observations(Subject("PersistentVolume", name.value)) if name.observed else ():
        if isinstance(observation.object, PersistentVolume):
            yield observation.object
