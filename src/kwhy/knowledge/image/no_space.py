"""A node has no room for an image."""

from __future__ import annotations

import msgspec

from kwhy.knowledge.image.answers import Answer, Refusal, judged, refusals
from kwhy.knowledge.image.not_pulled import NOT_PULLED
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Present, Verdict
from kwhy.scene.relations import ITSELF, node_of_pod
from kwhy.scene.views import PodView

NO_SPACE = Condition(
    code="image.no-space-on-node",
    kind="Pod",
    nature=Nature.ROOT,
    title="The disk of {where} is full: image {image} does not fit",
    summary="The runtime cannot unpack the image, because the file system that holds images is full.",
    remedies=(
        Remedy(
            id="make-room-for-images",
            title="Make room on the file system that holds images",
            when="now",
            risk="medium",
            steps=(
                Step("See which file system is full, of bytes or of inodes.", "df -h /var/lib; df -i /var/lib"),
                Step("Remove images that no container uses.", "crictl rmi --prune"),
                Step("See what else fills it.", "du -xh --max-depth=3 /var/lib /var/log | sort -h | tail -30"),
            ),
            verify=(Step("The pods start.", "kubectl get pods -A -o wide"),),
            undo=(Step("Removed images are pulled again when a pod needs them."),),
        ),
    ),
)


@rule(NO_SPACE, rows=("P1", "N11"), leads=(leads_to(NOT_PULLED, via=ITSELF),))
def no_space_on_node(pod: PodView, found: list[Refusal] = given(refusals)) -> Verdict:
    """The node has no room for the image.

    What it means: The registry gave the image; the node cannot keep it.
    How it shows: The pull's error ends in "no space left on device".
    What looks like it: Inodes that have run out give the same words. A registry whose own disk is full answers with a
    5xx status.
    Source: Linux errno(3) (ENOSPC); containerd v1.6 pkg/unpack; moby v20.10 layer.
    """
    nodes = node_of_pod(pod.scene, pod.subject)
    where = f"node {nodes[0].name}" if nodes else "its node"
    verdict = judged(pod, found, Answer.NO_SPACE, where=where)
    return msgspec.structs.replace(verdict, blames=nodes[0]) if isinstance(verdict, Present) and nodes else verdict
