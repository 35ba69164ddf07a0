"""A pod writes so much to its node's disk that the kubelet lacks it."""

from __future__ import annotations

from kwhy.knowledge.disk.amounts import (
    BEHIND,
    EVICTED_FOR,
    FILLED_BY,
    STORAGE,
    Lacking,
    Written,
    lacking_on,
    largest_writer,
    written_by,
)
from kwhy.knowledge.disk.probes import SUMMARY
from kwhy.knowledge.eviction.by_node_shortage import BY_NODE_SHORTAGE
from kwhy.knowledge.node.disk_pressure import DISK_PRESSURE
from kwhy.knowledge.node.reclaim_fails import RECLAIM_FAILS
from kwhy.model.condition import Condition, Nature, Remedy, Step
from kwhy.model.quantity import in_words
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.subject import Subject
from kwhy.model.verdict import Absent, Basis, Evidence, Present, Verdict, unsure
from kwhy.scene.relations import node_of_pod
from kwhy.scene.scene import Scene
from kwhy.scene.views import PodView

FILLED_BY_POD = Condition(
    code="disk.filled-by-pod",
    kind="Pod",
    nature=Nature.ROOT,
    title="{subject} fills the disk of {node} with {used}: {what}",
    summary="What a pod writes to its node's disk above its request is more than the kubelet wants to free there.",
    remedies=(
        Remedy(
            id="stop-the-writer",
            title="Stop or move what it writes; its next pod would fill the next node",
            when="now",
            risk="medium",
            steps=(
                Step(
                    "See what it writes while it runs: files outside volumes, emptyDir volumes, logs.",
                    "kubectl exec -n {namespace} {kind}/{name} -- du -xh -d 2 / 2>/dev/null",
                ),
                Step("Scale it down until that is mended.", "kubectl scale {kind}/{name} -n {namespace} --replicas=0"),
            ),
            verify=(Step("DiskPressure is False.", "kubectl describe node {node}"),),
            undo=(Step("Scale it up again.", "kubectl scale {kind}/{name} -n {namespace} --replicas=COUNT"),),
        ),
        Remedy(
            id="limit-the-writer",
            title="Let the pod say what it needs of the disk, and end it at its own limit",
            when="lasting",
            risk="low",
            steps=(
                Step(
                    "Set requests and limits of ephemeral-storage, and sizeLimit of emptyDir volumes: then only this "
                    "pod is evicted, and nodes are chosen that have the space.",
                    "kubectl edit {kind} {name} -n {namespace}",
                ),
                Step("What must last, and what is large, belongs on a volume with a claim; rotate logs."),
            ),
            verify=(Step("No new event EvictionThresholdMet.", "kubectl events --for node/{node}"),),
            undo=(Step("Remove the limits.", "kubectl edit {kind} {name} -n {namespace}"),),
        ),
    ),
)


def lacking(scene: Scene, pod: Subject) -> Lacking | None:
    """How much the kubelet of the pod's node wants to free"""
    nodes = node_of_pod(scene, pod)
    return scene.derive(lacking_on, nodes[0]) if nodes else None


@rule(
    FILLED_BY_POD,
    rows=("N11", "N12", "N13"),
    leads=(
        leads_to(DISK_PRESSURE, via=FILLED_BY),
        leads_to(RECLAIM_FAILS, via=FILLED_BY),
        leads_to(BY_NODE_SHORTAGE, via=EVICTED_FOR),
    ),
)
def filled_by_pod(
    pod: PodView, written: Written | None = given(written_by), wanted: Lacking | None = given(lacking)
) -> Verdict:
    """The pod fills its node's disk.

    What it means: The kubelet can remove unused images and dead containers only. What this pod wrote above its request
    makes up most of what the kubelet lacks, and no other pod of the node wrote more.
    How it shows: The message of its eviction ("was using 10619440Ki, which exceeds its request of 0"), the kubelet's
    summary or du say how much it has; "Wanted to free N bytes, but freed 0", or threshold and available bytes, say how
    much is lacking.
    What looks like it: A disk that is full of something else (host files, images in use, a threshold set too high): the
    victims then have little. A pod within its request. A shortage of inodes, which small files make.
    Source: Kubernetes v1.34 pkg/kubelet/eviction/helpers.go (evictionMessage, rankDiskPressureFunc),
    eviction_manager.go, pkg/kubelet/images/image_gc_manager.go (GarbageCollect).
    """
    nodes = node_of_pod(pod.scene, pod.subject)
    if not nodes:
        return unsure(f"the node of {pod.subject}", *pod.probes())
    ask = SUMMARY.of(node=nodes[0].name)
    if written is None:
        return unsure(f"what {pod.subject} has on the disk of {nodes[0].name}", ask)
    if wanted is None:
        return unsure(f"how much the kubelet of {nodes[0].name} wants to free", ask)
    if written.excess < wanted.amount * BEHIND:
        return Absent((written.evidence, wanted.evidence))
    largest = pod.scene.derive(largest_writer, nodes[0])
    if largest is not None and largest != pod.subject:
        more = pod.scene.derive(written_by, largest)
        if more is not None:
            return Absent((written.evidence, Evidence(more.evidence.at, f"{largest} has more: {more.evidence.says}")))
    values = {"used": in_words(STORAGE, written.used), "what": written.what, "node": nodes[0].name}
    return Present((written.evidence, wanted.evidence), values, basis=Basis.RECOMPUTED)
