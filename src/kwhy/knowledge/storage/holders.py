"""Who holds a volume that another node wants."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kwhy.facts.objects import Observation, VolumeAttachment
from kwhy.knowledge.storage.mount_errors import MountError, Problem, known_errors
from kwhy.model.document import Locator
from kwhy.model.rule import Relation
from kwhy.model.subject import Subject
from kwhy.model.verdict import Evidence
from kwhy.scene.relations import claims_of_pod, node_of_pod
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView


class Holder(msgspec.Struct, frozen=True):
    """A pod that uses the volume, and its node (None where it was not shown)."""

    pod: Subject
    node: Subject | None
    at: Locator | None


def multi_attach(scene: Scene, pod: Subject) -> MountError | None:
    """The newest refusal to attach a volume of the pod to a second node."""
    return next((e for e in scene.derive(known_errors, pod) if e.problem is Problem.ATTACHED_ELSEWHERE), None)


def holders_of(scene: Scene, pod: Subject) -> list[Holder]:
    """The other pods that use a volume which the pod waits for, those that the refusal names first"""
    error = multi_attach(scene, pod)
    if error is None:
        return []
    named = [name.strip() for name in error.detail("pods").split(",") if name.strip()]
    found = [Subject("Pod", name, pod.namespace) for name in named]
    by_claim = scene.derive_once(_pods_by_claim)
    for claim in claims_of_pod(scene, pod):
        found += by_claim.get(claim, [])
    return [_holder(scene, other) for other in dict.fromkeys(found) if other != pod]


def _pods_by_claim(scene: Scene) -> dict[Subject, list[Subject]]:
    index: dict[Subject, list[Subject]] = {}
    for pod in scene.subjects("Pod"):
        for claim in claims_of_pod(scene, pod):
            index.setdefault(claim, []).append(pod)
    return index


def _holder(scene: Scene, pod: Subject) -> Holder:
    nodes = node_of_pod(scene, pod)
    views = scene.observations(pod)
    return Holder(pod, nodes[0] if nodes else None, views[0].at if views else None)


def uses_it(scene: Scene, holder: Holder) -> bool | None:
    """Whether the pod runs and is to go on; None where that was not shown."""
    view = PodView(scene, holder.pod)
    if not view.observations:
        return None
    deleted = view.deletion_timestamp
    if deleted.observed and deleted.value:
        return False
    phase = view.phase if view.phase.observed else view.printed("STATUS")
    return phase.value == "Running" if phase.observed else None


def attachments(scene: Scene, volume: str) -> list[Observation]:
    """The VolumeAttachments of a PersistentVolume."""
    return scene.derive_once(_attachments).get(volume, [])


def _attachments(scene: Scene) -> dict[str, list[Observation]]:
    index: dict[str, list[Observation]] = {}
    for subject in scene.subjects("VolumeAttachment"):
        for observation in scene.observations(subject)[:1]:
            shown = observation.object
            if isinstance(shown, VolumeAttachment) and shown.spec.source.persistent_volume_name:
                index.setdefault(shown.spec.source.persistent_volume_name, []).append(observation)
    return index


def attached_to(scene: Scene, pod: Subject) -> list[tuple[Subject, Evidence]]:
    """The other nodes that hold the volume, by its attachments, else by the pods that use it."""
    error = multi_attach(scene, pod)
    own = node_of_pod(scene, pod)
    found: dict[Subject, Evidence] = {}
    for observation in attachments(scene, error.volume) if error is not None else ():
        shown = observation.object
        if isinstance(shown, VolumeAttachment):
            node = shown.spec.node_name
            says = f"{observation.subject.name} attaches {shown.spec.source.persistent_volume_name} to {node}"
            found[Subject("Node", node)] = Evidence(observation.field_at("spec.nodeName", f"nodeName: {node}"), says)
    for holder in scene.derive(holders_of, pod):
        if holder.node is not None and holder.at is not None:
            found.setdefault(holder.node, Evidence(holder.at, f"{holder.pod} uses it on {holder.node.name}"))
    return [(node, evidence) for node, evidence in found.items() if node not in own]


def _holding_nodes(scene: Scene, pod: Subject) -> Iterable[Subject]:
    return [node for node, _ in attached_to(scene, pod)]


HELD_BY = Relation("waits for a volume held by", _holding_nodes)
