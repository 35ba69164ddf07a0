"""A program's writes fail though nobody asked for a read-only file system."""

from __future__ import annotations

from kwhy.facts.log_patterns.own_container import READ_ONLY
from kwhy.knowledge.app.errors import APP_ERRORS
from kwhy.knowledge.container.exits_with_error import EXITS_WITH_ERROR
from kwhy.knowledge.container.mounts import GENERATED, identity_of, place_of
from kwhy.knowledge.container.own_words import OwnWord, complains_only_of
from kwhy.knowledge.container.read_only_file_system import read_only_files
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Absent, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import OBJECT, PREVIOUS_LOGS
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import PodView

WRITES_REFUSED = Condition(
    code="container.writes-refused",
    kind="Pod",
    nature=Nature.EFFECT,
    title="{subject} cannot write to {path}: its file system is read-only, and nobody asked for that",
    summary="Neither the pod nor its volume is read-only by its spec, so the kernel made the file system read-only.",
)


@rule(
    WRITES_REFUSED,
    rows=("V4", "P7"),
    leads=(leads_to(EXITS_WITH_ERROR, via=ITSELF), leads_to(APP_ERRORS, via=complains_only_of(READ_ONLY))),
)
def writes_refused(pod: PodView, words: list[OwnWord] = given(read_only_files)) -> Verdict:
    """Writes are refused on a file system that should take them.

    What it means: The file system below the path went read-only at run time: the node's disk, or the volume's.
    How it shows: "read-only file system" with a path in the log, while the pod's spec mounts it to be written.
    What looks like it: readOnlyRootFilesystem, a mount with readOnly, a volume made of a ConfigMap or Secret.
    Source: Linux errno(3) (EROFS); Linux v6.6 fs/ext4/super.c (ext4_handle_error).
    """
    if not words:
        return unsure(f"the log of {pod.subject}", PREVIOUS_LOGS.of(name=pod.name, namespace=pod.namespace))
    word = words[0]
    path = word.path or ""
    place = place_of(pod.scene, pod.subject, word.container, path)
    ask = OBJECT.of(kind="pod", name=pod.name, namespace=pod.namespace)
    if place is None:
        return unsure(f"what is mounted at {path}", ask)
    if place.mounted is not None:
        if place.mounted.read_only or place.mounted.kind in GENERATED:
            return Absent((Evidence(place.mounted.at, "its volume is read-only by its spec"),))
        shown = Evidence(place.mounted.at, f"{place.mounted.mount_path} is mounted to be written")
        return Present((word.evidence, shown), {"path": path}, since=word.hit.first.when)
    identity = identity_of(pod.scene, pod.subject, word.container)
    if identity is None:
        return unsure(f"whether {pod.subject} sets readOnlyRootFilesystem", ask)
    if identity.read_only_root:
        return Absent((Evidence(identity.at, "readOnlyRootFilesystem is set"),))
    shown = Evidence(identity.at, "its root file system is not asked to be read-only")
    return Present((word.evidence, shown), {"path": path}, since=word.hit.first.when)
