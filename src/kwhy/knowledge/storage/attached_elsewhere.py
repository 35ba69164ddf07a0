"""A volume for one node is attached to another one."""

from __future__ import annotations

from kwhy.knowledge.node.not_ready import NODE_NOT_READY, not_ready
from kwhy.knowledge.storage.holders import HELD_BY, attached_to
from kwhy.knowledge.storage.mount_errors import MountError, Problem, judged, known_errors
from kwhy.knowledge.storage.volume_not_mounted import NOT_MOUNTED
from kwhy.model.condition import Condition, Nature
from kwhy.model.rule import given, leads_to, rule
from kwhy.model.verdict import Present, Verdict
from kwhy.scene.relations import ITSELF
from kwhy.scene.views import NodeView, PodView

ATTACHED_ELSEWHERE = Condition(
    code="storage.attached-elsewhere",
    kind="Pod",
    nature=Nature.EFFECT,
    title="{subject} waits for volume {volume}, which is attached to {holder}",
    summary="The volume may be attached to one node at a time (ReadWriteOnce), and another node holds it.",
)


@rule(ATTACHED_ELSEWHERE, rows=("V2",), leads=(leads_to(NOT_MOUNTED, via=ITSELF),))
def attached_elsewhere(pod: PodView, errors: list[MountError] = given(known_errors)) -> Verdict:
    """The volume is attached to another node.

    What it means: The attach controller attaches a ReadWriteOnce volume to a second node only when the first has let
    it go: after the pod there is gone and the kubelet there has unmounted, or after six minutes on a node that is not
    Ready and is tainted out-of-service.
    How it shows: FailedAttachVolume "Multi-Attach error for volume … Volume is already used by pod(s) …", or "… is
    already exclusively attached to one node".
    What looks like it: A short refusal while a pod moves: SuccessfulAttachVolume ends it.
    Source: Kubernetes v1.34 pkg/controller/volume/attachdetach/reconciler/reconciler.go (reportMultiAttachError,
    maxWaitForUnmountDuration).
    """
    nodes = attached_to(pod.scene, pod.subject)
    holder = f"node {nodes[0][0].name}" if nodes else "another node"
    verdict = judged(pod, errors, Problem.ATTACHED_ELSEWHERE, holder=holder)
    if not isinstance(verdict, Present):
        return verdict
    # Since when is not told: that the node is silent is noticed later than that the volume is wanted elsewhere.
    return Present((*verdict.because, *(e for _, e in nodes)), verdict.values)


@rule(NODE_NOT_READY, rows=("V2",), leads=(leads_to(ATTACHED_ELSEWHERE, via=HELD_BY),))
def holding_node_not_ready(node: NodeView) -> Verdict:
    """The node that holds the volume is not Ready.

    What it means: Nobody on it unmounts the volume, so nobody else gets it, before six minutes have passed or somebody
    confirms that the node is dead (taint node.kubernetes.io/out-of-service).
    How it shows: As for any node.
    What looks like it: A node that is well, where a pod still uses the volume.
    Source: Kubernetes v1.34 pkg/controller/volume/attachdetach/reconciler/reconciler.go.
    """
    return not_ready(node)
