"""A volume stays attached to a node that is gone, or that cannot let it go."""

from __future__ import annotations

from collections.abc import Iterable

from kwhy.facts.objects import VolumeAttachment
from kwhy.knowledge.storage.attached_elsewhere import ATTACHED_ELSEWHERE
from kwhy.knowledge.storage.holders import attachments, multi_attach
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import Relation, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.probes.kubectl import DESCRIBE, NODES
from kwhy.scene.relations import node_of_pod
from kwhy.scene.scene import Scene
from kwhy.scene.views import ObjectView

LEFT_BEHIND = Condition(
    code="storage.attachment-left-behind",
    kind="VolumeAttachment",
    nature=Nature.ROOT,
    title="{subject} keeps volume {volume} attached to node {node}, {why}",
    summary="The record of an attachment outlives its use, so the volume is given to no other node.",
    remedies=(
        Remedy(
            id="end-the-attachment",
            title="Make sure that the node is off, then end the attachment",
            when="now",
            risk="high",
            steps=(
                Step("Make sure that the machine is off or deleted: two writers destroy the file system."),
                Step("See what the driver says about it.", "kubectl describe volumeattachment {name}"),
                Step("Detach the disk at the storage or cloud provider if it is still attached."),
                Step("Delete the record.", "kubectl delete volumeattachment {name}"),
            ),
            verify=(Step("The volume is attached to the new node.", "kubectl get volumeattachments"),),
            undo=(Step("None: the attach controller makes a new record when a pod needs the volume there."),),
        ),
    ),
)


def _of_volume(scene: Scene, pod: Subject) -> Iterable[Subject]:
    """The attachments of the volume to other nodes."""
    error = multi_attach(scene, pod)
    own = {node.name for node in node_of_pod(scene, pod)}
    for observation in attachments(scene, error.volume) if error is not None else ():
        if isinstance(observation.object, VolumeAttachment) and observation.object.spec.node_name not in own:
            yield observation.subject


ATTACHED_BY = Relation("waits for a volume attached by", _of_volume)


@rule(LEFT_BEHIND, rows=("V2", "V3"), leads=(leads_to(ATTACHED_ELSEWHERE, via=ATTACHED_BY),))
def attachment_left_behind(attachment: ObjectView) -> Verdict:
    """The attachment outlives its use.

    What it means: The node it names is gone, or the driver fails to detach; the volume stays with nobody.
    How it shows: The VolumeAttachment's node is not among all nodes; or its status has a detachError.
    What looks like it: A node that is there and not Ready: then the node is to be mended or declared dead. A pod that
    still uses the volume.
    Source: k8s.io/api v0.34 storage/v1 types.go (VolumeAttachmentStatus); Kubernetes v1.34
    pkg/controller/volume/attachdetach.
    """
    scene = attachment.scene
    shown = next((o for o in attachment.observations if isinstance(o.object, VolumeAttachment)), None)
    if shown is None or not isinstance(shown.object, VolumeAttachment):
        return unsure(f"{attachment.subject}", DESCRIBE.of(kind="volumeattachment", name=attachment.name))
    node, volume = shown.object.spec.node_name, shown.object.spec.source.persistent_volume_name or ""
    error = shown.object.status.detach_error
    if error is not None and error.message:
        says = f"detaching fails: {error.message}"
        place = Evidence(shown.field_at("status.detachError.message", error.message), says)
        return Present((place,), {"volume": volume, "node": node, "why": f"because {says}"})
    if scene.exists(Subject("Node", node)):
        return Absent((Evidence(scene.observations(Subject("Node", node))[0].at, f"node {node} exists"),))
    listing = scene.listing("Node", None)
    if listing is None:
        return unsure(f"whether node {node} exists", NODES.of())
    because = (
        Evidence(shown.field_at("spec.nodeName", f"nodeName: {node}"), f"it names node {node}"),
        Evidence(listing.at, f"no node {node} is listed"),
    )
    return Present(because, {"volume": volume, "node": node, "why": "which does not exist"}, basis=Basis.RECOMPUTED)
